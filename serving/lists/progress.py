"""How far a list is: open, preliminary, final."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from configs.settings import Settings
from serving.lists.terms import today_of
from serving.store.batch import Batch
from serving.store.list_rows import Head
from serving.store.list_tables import list_outcomes

OPEN, PRELIMINARY, FINAL = "open", "preliminary", "final"


def progress_of(
    connection: Connection,
    heads: Sequence[Head],
    settings: Settings,
    batch: Batch | None,
    now: datetime,
) -> dict[str, str]:
    """Status of lists by name.

    `open` until the first day whose orders are known, `final` when all days up to the readout are,
    `preliminary` between. Outcomes that were imported count as known until today.
    """
    names = [head["list_id"] for head in heads]
    query = select(list_outcomes.c.list_id).where(list_outcomes.c.list_id.in_(names)).distinct()
    imported = set(connection.scalars(query)) if names else set()
    today = today_of(settings, now)
    return {
        head["list_id"]: _status(head, known_until(batch, today, head["list_id"] in imported))
        for head in heads
    }


def known_until(batch: Batch | None, today: date, imported: bool) -> date:
    """First day of which no outcome is known yet."""
    if imported:
        return today
    if batch is None:
        return date.min
    return min(today, date.fromisoformat(batch.data_until) + timedelta(days=1))


def _status(head: Head, known: date) -> str:
    day = known.isoformat()
    if day >= head["readout_on"]:
        return FINAL
    return PRELIMINARY if day > head["begins_on"] else OPEN
