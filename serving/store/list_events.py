"""What became of lists: contacts that were made and outcomes that were imported."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from serving.store.list_tables import contacts, list_members, list_outcomes
from serving.store.tables import orders

AT_ONCE = 500

Row = dict[str, Any]


def add_contacts(connection: Connection, rows: Sequence[Row]) -> int:
    """Write contacts that are not there yet; return how many."""
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(contacts).on_conflict_do_nothing().returning(contacts.c.customer_id)
    return len(connection.execute(statement, list(rows)).all())


def contacts_of(connection: Connection, list_id: str) -> pd.DataFrame:
    """Contacts recorded for a list: `customer_id`, `contacted_at`, `channel`, `cost`."""
    columns = (
        contacts.c.customer_id,
        contacts.c.contacted_at,
        contacts.c.channel,
        contacts.c.cost,
    )
    query = select(*columns).where(contacts.c.list_id == list_id)
    found = connection.execute(query.order_by(contacts.c.customer_id, contacts.c.contacted_at))
    frame = pd.DataFrame([tuple(row) for row in found], columns=[c.name for c in columns])
    return frame.astype({"cost": float})


def foreign_contacts(connection: Connection) -> pd.DataFrame:
    """Contacts of no list of ours: `customer_id`, `contacted_at`, `list_id`, `channel`, `cost`."""
    ours = select(list_members.c.list_id).where(list_members.c.list_id == contacts.c.list_id)
    columns = (
        contacts.c.customer_id,
        contacts.c.contacted_at,
        contacts.c.list_id,
        contacts.c.channel,
        contacts.c.cost,
    )
    query = select(*columns).where(~ours.exists())
    found = connection.execute(query.order_by(contacts.c.customer_id, contacts.c.contacted_at))
    return pd.DataFrame([tuple(row) for row in found], columns=[c.name for c in columns])


def arms_of(connection: Connection, list_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Arms of those of some customers who are on a list."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = list_members.c.customer_id.in_(ids[start : start + AT_ONCE])
        query = select(list_members.c.customer_id, list_members.c.arm)
        found.update(
            (str(customer_id), str(arm))
            for customer_id, arm in connection.execute(
                query.where(list_members.c.list_id == list_id, some)
            )
        )
    return found


def put_outcomes(
    connection: Connection, list_id: str, rows: Sequence[Row], *, replace: bool
) -> None:
    """Write outcomes of a list; an earlier one of the same customer gives way."""
    mine = list_outcomes.c.list_id == list_id
    if replace:
        connection.execute(delete(list_outcomes).where(mine))
    ids = [row["customer_id"] for row in rows]
    for start in range(0, len(ids), AT_ONCE):
        some = list_outcomes.c.customer_id.in_(ids[start : start + AT_ONCE])
        connection.execute(delete(list_outcomes).where(mine, some))
    if rows:
        connection.execute(list_outcomes.insert(), [{"list_id": list_id, **row} for row in rows])


def outcomes_of(connection: Connection, list_id: str) -> pd.DataFrame:
    """Outcomes imported for a list: `customer_id`, `revenue`, `orders`, `incentive_paid`."""
    names = ("customer_id", "revenue", "orders", "incentive_paid")
    query = select(*(list_outcomes.c[name] for name in names))
    found = connection.execute(query.where(list_outcomes.c.list_id == list_id))
    frame = pd.DataFrame([tuple(row) for row in found], columns=list(names))
    return frame.astype({"revenue": float, "orders": float, "incentive_paid": float})


def imports_of(connection: Connection, names: Sequence[str]) -> list[tuple[str, str | None, str]]:
    """Imports of outcomes: list, the day until which they are complete if told, and when."""
    columns = (
        list_outcomes.c.list_id,
        list_outcomes.c.complete_until,
        list_outcomes.c.recorded_at,
    )
    query = select(*columns).where(list_outcomes.c.list_id.in_(names)).distinct()
    return [tuple(row) for row in connection.execute(query)] if names else []


def count_outcomes(connection: Connection, list_id: str) -> int:
    """How many outcomes were imported for a list."""
    query = select(func.count()).select_from(list_outcomes)
    return int(connection.scalar(query.where(list_outcomes.c.list_id == list_id)) or 0)


def orders_between(
    connection: Connection, list_id: str, begins_on: str, readout_on: str
) -> pd.DataFrame:
    """What members ordered from a day until another, exclusive: `customer_id`, `orders`, sum."""
    here = and_(
        list_members.c.list_id == list_id,
        orders.c.ordered_on >= begins_on,
        orders.c.ordered_on < readout_on,
    )
    query = (
        select(list_members.c.customer_id, func.count(), func.sum(orders.c.amount))
        .join(orders, orders.c.customer_id == list_members.c.customer_id)
        .where(here)
        .group_by(list_members.c.customer_id)
    )
    found = [tuple(row) for row in connection.execute(query)]
    frame = pd.DataFrame(found, columns=["customer_id", "orders", "revenue"])
    return frame.astype({"orders": float, "revenue": float})
