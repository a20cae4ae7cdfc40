"""Score rows on their way into the store and out of it.

A frame's `reasons` and `missing` are JSON strings, as they are in the store; a row read from
it is a dict with JSON values, its fields in the order of `retention.scores.SCORE_FIELDS`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import Boolean, Float, Integer, Table

from retention.scores import SCORE_FIELDS
from serving.errors import BatchRefused
from serving.store.batch import Batch
from serving.store.tables import ORDER_FIELDS, WORTH, orders, scores

OF_THE_BATCH = ("as_of", "batch_id", "model_version")
# str: SQLAlchemy's names are of a subclass, which orjson refuses as keys.
# Kept beside the fields of an answer; a frame may lack it.
BESIDE = ("risk_ahead", "no_contact", *WORTH)
STORED = tuple(
    str(c.name) for c in scores.columns if c.name not in ("batch_id", "customer_id", *BESIDE)
)
SCORE_COLUMNS = ("batch_id", "customer_id", *STORED, *BESIDE)
EMPTY = {"reasons": "[]", "missing": "{}"}
CHUNK = 5_000

Values = tuple[Any, ...]


def score_values(batch: Batch, rows: pd.DataFrame) -> Iterator[list[Values]]:
    """Give the rows of a batch as values of `SCORE_COLUMNS`, some thousands at a time.

    Parameters
    ----------
    batch : head whose `customers` is the number of rows
    rows : DataFrame with the columns `SCORE_FIELDS` and possibly `BESIDE`, one row per customer

    Raises
    ------
    BatchRefused
        If a column is missing or unknown, an id is null or twice there, a number is not finite,
        a row names another batch, or the number of rows is not `batch.customers`.
    """
    fields = rows.drop(columns=[name for name in BESIDE if name in rows])
    _check_columns(fields, set(SCORE_FIELDS), "score rows")
    if len(rows) != batch.customers:
        raise BatchRefused(
            f"batch {batch.batch_id} says {batch.customers} customers and has {len(rows)} rows; "
            "build the head from the rows"
        )
    for name in OF_THE_BATCH:
        others = set(rows[name].dropna()) - {getattr(batch, name)}
        if others:
            raise BatchRefused(
                f"{len(others)} other values of {name} in the rows of batch {batch.batch_id}, "
                f"first {min(map(str, others))}; publish one batch at a time"
            )
    if rows["customer_id"].duplicated().any():
        twice = rows.loc[rows["customer_id"].duplicated(), "customer_id"].iloc[0]
        raise BatchRefused(f"customer_id {twice!r} stands twice in batch {batch.batch_id}")
    for chunk in _score_values(rows):
        yield [(batch.batch_id, *values) for values in chunk]


def order_values(frame: pd.DataFrame) -> Iterator[list[Values]]:
    """Give order rows as values of `ORDER_FIELDS`, some thousands at a time."""
    _check_columns(frame, set(ORDER_FIELDS), "order rows")
    if frame.duplicated(["customer_id", "order_number"]).any():
        raise BatchRefused("an order_number stands twice for a customer; number them from 1")
    yield from _values(frame[list(ORDER_FIELDS)], orders)


def plain_record(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a record under plain text names."""
    return {str(name): value for name, value in record.items()}


def score_row(
    record: Mapping[str, Any], *, as_of: str, batch_id: str | None, model_version: str
) -> dict[str, Any]:
    """Return the score row of a record, in the order of `SCORE_FIELDS`, with JSON values."""
    of_the_batch = {"as_of": as_of, "batch_id": batch_id, "model_version": model_version}
    row = {"customer_id": record["customer_id"], **of_the_batch}
    row.update({name: record[name] for name in STORED})
    row.update({name: orjson.loads(row[name]) for name in EMPTY})
    return row


def row_of(batch: Batch, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the score row of a record that a batch holds."""
    return score_row(
        record, as_of=batch.as_of, batch_id=batch.batch_id, model_version=batch.model_version
    )


def unpublished_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a DataFrame that no batch holds, as they are answered."""
    heads = rows[["as_of", "model_version"]].itertuples(index=False)
    each = (values for chunk in _score_values(rows) for values in chunk)
    return [
        score_row(
            dict(zip(SCORE_COLUMNS[1:], values, strict=True)),
            as_of=as_of,
            batch_id=None,
            model_version=version,
        )
        for values, (as_of, version) in zip(each, heads, strict=True)
    ]


def _score_values(rows: pd.DataFrame) -> Iterator[list[Values]]:
    # A row without scores has neither reasons nor, always, a word on what is missing.
    filled = {
        name: rows[name].astype(object).where(rows[name].notna(), EMPTY[name]) for name in EMPTY
    }
    beside = {name: rows.get(name, None) for name in BESIDE}
    yield from _values(rows[["customer_id", *STORED]].assign(**filled, **beside), scores)


def _check_columns(frame: pd.DataFrame, wanted: set[str], what: str) -> None:
    missing, unknown = wanted - set(frame.columns), set(frame.columns) - wanted
    if missing or unknown:
        raise BatchRefused(
            f"{what} lack the columns {sorted(missing)} and have the unknown columns "
            f"{sorted(unknown)}; nothing was published"
        )


def _values(frame: pd.DataFrame, table: Table) -> Iterator[list[Values]]:
    for start in range(0, len(frame), CHUNK):
        part = frame.iloc[start : start + CHUNK]
        columns = [_plain(part[name], table, str(name)) for name in part.columns]
        yield list(zip(*columns, strict=True))


def _plain(series: "pd.Series[Any]", table: Table, name: str) -> list[Any]:
    """Return plain Python values, null as None, of the kind that the column has."""
    column, null = table.columns[name], series.isna().to_numpy()
    if null.any() and not column.nullable:
        raise BatchRefused(f"{name} is null in {int(null.sum())} rows of {table.name}")
    given = series[~null]
    if isinstance(column.type, Float | Integer):
        numbers = given.to_numpy(dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise BatchRefused(f"{name} is not finite in some rows of {table.name}")
        whole = isinstance(column.type, Integer)
        if whole and (numbers != np.floor(numbers)).any():
            raise BatchRefused(f"{name} is not a whole number in some rows of {table.name}")
        plain: list[Any] = numbers.astype(np.int64).tolist() if whole else numbers.tolist()
    elif isinstance(column.type, Boolean):
        plain = [bool(value) for value in given]
    else:
        texts = [str(value) for value in given]
        if any("\x00" in text for text in texts):
            raise BatchRefused(f"{name} holds a NUL in some rows of {table.name}; leave it out")
        plain = texts
    if not null.any():
        return plain
    filled: list[Any] = [None] * len(series)
    for position, value in zip(np.flatnonzero(~null), plain, strict=True):
        filled[position] = value
    return filled
