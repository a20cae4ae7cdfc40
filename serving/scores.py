"""The score store: immutable batches, one pointer to the current one, each customer's orders.

Importable without BentoML and MLflow.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import Connection, and_, delete, func, insert, select

from serving.errors import BatchExists, BatchRefused
from serving.store import postgres
from serving.store.batch import Batch, utc_moment
from serving.store.bulk import write_rows
from serving.store.columns import Columns
from serving.store.database import Database
from serving.store.erasures import erase, erased_of, without_erased
from serving.store.listing import (
    DEFAULT_SORT,
    Filters,
    Page,
    Position,
    count,
    read_page,
    records_of,
)
from serving.store.portfolio import portfolio_of
from serving.store.rows import SCORE_COLUMNS, order_values, plain_record, row_of, score_values
from serving.store.tables import ORDER_FIELDS, batches, current, orders, scores
from serving.store.week import write_week
from serving.store.write_tables import batch_columns, erasures

HISTORY = ("churn_probability", "risk_tier", "predicted_clv", "value_at_risk")
IDS_AT_ONCE = 500
# Every request reads the head; the facts in `details` are long and only pages want them.
HEAD = tuple(column for column in batches.columns if column.name != "details")


class ScoreStore:
    """Batches of scores in SQLite or another database by SQLAlchemy URL.

    Parameters
    ----------
    url : for example `sqlite:////srv/shop/scores.db`; the file is made with mode 0600
    busy_seconds : how long a call waits for another writer before `StoreDown`
    statement_seconds : how long a statement of a read may take; see `Database`
    """

    def __init__(
        self, url: str, *, busy_seconds: float = 5.0, statement_seconds: float | None = None
    ) -> None:
        self.database = Database(
            url, busy_seconds=busy_seconds, statement_seconds=statement_seconds
        )
        self._columns_lock = threading.Lock()
        self._kept: tuple[tuple[str, int], Columns] | None = None

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def publish(
        self,
        batch: Batch,
        rows: pd.DataFrame,
        order_rows: pd.DataFrame,
        details: Mapping[str, Any] | None = None,
        week: pd.DataFrame | None = None,
    ) -> None:
        """Write a batch and make it the current one: all of it, or nothing.

        Parameters
        ----------
        batch : its head; `portfolio` is counted here
        rows : DataFrame with the score fields, one row per customer
        order_rows : DataFrame with `customer_id`, `order_number`, `ordered_on`, `amount`,
            `items`, `lines`; replaces all orders of the batch before
        details : facts for the dashboard by subject, see `serving.details.facts`
        week : customers to look at this week, see `serving.details.week`

        Raises
        ------
        BatchExists
            If a batch of this id was published before.
        BatchRefused
            If rows or orders do not fit.
        StoreDown
            If the database does not answer.
        """
        with self.database.write() as connection:
            # Nobody is erased, and nobody else publishes, until this is done.
            postgres.hold(connection, erasures)
            if _find(connection, batch.batch_id) is not None:
                raise BatchExists(
                    f"batch {batch.batch_id} was published before and is immutable; "
                    "publish under a new batch_id"
                )
            kept = without_erased(connection, self.database.secret, [rows, order_rows])
            batch = replace(batch, customers=batch.customers - len(rows) + len(kept[0]))
            rows, order_rows = kept
            # The head goes first, for the rows refer to it; its totals follow the checked rows.
            head = {**_record(batch), "details": orjson.dumps(dict(details or {})).decode()}
            connection.execute(insert(batches).values(**head))
            write_rows(connection, scores, SCORE_COLUMNS, score_values(batch, rows))
            totals = orjson.dumps(portfolio_of(rows)).decode()
            this = batches.c.batch_id == batch.batch_id
            connection.execute(batches.update().where(this).values(portfolio=totals))
            connection.execute(delete(orders))
            write_rows(connection, orders, ORDER_FIELDS, order_values(order_rows))
            connection.execute(delete(batch_columns))
            columns = Columns.of_frame(rows).as_bytes()
            this_batch = {"batch_id": batch.batch_id, "content": columns}
            connection.execute(insert(batch_columns).values(**this_batch))
            if week is not None:
                [kept_week] = without_erased(connection, self.database.secret, [week])
                write_week(connection, batch.batch_id, kept_week)
            _check_count(connection, batch)
            connection.execute(delete(current))
            connection.execute(insert(current).values(id=1, batch_id=batch.batch_id))

    def without_erased(self, frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
        """Return frames with a column `customer_id` without the rows of erased customers."""
        with self.database.read() as connection:
            return without_erased(connection, self.database.secret, frames)

    def erased(self, ids: Iterable[str]) -> set[str]:
        """Return those of some ids whose customers were erased."""
        with self.database.read() as connection:
            return erased_of(connection, self.database.secret, ids)

    def erase(
        self, connection: Connection, customer_id: str, *, who: str, now: datetime
    ) -> dict[str, Any]:
        """Remove a customer in a transaction that writes; return the receipt, see `erasures`."""
        return erase(connection, self.database.secret, customer_id, who=who, now=now)

    def current(self) -> Batch | None:
        """Return the head of the current batch, or None before the first publication."""
        joined = select(*HEAD).join(current, current.c.batch_id == batches.c.batch_id)
        with self.database.read() as connection:
            record = connection.execute(joined).mappings().first()
        return None if record is None else _batch(dict(record))

    def latest_of(self, as_of: str) -> Batch | None:
        """Return the head of the newest batch that is no later than the day `as_of`, or None."""
        query = select(*HEAD).where(batches.c.as_of <= as_of)
        newest = query.order_by(batches.c.as_of.desc(), batches.c.published_at.desc()).limit(1)
        with self.database.read() as connection:
            record = connection.execute(newest).mappings().first()
        return None if record is None else _batch(dict(record))

    def batch(self, batch_id: str) -> Batch | None:
        """Return the head of one batch, or None."""
        with self.database.read() as connection:
            return _find(connection, batch_id)

    def scores(self, ids: Iterable[str], batch_id: str) -> dict[str, dict[str, Any]]:
        """Return {customer_id: score row} of those ids that the batch holds."""
        wanted = [i for i in dict.fromkeys(ids) if "\x00" not in i]
        with self.database.read() as connection:
            head = _find(connection, batch_id)
            if head is None:
                return {}
            rows: dict[str, dict[str, Any]] = {}
            for start in range(0, len(wanted), IDS_AT_ONCE):
                some = wanted[start : start + IDS_AT_ONCE]
                query = select(scores).where(
                    scores.c.batch_id == batch_id, scores.c.customer_id.in_(some)
                )
                for record in connection.execute(query).mappings():
                    rows[record["customer_id"]] = row_of(head, dict(record))
        return rows

    def page(
        self,
        batch_id: str,
        filters: Filters | None = None,
        sort: str = DEFAULT_SORT,
        after: Position | None = None,
        limit: int = 50,
    ) -> tuple[list[dict[str, Any]], Position | None]:
        """Return one page of score rows and the position behind which the next one starts."""
        with self.database.read() as connection:
            head = _find(connection, batch_id)
            if head is None:
                return [], None
            columns = self._columns(connection, head)
            if columns is None:
                page = read_page(connection, batch_id, filters or Filters(), sort, after, limit)
            else:
                chosen = columns.page(filters or Filters(), sort, after, limit)
                page = Page(records_of(connection, batch_id, chosen.ids), chosen.end)
        return [row_of(head, record) for record in page.records], page.end

    def count(self, batch_id: str, filters: Filters) -> int:
        """Count the customers of a batch that filters let pass."""
        with self.database.read() as connection:
            head = _find(connection, batch_id)
            if head is None:
                return 0
            columns = self._columns(connection, head)
            if columns is None:
                return count(connection, batch_id, filters)
            return columns.count(filters)

    def columns(self, batch: Batch) -> Columns | None:
        """Return the columns of a batch that lists filter and sort by; None if it has none."""
        with self.database.read() as connection:
            return self._columns(connection, batch)

    def _columns(self, connection: Connection, head: Batch) -> Columns | None:
        """Return the columns of a batch, kept until another is asked for; None if it has none."""
        key = (head.batch_id, head.erased)
        kept = self._kept
        if kept is not None and kept[0] == key:
            return kept[1]
        with self._columns_lock:
            if self._kept is None or self._kept[0] != key:
                this = batch_columns.c.batch_id == head.batch_id
                content = connection.scalar(select(batch_columns.c.content).where(this))
                if content is None:
                    return None
                self._kept = (key, Columns.of_bytes(content).prepare())
            return self._kept[1]

    def orders(self, customer_id: str) -> list[dict[str, Any]]:
        """Return a customer's orders, oldest first."""
        if "\x00" in customer_id:
            return []
        query = select(orders).where(orders.c.customer_id == customer_id)
        with self.database.read() as connection:
            found = connection.execute(query.order_by(orders.c.order_number)).mappings().all()
        return [plain_record(dict(record)) for record in found]

    def history(self, customer_id: str) -> list[dict[str, Any]]:
        """Return a customer's scores in every batch kept, oldest first."""
        if "\x00" in customer_id:
            return []
        columns = [scores.c[name] for name in HISTORY]
        # One row a batch kept, whether it holds the customer or not: never a scan of the scores.
        its = and_(scores.c.batch_id == batches.c.batch_id, scores.c.customer_id == customer_id)
        head = (batches.c.as_of, batches.c.batch_id, batches.c.published_at)
        query = (
            select(scores.c.customer_id, *head, *columns)
            .select_from(batches.outerjoin(scores, its))
            .order_by(batches.c.published_at, batches.c.batch_id)
        )
        with self.database.read() as connection:
            found = [dict(record) for record in connection.execute(query).mappings()]
        there = [record for record in found if record.pop("customer_id") is not None]
        return [plain_record(record) for record in there]

    def rows_frame(self, batch_id: str, columns: Sequence[str]) -> pd.DataFrame:
        """Return stored columns of a batch as a DataFrame, by customer id."""
        chosen = [scores.c[name] for name in columns]
        query = select(*chosen).where(scores.c.batch_id == batch_id)
        with self.database.read() as connection:
            found = connection.execute(query.order_by(scores.c.customer_id)).all()
        return pd.DataFrame([tuple(row) for row in found], columns=list(columns))

    def details(self, batch_id: str) -> dict[str, Any]:
        """Return the facts of a batch by subject; {} for one of an earlier version."""
        query = select(batches.c.details).where(batches.c.batch_id == batch_id)
        with self.database.read() as connection:
            found = connection.scalar(query)
        return orjson.loads(found) if found else {}

    def portfolio(self, batch_id: str) -> Mapping[str, Any]:
        """Return the totals of a batch as `portfolio_of` counted them, {} if there is none."""
        head = self.batch(batch_id)
        return {} if head is None else head.portfolio


def _find(connection: Connection, batch_id: str) -> Batch | None:
    query = select(*HEAD).where(batches.c.batch_id == batch_id)
    record = connection.execute(query).mappings().first()
    return None if record is None else _batch(dict(record))


def _batch(record: Mapping[str, Any]) -> Batch:
    return Batch(
        batch_id=record["batch_id"],
        as_of=record["as_of"],
        data_until=record["data_until"],
        model_version=record["model_version"],
        published_at=utc_moment(record["published_at"]),
        customers=record["customers"],
        cut_points=orjson.loads(record["cut_points"]),
        portfolio=orjson.loads(record["portfolio"]),
        erased=record["erased"] or 0,
    )


def _record(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "as_of": batch.as_of,
        "data_until": batch.data_until,
        "model_version": batch.model_version,
        "published_at": batch.published_text,
        "customers": batch.customers,
        "cut_points": orjson.dumps(dict(batch.cut_points)).decode(),
        "portfolio": "{}",
    }


def _check_count(connection: Connection, batch: Batch) -> None:
    this = scores.c.batch_id == batch.batch_id
    written = connection.scalar(select(func.count()).select_from(scores).where(this))
    if written != batch.customers:
        raise BatchRefused(
            f"batch {batch.batch_id} has {batch.customers} customers, {written} were written; "
            "nothing was published"
        )
