"""The small pictures of one customer: range of value, reasons, score history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RANGE_LEFT, RANGE_RIGHT = 1.0, 99.0
HISTORY_LEFT, HISTORY_RIGHT = 8.0, 97.0
HISTORY_TOP, HISTORY_BASE = 14.0, 124.0
NARROWEST = 0.6


@dataclass(frozen=True)
class Range:
    """P10 to P90 of the predicted value with its median and mean, percent from the left."""

    low: float
    width: float
    median: float
    mean: float


@dataclass(frozen=True)
class ReasonBar:
    """One reason: the length of its bar in percent of half the picture, and its side."""

    text: str
    raises: bool
    x: float
    width: float


@dataclass(frozen=True)
class HistoryPoint:
    """One batch: percent from the left, pixels from the top."""

    x: float
    y: float
    as_of: str
    churn_probability: float
    risk: str


def value_range(row: Mapping[str, Any]) -> Range | None:
    """Place a scored row's quantiles on a line from zero; None where one is missing."""
    marks = [row.get(name) for name in ("clv_p10", "clv_p50", "clv_p90", "predicted_clv")]
    if any(mark is None for mark in marks):
        return None
    low, median, high, mean = (float(mark) for mark in marks if mark is not None)
    least, most = min(low, 0.0), max(high, mean, 0.01)

    def place(value: float) -> float:
        return RANGE_LEFT + (RANGE_RIGHT - RANGE_LEFT) * (value - least) / (most - least)

    width = max(place(high) - place(low), NARROWEST)
    return Range(low=place(low), width=width, median=place(median), mean=place(mean))


def reason_bars(reasons: Sequence[Mapping[str, Any]]) -> tuple[ReasonBar, ...]:
    """Draw reasons from the middle line: what raises the risk goes right, what lowers it left."""
    longest = max((float(reason["importance"]) for reason in reasons), default=0.0)
    bars = []
    for reason in reasons:
        share = float(reason["importance"]) / longest if longest > 0 else 0.0
        width = max(48.0 * share, NARROWEST)
        raises = reason["direction"] == "raises_risk"
        bars.append(ReasonBar(reason["text"], raises, 50.0 if raises else 50.0 - width, width))
    return tuple(bars)


def history_points(batches: Sequence[Mapping[str, Any]]) -> tuple[HistoryPoint, ...]:
    """Place the batches that scored a customer, oldest first, risk upwards from 0 to 100%."""
    scored = [batch for batch in batches if batch.get("churn_probability") is not None]
    scored.sort(key=lambda batch: str(batch["as_of"]))
    steps = max(len(scored) - 1, 1)
    return tuple(
        HistoryPoint(
            x=HISTORY_LEFT + (HISTORY_RIGHT - HISTORY_LEFT) * index / steps,
            y=HISTORY_BASE - (HISTORY_BASE - HISTORY_TOP) * float(batch["churn_probability"]),
            as_of=batch["as_of"],
            churn_probability=batch["churn_probability"],
            risk=batch["risk_tier"],
        )
        for index, batch in enumerate(scored)
    )
