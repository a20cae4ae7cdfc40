"""Look-ups by customer id, each one statement: the pointer to the batch and the rows it leads to.

Every statement joins `current`, so one answer never mixes two batches. The statements are written
by SQLAlchemy once; on SQLite they run on connections of their own, which takes a tenth of the
time that SQLAlchemy and its pool take.
"""

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Dialect, Select, and_, bindparam, select, true

from serving.errors import StoreDown
from serving.store.batch import Batch
from serving.store.database import Database
from serving.store.rows import EMPTY, STORED
from serving.store.tables import ORDER_FIELDS, batches, current, orders, scores

HISTORY = ("churn_probability", "risk_tier", "predicted_clv", "value_at_risk")
HISTORY_FIELDS = ("as_of", "batch_id", "published_at", *HISTORY)
# The least of these sizes that holds all ids is taken: few statements, each written once.
SIZES = (8, 64, 256, 1000)
HEADS = 8

Row = dict[str, Any]
Record = tuple[Any, ...]


class Found(NamedTuple):
    """Head of the current batch and rows; no head before the first publication.

    `is_known` tells whether the batch holds the customer asked for.
    """

    batch: Batch | None
    rows: list[Row]
    is_known: bool


NOTHING = Found(None, [], False)


class Lookup:
    """Rows of the current batch by id, ready for JSON: what is stored as JSON is not parsed.

    Parameters
    ----------
    database : the store's
    head_of : reads the head of a batch; what a look-up needs of it never changes, so it is kept
    """

    def __init__(self, database: Database, head_of: Callable[[str], Batch | None]) -> None:
        self._head_of = head_of
        self._heads: dict[str, Batch] = {}
        dialect = database.engine.dialect
        self._run = _Kept(database) if dialect.name == "sqlite" else _Pooled(database)
        self._one = _Statement(_scores_of(1), dialect)
        self._many = {size: _Statement(_scores_of(size), dialect) for size in SIZES}
        self._orders = _Statement(_orders_of(), dialect)
        self._history = _Statement(_history_of(), dialect)
        self._pointer = _Statement(select(current.c.batch_id), dialect)

    def close(self) -> None:
        """Close the connection that is kept."""
        self._run.close()

    def batch(self) -> Batch | None:
        """Return the head of the current batch, or None before the first publication."""
        records = self._run(self._pointer, {})
        return self._head(records[0][0]) if records else None

    def customer(self, customer_id: str) -> Found:
        """Return the one score row of a customer."""
        return self._scores(self._run(self._one, {"id_0": customer_id}))

    def by_ids(self, ids: Sequence[str]) -> Found:
        """Return the score rows of those ids that the batch holds, at most 1,000, in any order."""
        wanted = list(dict.fromkeys(ids))
        size = next(size for size in SIZES if size >= len(wanted))
        # Places left over are NULL, which equals nothing.
        values: dict[str, Any] = dict.fromkeys(f"id_{i}" for i in range(size))
        values.update((f"id_{i}", customer_id) for i, customer_id in enumerate(wanted))
        return self._scores(self._run(self._many[size], values))

    def orders(self, customer_id: str) -> Found:
        """Return a customer's orders, oldest first."""
        records = self._run(self._orders, {"id_0": customer_id})
        if not records:
            return NOTHING
        rows = [dict(zip(ORDER_FIELDS, r[2:], strict=True)) for r in records if r[2] is not None]
        return Found(self._head(records[0][0]), rows, bool(rows) or records[0][1] is not None)

    def history(self, customer_id: str) -> Found:
        """Return a customer's scores in every batch kept, oldest first."""
        records = self._run(self._history, {"id_0": customer_id})
        if not records:
            return NOTHING
        rows = [dict(zip(HISTORY_FIELDS, r[2:], strict=True)) for r in records if r[1] is not None]
        return Found(self._head(records[0][0]), rows, bool(rows))

    def _scores(self, records: Sequence[Record]) -> Found:
        if not records:
            return NOTHING
        batch = self._head(records[0][0])
        rows = [_row(batch, record) for record in records if record[1] is not None]
        return Found(batch, rows, bool(rows))

    def _head(self, batch_id: str) -> Batch:
        batch = self._heads.get(batch_id)
        if batch is None:
            batch = self._head_of(batch_id)
            if batch is None:
                raise StoreDown(f"batch {batch_id} was removed while it was read; try again")
            if len(self._heads) >= HEADS:
                self._heads.clear()
            self._heads[batch_id] = batch
        return batch


class _Statement:
    """A statement in the words of a database, and its values as the driver wants them."""

    def __init__(self, query: Select[Any], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self.text = str(compiled)
        self._order = compiled.positiontup if compiled.positional else None

    def values(self, named: Mapping[str, Any]) -> Any:
        """Return the values by place, or by name."""
        return named if self._order is None else tuple(map(named.__getitem__, self._order))


class _Kept:
    """Runs statements of SQLite on one connection a thread, outside the pool.

    Each is a transaction of its own, which ends when all its rows are read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mine = threading.local()
        self._all: list[sqlite3.Connection] = []

    def __call__(self, statement: _Statement, named: Mapping[str, Any]) -> list[Record]:
        try:
            connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
            if connection is None:
                connection = self._open()
            return connection.execute(statement.text, statement.values(named)).fetchall()
        except sqlite3.Error as error:
            self._mine.connection = None
            raise StoreDown(
                f"the store {self._database.label} does not answer: {error}; "
                "check that its file is there and can be read, then try again"
            ) from error

    def close(self) -> None:
        """Close all connections; the next statement of a thread opens another."""
        self._mine = threading.local()
        while self._all:
            self._all.pop().close()

    def _open(self) -> sqlite3.Connection:
        pooled = self._database.engine.raw_connection()
        found = pooled.driver_connection
        pooled.detach()
        if not isinstance(found, sqlite3.Connection):
            raise TypeError(f"SQLite's driver gave a {type(found).__name__}, not its connection")
        self._mine.connection = found
        self._all.append(found)
        return found


class _Pooled:
    """Runs statements of other databases on a connection of the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, statement: _Statement, named: Mapping[str, Any]) -> list[Record]:
        with self._database.read() as connection:
            found = connection.exec_driver_sql(statement.text, statement.values(named))
            return [tuple(record) for record in found]

    def close(self) -> None:
        """Nothing is kept here."""


def _row(batch: Batch, record: Record) -> Row:
    row: Row = {
        "customer_id": record[1],
        "as_of": batch.as_of,
        "batch_id": batch.batch_id,
        "model_version": batch.model_version,
    }
    row.update(zip(STORED, record[2:], strict=True))
    for name in EMPTY:
        row[name] = orjson.Fragment(row[name])
    return row


def _scores_of(size: int) -> Select[Any]:
    columns = [scores.c[name] for name in STORED]
    ids = [bindparam(f"id_{i}", type_=scores.c.customer_id.type) for i in range(size)]
    this = scores.c.customer_id == ids[0] if size == 1 else scores.c.customer_id.in_(ids)
    joined = current.outerjoin(scores, and_(scores.c.batch_id == current.c.batch_id, this))
    return select(current.c.batch_id, scores.c.customer_id, *columns).select_from(joined)


def _orders_of() -> Select[Any]:
    asked = bindparam("id_0", type_=scores.c.customer_id.type)
    known = and_(scores.c.batch_id == current.c.batch_id, scores.c.customer_id == asked)
    joined = current.outerjoin(scores, known).outerjoin(orders, orders.c.customer_id == asked)
    columns = [orders.c[name] for name in ORDER_FIELDS]
    query = select(current.c.batch_id, scores.c.customer_id, *columns).select_from(joined)
    return query.order_by(orders.c.order_number)


def _history_of() -> Select[Any]:
    # One row a batch kept, whether it holds the customer or not: never a scan of the scores.
    asked = bindparam("id_0", type_=scores.c.customer_id.type)
    its = and_(scores.c.batch_id == batches.c.batch_id, scores.c.customer_id == asked)
    joined = current.join(batches, true()).outerjoin(scores, its)
    head = [batches.c[name] for name in ("as_of", "batch_id", "published_at")]
    columns = [scores.c[name] for name in HISTORY]
    query = select(current.c.batch_id, scores.c.customer_id, *head, *columns)
    return query.select_from(joined).order_by(batches.c.published_at, batches.c.batch_id)
