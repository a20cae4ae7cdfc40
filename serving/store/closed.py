"""Earlier batches whose horizon has passed, with the scores that are held against what came."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from sqlalchemy import select

from serving.store.database import Database
from serving.store.tables import batches, scores


class ClosedHead(NamedTuple):
    """A batch, the day that it speaks of, and what scored it."""

    batch_id: str
    as_of: str
    model_version: str


def last_of_days(database: Database, until: str) -> list[ClosedHead]:
    """Return the last batch of each day up to `until`, oldest first."""
    query = (
        select(batches.c.batch_id, batches.c.as_of, batches.c.model_version)
        .where(batches.c.as_of <= until)
        .order_by(batches.c.as_of, batches.c.published_at)
    )
    with database.read() as connection:
        found = [ClosedHead(*row) for row in connection.execute(query)]
    return list({head.as_of: head for head in found}.values())


def scored_rows(database: Database, batch_id: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return stored columns of the scored customers of a batch."""
    query = select(*(scores.c[name] for name in columns)).where(
        scores.c.batch_id == batch_id, scores.c.score_status == "scored"
    )
    with database.read() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    return pd.DataFrame(found, columns=list(columns))
