"""Purchase lines of some customers as sorted columns: the input of every feature."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.line import UNKNOWN_MONEY
from features.log.settle import NONE, first_seen_codes, settle
from features.shop_clock import ShopClock

Int = NDArray[np.int64]
Day = NDArray[np.int32]

# Codes of a column that few or all lines may have: a customer's own numbering, see `PurchaseLog`.
CODED = {"product_id": "product", "category": "category", "channel": "channel"}


@dataclass(frozen=True)
class PurchaseLog:
    """Purchase lines of n customers, each customer's lines together and in the order known.

    Attributes
    ----------
    customer_ids : array of str, shape (n_customers,), sorted
    starts : int64, shape (n_customers + 1,): customer i has lines `starts[i]:starts[i + 1]`
    ordered_day, known_day : int32, shape (n_lines,), shop days since 1970-01-01
    amount : int64, shape (n_lines,), ten-thousandths of the currency unit, negative for a refund;
        0 for lines without effect, see `features.log.settle`
    is_purchase : bool, shape (n_lines,); the other lines are refunds, or without effect
    order_ref : int64, shape (n_lines,), first purchase line of the line's order; a refund has that
        of the order it refunds, itself where none is known
    quantity : float64, shape (n_lines,), NaN where not given; None where the log has none
    discount, cost : int64, ten-thousandths, `UNKNOWN_MONEY` where not given, and the cost of lines
        without effect; or None
    product, category, channel : int32, the customer's own numbering from 0 in the order first seen,
        -1 where not given; or None
    first_customer : number of the first of these customers in the whole log
    """

    customer_ids: NDArray[np.object_]
    starts: Int
    ordered_day: Day
    known_day: Day
    amount: Int
    is_purchase: NDArray[np.bool_]
    order_ref: Int
    quantity: NDArray[np.float64] | None = None
    discount: Int | None = None
    cost: Int | None = None
    product: Day | None = None
    category: Day | None = None
    channel: Day | None = None
    first_customer: int = 0

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.amount)

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return len(self.customer_ids)

    @cached_property
    def customer_of_line(self) -> Int:
        """Number of the customer of each line within these customers, shape (n_lines,)."""
        return np.repeat(np.arange(self.n_customers), np.diff(self.starts))

    @property
    def is_refund(self) -> NDArray[np.bool_]:
        """True for refunds."""
        return self.amount < 0

    def take(self, customers: Int, low: Int, high: Int) -> "PurchaseLog":
        """Lines `low[i]:high[i]` of `customers[i]`, at least one each, as a log of its own."""
        counts = high - low
        starts = np.concatenate([[0], np.cumsum(counts)])
        lines = np.repeat(low - starts[:-1], counts) + np.arange(starts[-1])
        changed: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[lines]
            for name in LINE_COLUMNS
        }
        for name in CODED.values():
            changed[name] = _renumbered(starts, changed[name])
        changed["order_ref"] = _refs_here(self.order_ref, self.is_purchase, lines)
        ids = self.customer_ids[customers]
        return replace(self, customer_ids=ids, starts=starts, first_customer=0, **changed)

    def known_before(self, day: int) -> "PurchaseLog":
        """The log as it stood before shop day `day`: later-known lines are gone."""
        counts = np.add.reduceat(self.known_day < day, self.starts[:-1], dtype=np.int64)
        some = np.flatnonzero(counts)
        return self.take(some, self.starts[:-1][some], self.starts[:-1][some] + counts[some])


LINE_COLUMNS = (
    *("ordered_day", "known_day", "amount", "is_purchase", "quantity", "discount", "cost"),
    *CODED.values(),
)


def _refs_here(order_ref: Int, is_purchase: NDArray[np.bool_], lines: Int) -> Int:
    """References among `lines` alone; an order begins at its first purchase line among them."""
    here = np.arange(len(lines))
    place = np.full(len(order_ref), NONE)
    place[lines] = here
    refs = order_ref[lines]
    begun = is_purchase[lines] & (place[refs] < 0)
    place[refs[begun][::-1]] = here[begun][::-1]
    return np.where(place[refs] < 0, here, place[refs])


def _renumbered(starts: Int, code: Day | None) -> Day | None:
    """A customer's own numbers, anew in the order first seen."""
    if code is None:
        return None
    sizes = np.maximum.reduceat(code, starts[:-1]).astype(np.int64) + 1
    offsets = np.repeat(np.cumsum(sizes) - sizes, np.diff(starts))
    return _own_codes(starts, (np.where(code >= 0, code + offsets, NONE), int(sizes.sum())))


def log_from_lines(lines: pa.Table, clock: ShopClock) -> PurchaseLog:
    """Columns of the log from checked lines of whole customers, sorted and not yet settled.

    Parameters
    ----------
    lines : Table with `customer_id`, `ordered_at`, `known_at` (naive local time of the shop),
        `amount` (ten-thousandths), and where they exist `order_id`, `refund_of`, `product_id`,
        `category`, `channel`, `quantity`, `discount`, `cost`, `cancelled`; sorted by customer, then
        by `features.line.SORT_KEYS`
    clock : ShopClock that says to which day a stamp belongs
    """
    ids, starts = customers_of(lines["customer_id"])
    customer = np.repeat(np.arange(len(ids)), np.diff(starts))
    ordered_at, known_at = (_microseconds(lines[n]) for n in ("ordered_at", "known_at"))
    ordered_day = clock.days_of(ordered_at)
    late = not np.array_equal(ordered_at, known_at)
    known_day = clock.days_of(known_at) if late else ordered_day
    order, refers_to, n_orders = _orders(lines, customer, ordered_day)
    codes = {ours: _codes(lines, theirs, customer) for theirs, ours in CODED.items()}
    n = len(customer)
    product, n_products = codes["product"] or (np.full(n, NONE), 0)
    cancelled = np.zeros(n, bool)
    if "cancelled" in lines.column_names:
        cancelled = lines["cancelled"].to_numpy().astype(bool)
    amount = lines["amount"].to_numpy()
    order_ref, is_purchase, settled = settle(
        starts, known_day, known_at, amount, cancelled, order, refers_to, product, n_orders,
        n_products,
    )  # fmt: skip
    return PurchaseLog(
        customer_ids=ids,
        starts=starts,
        ordered_day=ordered_day,
        known_day=known_day,
        amount=settled,
        is_purchase=is_purchase,
        order_ref=order_ref,
        quantity=_numbers(lines, "quantity"),
        discount=_money(lines, "discount"),
        cost=settled_cost(_money(lines, "cost"), amount, settled, is_purchase),
        product=_own_codes(starts, codes["product"]),
        category=_own_codes(starts, codes["category"]),
        channel=_own_codes(starts, codes["channel"]),
    )


def settled_cost(
    cost: Int | None, amount: Int, settled: Int, is_purchase: NDArray[np.bool_]
) -> Int | None:
    """Cost of each line as settled: a cancelled line gives it back, one without effect has none.

    Parameters
    ----------
    cost, amount : as the line says
    settled, is_purchase : see `features.log.settle.settle`
    """
    if cost is None:
        return None
    back = np.where((amount > 0) & (settled < 0) & (cost != UNKNOWN_MONEY), -cost, cost)
    return np.where(is_purchase | (settled < 0), back, UNKNOWN_MONEY)


def _own_codes(starts: Int, codes: tuple[Int, int] | None) -> Day | None:
    if codes is None:
        return None
    own: Day = first_seen_codes(starts, *codes)
    return own


def customers_of(column: pa.ChunkedArray) -> tuple[NDArray[np.object_], Int]:
    """Distinct values of a sorted column, and the first row of each, with the number of rows."""
    if pa.types.is_dictionary(column.type):
        joined = column.unify_dictionaries().combine_chunks()
        indices = joined.indices.to_numpy()
        first = np.concatenate([[0], np.flatnonzero(np.diff(indices)) + 1]).astype(np.int64)
        ids = joined.dictionary.take(pa.array(indices[first]))
    else:
        runs = pc.run_end_encode(column.combine_chunks())
        first = np.concatenate([[0], runs.run_ends.to_numpy()[:-1]]).astype(np.int64)
        ids = runs.values
    starts = np.append(first, len(column)).astype(np.int64)
    return ids.to_numpy(zero_copy_only=False).astype(object), starts


def _microseconds(stamps: pa.ChunkedArray) -> Int:
    if stamps.type != pa.timestamp("us"):
        stamps = stamps.cast(pa.timestamp("us"))
    moments: Int = stamps.to_numpy().view(np.int64)
    return moments


def _orders(lines: pa.Table, customer: Int, ordered_day: Day) -> tuple[Int, Int, int]:
    """Codes of orders and of orders referred to; without an order id one customer-day is one."""
    # 32 bits for the day: a day before 1970 is negative and must not run into the customer's.
    by_day = customer << 32 | ordered_day.astype(np.uint32).astype(np.int64)
    nowhere = np.full(len(customer), NONE)
    names = [n for n in ("order_id", "refund_of") if n in lines.column_names]
    if not names:
        order, found = pd.factorize(by_day)
        return order, nowhere, len(found)
    texts = pa.chunked_array(
        [chunk for name in names for chunk in lines[name].cast(pa.string()).chunks]
    )
    encoded = texts.combine_chunks().dictionary_encode()
    text = np.asarray(encoded.indices.fill_null(NONE).to_numpy(), np.int64)
    given = dict(zip(names, np.split(text, len(names)), strict=True))
    with_id = given.get("order_id", nowhere)
    keys = [np.where(with_id >= 0, customer << 32 | with_id, by_day)]
    # Lines with an order id and lines without never share an order.
    kinds = [with_id >= 0]
    if "refund_of" in given:
        keys.append(np.where(given["refund_of"] >= 0, customer << 32 | given["refund_of"], NONE))
        kinds.append(np.ones(len(customer), bool))
    coded, found = pd.factorize(np.concatenate(keys) * 2 + np.concatenate(kinds))
    order = coded[: len(customer)]
    refers_to = nowhere
    if "refund_of" in given:
        refers_to = np.where(given["refund_of"] >= 0, coded[len(customer) :], NONE)
    return order, refers_to, len(found)


def _codes(lines: pa.Table, name: str, customer: Int) -> tuple[Int, int] | None:
    """Dense codes of a customer's own values of a column, -1 where null, and their number."""
    if name not in lines.column_names:
        return None
    encoded = lines[name].combine_chunks().dictionary_encode()
    code = np.asarray(encoded.indices.fill_null(NONE).to_numpy(), np.int64)
    coded, found = pd.factorize(np.where(code >= 0, customer << 32 | code, NONE))
    # What is not given is no code of its own.
    return np.where(code >= 0, coded, NONE), len(found)


def _numbers(lines: pa.Table, name: str) -> NDArray[np.float64] | None:
    if name not in lines.column_names:
        return None
    values: NDArray[np.float64] = lines[name].to_numpy().astype(float)
    return values


def _money(lines: pa.Table, name: str) -> Int | None:
    if name not in lines.column_names:
        return None
    values: Int = pc.fill_null(lines[name], UNKNOWN_MONEY).to_numpy()
    return values
