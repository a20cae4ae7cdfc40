"""Purchases sent with a request, in any order, as a log of their own."""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.errors import DataError
from features.line import AMOUNT_SCALE, AWARE, MOST_AMOUNT, SORT_KEYS
from features.log.purchase_log import PurchaseLog, log_from_lines
from features.reading.quantity import is_count
from features.reading.source import REQUIRED_COLUMNS
from features.shop_clock import ShopClock

TEXTS = ("order_id", "line_id", "refund_of", "product_id", "category", "channel")
NAMES = ("category", "channel")
MONEY = ("discount", "cost")
# As a spreadsheet writes a numeric id.
WHOLE_NUMBER = re.compile(r"[0-9]+\.0")
# Dates and stamps without an offset, which need no guessing.
PLAIN_STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?")

# Nearer to a half than this, a product of floats does not tell on which side of it it is.
NEAR = 1e-3

Columns = Mapping[str, Sequence[Any]]


def log_from_columns(purchases: Columns, clock: ShopClock) -> PurchaseLog:
    """Columns of the log from some purchases in any order, as a request sends them.

    Parameters
    ----------
    purchases : values by column, None where not given: `customer_id`, `ordered_at`, `amount`
        (currency units) and optionally `known_at`, `quantity`, `order_id`, `refund_of`,
        `product_id`, `category`, `channel`, `discount`, `cost`; stamps as ISO 8601 text
    clock : ShopClock

    Raises
    ------
    DataError
        If a column is missing, or a date or an amount cannot be read; the first row is named.
    """
    missing = [c for c in REQUIRED_COLUMNS if c not in purchases]
    if missing:
        raise DataError(f"purchases lack {missing}; send customer_id, ordered_at and amount")
    if not all(plain_id(v) for v in purchases["customer_id"]):
        raise DataError("a purchase has a blank customer_id; send the customer of every purchase")
    ordered = _moments(purchases["ordered_at"], "ordered_at", clock)
    known = ordered
    if _any(purchases, "known_at"):
        either = zip(purchases["known_at"], purchases["ordered_at"], strict=True)
        told = [o if k is None else k for k, o in either]
        known = np.maximum(_moments(told, "known_at", clock), ordered)
    amount = _minor_units(purchases["amount"], "amount")
    columns = {
        "customer_id": pa.array([plain_id(v) for v in purchases["customer_id"]], pa.string()),
        "ordered_at": pa.array(ordered.view("datetime64[us]")),
        "known_at": pa.array(known.view("datetime64[us]")),
        "amount": pa.array(amount),
    }
    for name in TEXTS:
        if _any(purchases, name):
            read = str.strip if name in NAMES else plain_id
            texts = [None if v is None else read(str(v)) or None for v in purchases[name]]
            columns[name] = pa.array(texts, pa.string())
    for name in MONEY:
        if _any(purchases, name):
            unknown = np.array([v is None for v in purchases[name]])
            given = [0.0 if v is None else v for v in purchases[name]]
            columns[name] = pa.array(_minor_units(given, name), mask=unknown)
    if _any(purchases, "quantity"):
        quantity = np.array([np.nan if v is None else v for v in purchases["quantity"]], float)
        counted = np.where(is_count(quantity, amount), quantity, np.nan)
        columns["quantity"] = pa.array(counted, from_pandas=True)
    lines = pa.table(columns)
    return log_from_lines(lines.take(_order(lines, ordered, known)), clock)


def plain_id(value: object) -> str:
    """An id as a file's is read: without blanks around it, and 13085.0 as 13085."""
    text = str(value).strip()
    return text[:-2] if WHOLE_NUMBER.fullmatch(text) else text


def _any(purchases: Columns, name: str) -> bool:
    return name in purchases and any(v is not None for v in purchases[name])


def _order(lines: pa.Table, ordered: NDArray[np.int64], known: NDArray[np.int64]) -> pa.Array:
    """Order by customer, time known and content; content is asked only where times are equal."""
    encoded = lines["customer_id"].combine_chunks().dictionary_encode()
    rank = pc.rank(encoded.dictionary, "ascending").to_numpy()
    keys = (rank[encoded.indices.to_numpy()], known, ordered)
    order = np.lexsort(keys[::-1])
    equal = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        equal &= key[order][1:] == key[order][:-1]
    if not equal.any():
        return pa.array(order)
    names = ["customer_id", *(k for k in SORT_KEYS if k in lines.column_names)]
    return pc.sort_indices(lines, sort_keys=[(name, "ascending", "at_end") for name in names])


def _moments(values: Sequence[Any], name: str, clock: ShopClock) -> NDArray[np.int64]:
    """Local moments of the shop, microseconds since 1970-01-01."""
    if all(isinstance(v, str) and PLAIN_STAMP.fullmatch(v) for v in values):
        try:
            return np.array(values, "datetime64[us]").astype(np.int64)
        except ValueError as error:
            raise _unreadable(name) from error
    local = _stamps(pd.Series(values, name=name, dtype=object), clock)
    return local.to_numpy("datetime64[us]").astype(np.int64)


def _unreadable(name: object) -> DataError:
    return DataError(
        f"`{name}` has a date that cannot be read; write all of them like 2024-07-01 "
        "or 2024-07-01T09:30:00"
    )


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
        raise _unreadable(values.name) from error
    if stamps.isna().any():
        row = int(np.flatnonzero(stamps.isna())[0])
        raise DataError(f"`{values.name}` is empty in purchase {row}; every purchase needs a date")
    return clock.local(stamps)


def _minor_units(values: Sequence[Any], name: str) -> NDArray[np.int64]:
    try:
        amounts = np.array([np.nan if v is None else v for v in values], float)
    except (TypeError, ValueError):
        amounts = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float)
    bad = ~(np.abs(amounts) <= MOST_AMOUNT)
    if bad.any():
        raise DataError(
            f"the {name} of purchase {int(np.flatnonzero(bad)[0])} is not a number, or beyond all "
            "measure; send line totals in currency units"
        )
    scaled = amounts * AMOUNT_SCALE
    near_half = np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < NEAR
    whole = np.trunc(scaled)
    # Halves go away from 0, as where a file is read.
    away = np.where(np.abs(scaled - whole) >= 0.5, np.sign(scaled), 0.0)
    units: NDArray[np.int64] = (whole + away).astype(np.int64)
    for i in np.flatnonzero(near_half):
        exact = Decimal(repr(float(amounts[i]))) * AMOUNT_SCALE
        units[i] = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return units
