"""The risk over the coming months if no order comes, with the days on which the tier changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from retention.silence import MONTHS, SEARCHED_DAYS
from serving.pages.charts import across, down

FEWEST_POINTS = 2
TIERS = (("medium_risk_on", "medium"), ("high_risk_on", "high"))


@dataclass(frozen=True)
class Step:
    """Risk after so many days of silence; percent from the left, pixels from the top."""

    x: float
    y: float
    day: str
    days: int
    risk: float


@dataclass(frozen=True)
class Change:
    """The day on which the tier changes."""

    x: float
    on: str
    tier: str


@dataclass(frozen=True)
class Ahead:
    """The curve, the days marked on it, and where tiers begin, as heights and as risks."""

    steps: Sequence[Step]
    changes: Sequence[Change]
    limits: Sequence[tuple[str, float]]
    starts: Sequence[float]
    last: str
    is_cut: bool


def ahead_of(
    risks: Sequence[float],
    row: Mapping[str, Any],
    limits: Sequence[float] | None,
) -> Ahead | None:
    """Place the curve; None where fewer than two points of it are known.

    Parameters
    ----------
    risks : after as many days as `MONTHS` has, up to the one known last
    row : score row, with `as_of` and the silence dates
    limits : probabilities at which medium and high risk begin, where they are known
    """
    start = date.fromisoformat(row["as_of"])
    known = list(zip(MONTHS, risks, strict=False))
    high = row.get("high_risk_on")
    if known and high and limits:
        # The search ends where the risk becomes high, between two months.
        days = (date.fromisoformat(high) - start).days
        known = [(d, r) for d, r in known if d < days] + [(days, limits[1])]
    if len(known) < FEWEST_POINTS:
        return None
    steps = [_step(start, days, risk) for days, risk in known]
    changes = [
        Change(_x((date.fromisoformat(row[name]) - start).days), row[name], tier)
        for name, tier in TIERS
        if row.get(name)
    ]
    return Ahead(
        steps=steps,
        changes=changes,
        limits=[(t, down(v)) for (_, t), v in zip(TIERS, limits or (), strict=False)],
        starts=list(limits or ()),
        last=str(start + timedelta(days=SEARCHED_DAYS)),
        is_cut=known[-1][0] < SEARCHED_DAYS,
    )


def _step(start: date, days: int, risk: float) -> Step:
    return Step(_x(days), down(risk), str(start + timedelta(days=days)), days, risk)


def _x(days: int) -> float:
    return across(days / SEARCHED_DAYS)
