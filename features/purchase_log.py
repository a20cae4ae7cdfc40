"""A purchase log as columns sorted by (customer, time known): the input of every feature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import DataError
from features.line import AMOUNT_SCALE, AWARE, MOST_AMOUNT, SORT_KEYS
from features.reading.source import REQUIRED_COLUMNS
from features.shop_clock import ShopClock

Int = NDArray[np.int64]


@dataclass(frozen=True)
class PurchaseLog:
    """Purchase lines of n customers, each customer's lines together and in the order known.

    Attributes
    ----------
    customer_ids : array of str, shape (n_customers,), sorted
    starts : int64, shape (n_customers + 1,): customer i has lines `starts[i]:starts[i + 1]`
    ordered_day, known_day : int32, shape (n_lines,), shop days since 1970-01-01
    amount : int64, shape (n_lines,), ten-thousandths of the currency unit, negative for a refund
    quantity : float64, shape (n_lines,), NaN where not given; None where the log has none
    order_ref : int64, shape (n_lines,), number of the first line of the line's order
    """

    customer_ids: NDArray[np.object_]
    starts: Int
    ordered_day: NDArray[np.int32]
    known_day: NDArray[np.int32]
    amount: Int
    quantity: NDArray[np.float64] | None
    order_ref: Int

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.amount)

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return len(self.customer_ids)

    @property
    def first_day(self) -> int:
        """Earliest shop day with a line."""
        return int(self.ordered_day.min())

    @property
    def last_day(self) -> int:
        """Latest shop day on which a line became known."""
        return int(self.known_day.max())

    @property
    def customer_of_line(self) -> Int:
        """Number of the customer of each line, shape (n_lines,)."""
        return np.repeat(np.arange(self.n_customers), np.diff(self.starts))

    @property
    def is_purchase(self) -> NDArray[np.bool_]:
        """True for purchases, False for refunds."""
        return self.amount >= 0

    def known_before(self, day: int) -> "PurchaseLog":
        """The log as it stood before shop day `day`: later-known lines are gone."""
        keep = self.known_day < day
        counts = np.add.reduceat(keep, self.starts[:-1], dtype=np.int64)
        some = counts > 0
        # The first line of an order is its earliest known one, so a kept line keeps its order_ref.
        position = np.cumsum(keep) - 1
        quantity = None if self.quantity is None else self.quantity[keep]
        if quantity is not None and np.isnan(quantity).all():
            quantity = None  # a column that is empty so far is not there yet
        return PurchaseLog(
            customer_ids=self.customer_ids[some],
            starts=np.concatenate([[0], np.cumsum(counts[some])]),
            ordered_day=self.ordered_day[keep],
            known_day=self.known_day[keep],
            amount=self.amount[keep],
            quantity=quantity,
            order_ref=position[self.order_ref[keep]],
        )


def log_from_lines(lines: pa.Table, clock: ShopClock) -> PurchaseLog:
    """Columns of the log from checked lines sorted by customer, time known and content.

    Parameters
    ----------
    lines : Table with the columns of `features.reading.read.ReadLog.lines`
    clock : ShopClock that says to which day a stamp belongs
    """
    codes = lines["customer_id"].combine_chunks().dictionary_encode()
    customer = codes.indices.to_numpy()
    ids = codes.dictionary.to_numpy(zero_copy_only=False).astype(object)
    ordered = clock.day_numbers(lines["ordered_at"].to_pandas())
    known = clock.day_numbers(lines["known_at"].to_pandas())
    orders = lines["order_id"] if "order_id" in lines.column_names else None
    return PurchaseLog(
        customer_ids=ids,
        starts=np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=len(ids)))]),
        ordered_day=ordered,
        known_day=known,
        amount=lines["amount"].to_numpy(),
        quantity=lines["quantity"].to_numpy() if "quantity" in lines.column_names else None,
        order_ref=_order_refs(customer, ordered, orders),
    )


def _order_refs(
    customer: NDArray[np.int32], ordered_day: NDArray[np.int32], orders: pa.ChunkedArray | None
) -> Int:
    """First line of each line's order; without an order id one customer-day is one order."""
    # 32 bits for the day: a day before 1970 is negative and must not run into the customer's.
    by_day = customer.astype(np.int64) << 32 | ordered_day.astype(np.uint32).astype(np.int64)
    if orders is None:
        return _first_positions(by_day)
    encoded = orders.combine_chunks().dictionary_encode()
    order = encoded.indices.to_pandas().fillna(-1).to_numpy(np.int64)
    # Lines with an order id and lines without never share an order.
    with_id = customer.astype(np.int64) << 32 | order
    keys = pd.MultiIndex.from_arrays([order >= 0, np.where(order >= 0, with_id, by_day)])
    return _first_positions(keys.factorize()[0])


def _first_positions(keys: Int) -> Int:
    codes, unique = pd.factorize(keys)
    first = np.full(len(unique), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return first[codes]


def log_from_frame(purchases: pd.DataFrame, clock: ShopClock) -> PurchaseLog:
    """Columns of the log from a small frame of purchases in any order, as a request sends them.

    Parameters
    ----------
    purchases : DataFrame with `customer_id`, `ordered_at`, `amount` (currency units) and
        optionally `known_at`, `quantity`, `order_id`, `product_id`, `category`
    clock : ShopClock

    Raises
    ------
    DataError
        If a column is missing, or a date or an amount cannot be read; the first row is named.
    """
    missing = [c for c in REQUIRED_COLUMNS if c not in purchases]
    if missing:
        raise DataError(f"purchases lack {missing}; send customer_id, ordered_at and amount")
    frame = pd.DataFrame({"customer_id": purchases["customer_id"].astype(str)})
    frame["ordered_at"] = _stamps(purchases["ordered_at"], clock)
    frame["known_at"] = frame["ordered_at"]
    if "known_at" in purchases and purchases["known_at"].notna().any():
        known = _stamps(purchases["known_at"].fillna(purchases["ordered_at"]), clock)
        frame["known_at"] = known.where(known > frame["ordered_at"], frame["ordered_at"])
    frame["amount"] = _minor_units(purchases["amount"])
    for name in ("order_id", "product_id", "category"):
        if name in purchases and purchases[name].notna().any():
            frame[name] = purchases[name].astype("str")
    if "quantity" in purchases and purchases["quantity"].notna().any():
        frame["quantity"] = purchases["quantity"].astype(float)
    keys = ["customer_id", *(k for k in SORT_KEYS if k in frame)]
    table = pa.Table.from_pandas(frame.sort_values(keys), preserve_index=False)
    return log_from_lines(table, clock)


def _stamps(values: pd.Series, clock: ShopClock) -> pd.Series:
    aware = values.astype("str").str.contains(AWARE, regex=True).fillna(False)
    if aware.any() and not aware[values.notna()].all():
        raise DataError(
            f"`{values.name}` mixes stamps with a time zone and without; write all in one way"
        )
    try:
        # Aware stamps may have several offsets, as summer and winter do.
        stamps = pd.to_datetime(values, format="ISO8601", utc=bool(aware.any()))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"`{values.name}` has a date that cannot be read; write all of them like 2024-07-01 "
            "or 2024-07-01T09:30:00"
        ) from error
    if stamps.isna().any():
        row = int(np.flatnonzero(stamps.isna())[0])
        raise DataError(f"`{values.name}` is empty in purchase {row}; every purchase needs a date")
    return clock.local(stamps)


def _minor_units(values: pd.Series) -> Int:
    amounts = pd.to_numeric(values, errors="coerce").to_numpy(float)
    bad = ~(np.abs(amounts) <= MOST_AMOUNT)
    if bad.any():
        raise DataError(
            f"the amount of purchase {int(np.flatnonzero(bad)[0])} is not a number, or beyond all "
            "measure; send line totals in currency units"
        )
    scaled = amounts * AMOUNT_SCALE
    whole = np.trunc(scaled)
    # Halves go away from 0, as where a file is read.
    away = np.where(np.abs(scaled - whole) >= 0.5, np.sign(scaled), 0.0)
    units: Int = (whole + away).astype(np.int64)
    return units


def orders_of(log: PurchaseLog) -> Mapping[str, NDArray[Any]]:
    """Orders of every customer, oldest first, as columns of equal length.

    Returns
    -------
    mapping with `customer` (number), `ordered_day`, `amount` (net, ten-thousandths), `items` (NaN
    where no quantity is known) and `lines`; orders that hold only refunds are left out
    """
    frame = pd.DataFrame(
        {
            "order": log.order_ref,
            "customer": log.customer_of_line,
            "day": log.ordered_day,
            "amount": log.amount,
            "items": np.nan if log.quantity is None else log.quantity,
            "bought": log.is_purchase,
        }
    )
    grouped = frame.groupby("order", sort=True)
    orders = grouped.agg(
        customer=("customer", "first"),
        ordered_day=("day", "min"),
        amount=("amount", "sum"),
        lines=("amount", "size"),
        bought=("bought", "any"),
    )
    orders["items"] = grouped["items"].sum(min_count=1)
    orders = orders[orders["bought"]].sort_values(["customer", "ordered_day"], kind="stable")
    columns = ("customer", "ordered_day", "amount", "items", "lines")
    return {name: orders[name].to_numpy() for name in columns}
