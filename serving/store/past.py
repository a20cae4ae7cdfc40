"""Earlier batches: the one a week before, and what each batch expected of all customers."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from serving.store.database import Database
from serving.store.portfolio import RISK_TIERS
from serving.store.tables import batches

WEEK = timedelta(days=7)
MOST_BATCHES = 60


class Earlier(NamedTuple):
    """An earlier batch and the day that it speaks of."""

    batch_id: str
    as_of: str


def week_before(database: Database, as_of: str) -> Earlier | None:
    """Return the newest batch at least a week older than `as_of`, else the oldest that is older."""
    head = select(batches.c.batch_id, batches.c.as_of)
    a_week = str(date.fromisoformat(as_of) - WEEK)
    published = batches.c.published_at.desc()
    newest = head.where(batches.c.as_of <= a_week).order_by(batches.c.as_of.desc(), published)
    oldest = head.where(batches.c.as_of < as_of).order_by(batches.c.as_of, published)
    with database.read() as connection:
        found = connection.execute(newest.limit(1)).first()
        found = found or connection.execute(oldest.limit(1)).first()
    return None if found is None else Earlier(*found)


def trend(database: Database, until: str, most: int = MOST_BATCHES) -> list[dict[str, Any]]:
    """Return what each kept batch expected by risk tier, oldest first; the last of a day counts.

    Parameters
    ----------
    until : `as_of` of the newest batch to tell of
    most : number of days told

    Returns
    -------
    list of {"as_of", "batch_id", "model_version", "tiers": [{"risk_tier", "customers",
    "predicted_clv"}]}, sums in currency
    """
    query = (
        select(batches.c.as_of, batches.c.batch_id, batches.c.model_version, batches.c.portfolio)
        .where(batches.c.as_of <= until)
        .order_by(batches.c.as_of.desc(), batches.c.published_at.desc())
        .limit(most * 4)
    )
    with database.read() as connection:
        found = connection.execute(query).all()
    days: dict[str, dict[str, Any]] = {}
    for as_of, batch_id, model_version, portfolio in found:
        if as_of not in days and len(days) < most:
            head = {"as_of": as_of, "batch_id": batch_id, "model_version": model_version}
            days[as_of] = {**head, "tiers": _by_risk(orjson.loads(portfolio).get("tiers", []))}
    return list(days.values())[::-1]


def _by_risk(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "risk_tier": tier,
            "customers": sum(c["customers"] for c in cells if c["risk_tier"] == tier),
            "predicted_clv": sum(c["predicted_clv"] for c in cells if c["risk_tier"] == tier),
        }
        for tier in RISK_TIERS
    ]
