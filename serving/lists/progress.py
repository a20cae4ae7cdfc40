"""How far a list is: open, preliminary, final; and what its outcomes are read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson
from sqlalchemy import Connection, select

from configs.settings import Settings
from serving.lists.terms import today_of
from serving.store.batch import Batch, utc_moment
from serving.store.list_events import imports_of
from serving.store.list_rows import Head, standing_readouts
from serving.store.tables import batches

OPEN, PRELIMINARY, FINAL = "open", "preliminary", "final"


@dataclass(frozen=True)
class Known:
    """What is known of the outcomes of a list.

    Attributes
    ----------
    until : first day of which no outcome is known yet
    imported : outcomes imported for the list stand for the orders of the batch
    import_until : first day of which the import tells nothing; None without one
    refund_days : days after the last one for which refunds of its orders still come
    is_final : all days until the readout are known, and refunds have come
    """

    until: date
    imported: bool
    import_until: date | None
    refund_days: int
    is_final: bool


def progress_of(
    connection: Connection,
    heads: Sequence[Head],
    settings: Settings,
    batch: Batch | None,
    now: datetime,
) -> dict[str, str]:
    """Status of lists by name.

    `open` until the first day whose outcomes are known, `final` when all days up to the readout
    are, or were when a readout was kept, `preliminary` between.
    """
    names = [str(head["list_id"]) for head in heads]
    kept = set(standing_readouts(connection, names))
    waiting = [head for head in heads if head["list_id"] not in kept]
    known = known_of(connection, waiting, settings, batch, now)
    states = {str(head["list_id"]): _status(head, known[head["list_id"]]) for head in waiting}
    return {name: states.get(name, FINAL) for name in names}


def known_of(
    connection: Connection,
    heads: Sequence[Head],
    settings: Settings,
    batch: Batch | None,
    now: datetime,
) -> dict[str, Known]:
    """What is known of the outcomes of lists, by name.

    An import stands for the orders once it is complete until the readout. Before, it is read only
    while no orders of the list's days are known at all.
    """
    today = today_of(settings, now)
    imports = import_days(connection, settings, [str(head["list_id"]) for head in heads])
    orders = date.min
    if batch is not None:
        orders = min(today, date.fromisoformat(batch.data_until) + timedelta(days=1))
    over = any(str(head["readout_on"]) <= orders.isoformat() for head in heads)
    lag = _refund_days(connection, settings, batch) if over else 0
    return {
        str(head["list_id"]): _known(head, orders, imports.get(str(head["list_id"])), lag)
        for head in heads
    }


def import_days(
    connection: Connection, settings: Settings, names: Sequence[str]
) -> Mapping[str, date]:
    """First day of which the outcomes imported for lists tell nothing; without one not in it.

    Every row must be complete until a day for the list to be: an early import that a later one
    did not replace holds it back. No row knows more than the day on which it was imported.
    """
    found: dict[str, date] = {}
    for list_id, told, recorded_at in imports_of(connection, names):
        day = today_of(settings, utc_moment(recorded_at))
        until = day if told is None else min(day, date.fromisoformat(told))
        found[list_id] = min(until, found.get(list_id, until))
    return found


def _known(head: Head, orders: date, imported: date | None, lag: int) -> Known:
    begins, last = (date.fromisoformat(str(head[name])) for name in ("begins_on", "readout_on"))
    if imported is not None and (imported >= last or orders <= begins):
        return Known(imported, True, imported, 0, imported >= last)
    return Known(orders, False, imported, lag, orders >= last + timedelta(days=lag))


def _refund_days(connection: Connection, settings: Settings, batch: Batch | None) -> int:
    """Days in which 95 of 100 refunds come, as the settings give or the log of a batch tells."""
    told = settings.purchases.refund_lag_days
    if told != "auto":
        return int(told)
    if batch is None:
        return 0
    query = select(batches.c.details).where(batches.c.batch_id == batch.batch_id)
    facts = orjson.loads(connection.scalar(query) or "{}").get("data") or {}
    return int(facts.get("refund_lag_days") or 0)


def _status(head: Head, known: Known) -> str:
    if known.is_final:
        return FINAL
    return PRELIMINARY if known.until.isoformat() > head["begins_on"] else OPEN
