"""The rows that an export holds, read in chunks by customer id."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, or_, select

from serving.store.database import Database
from serving.store.listing import Filters, conditions_of
from serving.store.tables import scores

CHUNK = 5_000
# A customer is exported again when one of these is another one …
CHANGED = (
    *("score_status", "risk_tier", "risk_change", "value_tier", "lifecycle_status", "rfm_group"),
    *("last_contacted_on", "reachable_by"),
)
# … or one of these moved by so much.
MOVED = {"churn_probability": 0.01, "predicted_clv": 0.01, "value_at_risk": 0.01}

Values = tuple[Any, ...]
_before = scores.alias("before")


def export_chunks(
    database: Database,
    batch_id: str,
    columns: Sequence[str],
    filters: Filters,
    changed_since: str | None,
) -> Iterator[list[Values]]:
    """Give the values of columns by customer id, each chunk in a transaction of its own.

    Parameters
    ----------
    columns : columns of `scores`; `customer_id` must come first
    changed_since : id of the batch to compare with, None for all that the filters let pass
    """
    chosen = [scores.c[name] for name in columns]
    last: str | None = None
    while True:
        with database.read() as connection:
            query = _query(connection, batch_id, chosen, filters, changed_since)
            if last is not None:
                query = query.where(scores.c.customer_id > last)
            query = query.order_by(scores.c.customer_id).limit(CHUNK)
            found = [tuple(row) for row in connection.execute(query)]
        if found:
            yield found
        if len(found) < CHUNK:
            return
        last = found[-1][0]


def is_exported(
    connection: Connection,
    batch_id: str,
    filters: Filters,
    changed_since: str | None,
    customer_id: str,
) -> bool:
    """Tell whether an export of a batch holds a customer."""
    query = _query(connection, batch_id, [scores.c.customer_id], filters, changed_since)
    theirs = query.where(scores.c.customer_id == customer_id)
    return connection.execute(theirs).first() is not None


def _query(
    connection: Connection,
    batch_id: str,
    columns: Sequence[Column[Any]],
    filters: Filters,
    changed_since: str | None,
) -> Select[Any]:
    conditions = conditions_of(batch_id, filters, connection.dialect.name)
    query = select(*columns).where(*conditions)
    if changed_since is None:
        return query
    same = (_before.c.batch_id == changed_since) & (_before.c.customer_id == scores.c.customer_id)
    return query.outerjoin_from(scores, _before, same).where(_has_changed())


def _has_changed() -> ColumnElement[bool]:
    is_new = _before.c.customer_id.is_(None)
    others = [scores.c[name].is_distinct_from(_before.c[name]) for name in CHANGED]
    moved = []
    for name, least in MOVED.items():
        now, then = scores.c[name], _before.c[name]
        # A difference of just `least` may come out a little less, as decimals do.
        moved.append(func.abs(now - then) >= least - 1e-9)
        moved.append(now.is_(None) != then.is_(None))
    return or_(is_new, *others, *moved)
