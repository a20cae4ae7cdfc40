"""Filters, sorts and pages of the customers of a batch."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from serving.store.tables import scores

RISK_CHANGES = ("up", "down", "same")
LIFECYCLES = ("new", "developing", "active", "slipping", "lapsed", "won_back")
# Whom to win back is another question than who is about to stop.
NOT_LAPSED = tuple(status for status in LIFECYCLES if status != "lapsed")
DEFAULT_SORT = "-value_at_risk"
SORTS = (
    "-value_at_risk",
    "value_at_risk",
    "-churn_probability",
    "churn_probability",
    "-predicted_clv",
    "predicted_clv",
    "days_since_last",
    "-days_since_last",
    "customer_id",
)


@dataclass(frozen=True)
class Filters:
    """Which customers a list holds; an empty tuple or None lets all pass.

    Parameters
    ----------
    risk_tier, value_tier, lifecycle_status, risk_change, rfm_group : allowed values
    min_value_at_risk : currency
    min_churn_probability : 0 to 1
    q : part of a customer id, in any case
    """

    risk_tier: tuple[str, ...] = ()
    value_tier: tuple[str, ...] = ()
    lifecycle_status: tuple[str, ...] = ()
    risk_change: tuple[str, ...] = ()
    rfm_group: tuple[str, ...] = ()
    min_value_at_risk: float | None = None
    min_churn_probability: float | None = None
    q: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the filters as plain values."""
        return asdict(self)


class Position(NamedTuple):
    """The last row of a page: its sort value (None sorts last) and its id."""

    value: float | None
    customer_id: str


class Page(NamedTuple):
    """Stored records of one page and where the next one starts, if there is one."""

    records: list[dict[str, Any]]
    end: Position | None


def read_page(
    connection: Connection,
    batch_id: str,
    filters: Filters,
    sort: str,
    after: Position | None,
    limit: int,
) -> Page:
    """Read at most `limit` records behind `after`; ties in the sort go by customer id.

    The store asks `serving.store.columns` where a batch has them; this is for one that has none.
    Rows without a value of the sort come last, in a query of their own: with one query for both no
    index could serve the order.
    """
    column = scores.c[sort.removeprefix("-")]
    conditions = conditions_of(batch_id, filters, connection.dialect.name)
    base: Select[Any] = select(scores.c.customer_id, column.label("value")).where(*conditions)
    found: list[tuple[str, Any]] = []
    if after is None or after.value is not None or column.name == "customer_id":
        statement = _with_value(base, column, sort.startswith("-"), after)
        found = _run(connection, statement.limit(limit + 1))
    if len(found) <= limit and column.nullable:
        statement = base.where(column.is_(None)).order_by(scores.c.customer_id)
        if after is not None and after.value is None:
            statement = statement.where(scores.c.customer_id > after.customer_id)
        found += _run(connection, statement.limit(limit + 1 - len(found)))
    records = records_of(connection, batch_id, [customer_id for customer_id, _ in found[:limit]])
    if len(found) <= limit:
        return Page(records, None)
    last_id, value = found[limit - 1]
    end = Position(None if column.name == "customer_id" else value, last_id)
    return Page(records, end)


def count(connection: Connection, batch_id: str, filters: Filters) -> int:
    """Count the customers of a batch that filters let pass."""
    conditions = conditions_of(batch_id, filters, connection.dialect.name)
    found = connection.scalar(select(func.count()).select_from(scores).where(*conditions))
    return int(found or 0)


def _with_value(
    base: Select[Any],
    column: ColumnElement[Any],
    descending: bool,
    after: Position | None,
) -> Select[Any]:
    identity = scores.c.customer_id
    if column is identity:
        base = base.where(identity > after.customer_id) if after else base
        return base.order_by(identity)
    base = base.where(column.is_not(None))
    if after is not None:
        reached = column <= after.value if descending else column >= after.value
        beyond = column < after.value if descending else column > after.value
        base = base.where(reached, beyond | (identity > after.customer_id))
    return base.order_by(column.desc() if descending else column, identity)


def conditions_of(batch_id: str, filters: Filters, dialect: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [scores.c.batch_id == batch_id]
    for name in ("risk_tier", "value_tier", "lifecycle_status", "risk_change", "rfm_group"):
        allowed = getattr(filters, name)
        if allowed:
            conditions.append(scores.c[name].in_(allowed))
    if filters.min_value_at_risk is not None:
        conditions.append(_plain(scores.c.value_at_risk) >= filters.min_value_at_risk)
    if filters.min_churn_probability is not None:
        conditions.append(_plain(scores.c.churn_probability) >= filters.min_churn_probability)
    if filters.q:
        conditions.append(_holds(filters.q, dialect))
    return conditions


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column in a way that tempts no database away from the index of the sort."""
    return func.coalesce(column, None)


def _holds(text: str, dialect: str) -> ColumnElement[bool]:
    """Whether a customer id holds a text, in any case."""
    escaped = text
    for sign in ("/", "%", "_"):
        escaped = escaped.replace(sign, f"/{sign}")
    pattern = f"%{escaped}%"
    # SQLite's LIKE ignores the case of ASCII by itself, three times as fast as lower() would.
    if dialect == "sqlite":
        return scores.c.customer_id.like(pattern, escape="/")
    return scores.c.customer_id.ilike(pattern, escape="/")


def _run(connection: Connection, statement: Select[Any]) -> list[tuple[str, Any]]:
    return [(str(customer_id), value) for customer_id, value in connection.execute(statement)]


def records_of(connection: Connection, batch_id: str, ids: list[str]) -> list[dict[str, Any]]:
    """Whole records of customers, in the order of their ids' list."""
    if not ids:
        return []
    query = select(scores).where(scores.c.batch_id == batch_id, scores.c.customer_id.in_(ids))
    found = {row["customer_id"]: dict(row) for row in connection.execute(query).mappings()}
    return [found[customer_id] for customer_id in ids]
