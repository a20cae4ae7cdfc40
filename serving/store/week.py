"""The customers to look at this week, listed when a batch is published."""

from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select

from serving.store.database import Database
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


def read_week(
    database: Database, batch_id: str, kind: str, start: int, limit: int
) -> list[dict[str, Any]]:
    """Return part of a list in its order: `customer_id` and the last order."""
    columns = [c for c in week.columns if c.name not in ("batch_id", "kind")]
    query = (
        select(*columns)
        .where(week.c.batch_id == batch_id, week.c.kind == kind)
        # By place and not by number: who is erased leaves a gap, and pages stay apart.
        .where(week.c.position >= start, week.c.position < start + limit)
        .order_by(week.c.position)
    )
    with database.read() as connection:
        found = connection.execute(query).mappings().all()
    return [{str(name): value for name, value in row.items()} for row in found]
