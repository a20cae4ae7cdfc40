"""The customers to look at this week, listed when a batch is published."""

from collections.abc import Collection
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select

from serving.store.database import Database
from serving.store.list_tables import list_members, lists
from serving.store.tables import week

CHUNK = 500


def write_week(connection: Connection, batch_id: str, rows: pd.DataFrame) -> None:
    """Write the lists of a batch.

    Parameters
    ----------
    rows : DataFrame with the columns of the table `week` but `batch_id`
    """
    plain = rows.astype(object).where(rows.notna(), None)
    records = [
        {"batch_id": batch_id, **{str(name): value for name, value in record.items()}}
        for record in plain.to_dict("records")
    ]
    for start in range(0, len(records), CHUNK):
        connection.execute(insert(week), records[start : start + CHUNK])


def week_ids(connection: Connection, batch_id: str, kind: str) -> list[str]:
    """Return the ids of a list in its order."""
    query = select(week.c.customer_id).where(week.c.batch_id == batch_id, week.c.kind == kind)
    return [str(each) for each in connection.scalars(query.order_by(week.c.position))]


def week_arms(connection: Connection, batch_id: str, kind: str, day: str) -> list[tuple[str, str]]:
    """Return id and arm of those whom a contact list has that is not read out on a day."""
    query = (
        select(week.c.customer_id, list_members.c.arm)
        .join(list_members, list_members.c.customer_id == week.c.customer_id)
        .join(lists, lists.c.list_id == list_members.c.list_id)
        .where(week.c.batch_id == batch_id, week.c.kind == kind, lists.c.readout_on > day)
        .distinct()
    )
    return [(str(customer_id), str(arm)) for customer_id, arm in connection.execute(query)]


def read_week(
    database: Database,
    batch_id: str,
    kind: str,
    start: int,
    limit: int,
    without: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return part of a list in its order: `customer_id` and the last order.

    Parameters
    ----------
    without : ids that are passed over, as if they were not on the list
    """
    columns = [c for c in week.columns if c.name not in ("batch_id", "kind")]
    query = (
        select(*columns)
        .where(week.c.batch_id == batch_id, week.c.kind == kind)
        .order_by(week.c.position)
    )
    with database.read() as connection:
        start, end = _places(connection, batch_id, kind, start, limit, without)
        # By place and not by number: who is erased leaves a gap, and pages stay apart.
        query = query.where(week.c.position >= start, week.c.position < end)
        found = connection.execute(query).mappings().all()
    rows = ({str(name): value for name, value in row.items()} for row in found)
    return [row for row in rows if row["customer_id"] not in without]


def _places(
    connection: Connection,
    batch_id: str,
    kind: str,
    start: int,
    limit: int,
    without: Collection[str],
) -> tuple[int, int]:
    """First place of a part of a list and the one behind it, where some are passed over."""
    if not without:
        return start, start + limit
    query = select(week.c.position, week.c.customer_id).order_by(week.c.position)
    passed = [
        int(place)
        for place, customer_id in connection.execute(
            query.where(week.c.batch_id == batch_id, week.c.kind == kind)
        )
        if customer_id in without
    ]
    return _place(start, passed), _place(start + limit, passed)


def _place(number: int, passed: list[int]) -> int:
    """Place of the one with a number among those that are not passed over."""
    for each in passed:
        if each > number:
            break
        number += 1
    return number
