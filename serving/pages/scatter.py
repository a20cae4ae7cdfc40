"""The customers on show as points: risk to the right, predicted value upwards on a log axis."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LEFT, RIGHT = 13.0, 97.5
TOP, BOTTOM = 14.0, 262.0
TICK_STEPS = (1.0, 2.0, 5.0)
FEW_DECADES = 1.6
SMALLEST = 0.01


@dataclass(frozen=True)
class Point:
    """One customer: percent from the left, pixels from the top."""

    customer_id: str
    x: float
    y: float
    risk: str
    churn_probability: float
    predicted_clv: float
    href: str


@dataclass(frozen=True)
class Scatter:
    """Points with the ticks of both axes."""

    points: tuple[Point, ...]
    x_ticks: tuple[tuple[float, float], ...]
    y_ticks: tuple[tuple[float, float], ...]
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    bottom: float = BOTTOM


def scatter(rows: Iterable[Mapping[str, Any]], href: Callable[[str], str]) -> Scatter | None:
    """Place the scored rows of a list answer; None where there is none to place."""
    shown = [row for row in rows if row.get("score_status") == "scored"]
    shown = [row for row in shown if row.get("predicted_clv") is not None]
    if not shown:
        return None
    values = [max(float(row["predicted_clv"]), SMALLEST) for row in shown]
    low, high = _axis(min(values), max(values))
    points = tuple(
        Point(
            customer_id=row["customer_id"],
            x=LEFT + (RIGHT - LEFT) * float(row["churn_probability"]),
            y=_height(value, low, high),
            risk=row["risk_tier"],
            churn_probability=row["churn_probability"],
            predicted_clv=row["predicted_clv"],
            href=href(row["customer_id"]),
        )
        for row, value in zip(shown, values, strict=True)
    )
    x_ticks = tuple((share, LEFT + (RIGHT - LEFT) * share) for share in (0, 0.25, 0.5, 0.75, 1))
    y_ticks = tuple((tick, _height(tick, low, high)) for tick in _ticks(low, high))
    return Scatter(points, x_ticks, y_ticks)


def _axis(smallest: float, largest: float) -> tuple[float, float]:
    """Ends of the log axis with some air, at least a factor of four apart."""
    low, high = smallest / 1.25, largest * 1.25
    if high / low < 4:
        middle = math.sqrt(low * high)
        low, high = middle / 2, middle * 2
    return low, high


def _height(value: float, low: float, high: float) -> float:
    share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    return BOTTOM - (BOTTOM - TOP) * share


def _ticks(low: float, high: float) -> list[float]:
    """Round amounts inside the axis: powers of ten, and 2s and 5s where those are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = TICK_STEPS if math.log10(high / low) < FEW_DECADES else TICK_STEPS[:1]
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if low <= tick <= high]
