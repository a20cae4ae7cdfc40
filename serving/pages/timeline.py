"""One customer's orders along the calendar: a stem each, then the silence and the horizon."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

LEFT, RIGHT = 2.0, 98.0
TOP, BASE = 16.0, 150.0
MOST_TICKS = 7
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
SHORTEST_SPAN = 60


@dataclass(frozen=True)
class Stem:
    """One order: percent from the left, pixels from the top."""

    x: float
    y: float
    ordered_on: str
    amount: float


@dataclass(frozen=True)
class Timeline:
    """Stems, ticks of the calendar, and where the silence and the horizon lie."""

    stems: tuple[Stem, ...]
    ticks: tuple[tuple[str, float], ...]
    silence_from: float | None
    today: float
    horizon_to: float
    base: float = BASE
    top: float = TOP
    left: float = LEFT
    right: float = RIGHT


def timeline(
    orders: Sequence[Mapping[str, Any]], as_of: str, horizon_days: int | None
) -> Timeline | None:
    """Place a customer's orders; None without an order.

    Parameters
    ----------
    orders : order rows, any order, with `ordered_on` and `amount`
    as_of : day on which the data end, exclusive
    horizon_days : days looked ahead, None where no score was made
    """
    if not orders:
        return None
    days = [date.fromisoformat(order["ordered_on"]) for order in orders]
    today = date.fromisoformat(as_of[:10])
    end = max(today, *days) + timedelta(days=horizon_days or 0)
    start = min(*days, end - timedelta(days=SHORTEST_SPAN))
    span = max((end - start).days, 1)

    def place(when: date) -> float:
        return LEFT + (RIGHT - LEFT) * (when - start).days / span

    most = max((float(order["amount"]) for order in orders), default=0.0)
    stems = tuple(
        Stem(place(when), _top_of(order["amount"], most), order["ordered_on"], order["amount"])
        for when, order in sorted(zip(days, orders, strict=True), key=lambda pair: pair[0])
    )
    return Timeline(
        stems=stems,
        ticks=tuple((text, place(when)) for text, when in _calendar(start, end)),
        silence_from=place(max(days)) if max(days) < today else None,
        today=place(today),
        horizon_to=place(end),
    )


def _top_of(amount: float, most: float) -> float:
    """Pixels from the top: the largest order reaches up, refunds and zeros stay on the line."""
    if most <= 0 or amount <= 0:
        return BASE
    return BASE - (BASE - TOP) * amount / most


def _calendar(start: date, end: date) -> Iterable[tuple[str, date]]:
    """Label and day of the first of every n-th month, n so that few labels remain."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    step = next((n for n in MONTH_STEPS if months / n <= MOST_TICKS), MONTH_STEPS[-1])
    first = start.year * 12 + start.month - 1
    for month in range(first - first % step, end.year * 12 + end.month, step):
        when = date(month // 12, month % 12 + 1, 1)
        if start <= when <= end:
            yield (f"{when:%Y}" if step >= 12 else f"{when:%b %Y}"), when
