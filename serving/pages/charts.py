"""Points of the charts of *Model*: percent of the plot from the left, pixels from the top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEFT, RIGHT = 10.0, 98.0
TOP, BASE = 12.0, 228.0
SCALE = 1.08


@dataclass(frozen=True)
class Point:
    """A point with its interval and what a reader is told when pointing at it."""

    x: float
    y: float
    low: float
    high: float
    told: Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """Predicted and actual of one tenth, as bars: percent from the left, pixels from the top."""

    x: float
    width: float
    predicted: float
    actual: float
    low: float | None
    high: float | None
    told: Mapping[str, Any]


def across(share: float) -> float:
    """Percent from the left of a share of the plot's width."""
    return LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0)


def down(share: float) -> float:
    """Pixels from the top of a share of the plot's height, 0 at the bottom."""
    return BASE - (BASE - TOP) * min(max(share, 0.0), 1.0)


def calibration_points(bins: Sequence[Mapping[str, Any]]) -> list[Point]:
    """Predicted against actual share without an order, where enough customers were told it."""
    return [
        Point(
            across(each["predicted"]),
            down(each["actual"]),
            down(each["low"]),
            down(each["high"]),
            each,
        )
        for each in bins
        if each["actual"] is not None
    ]


def gain_points(gains: Mapping[str, Any]) -> list[Point]:
    """Share of the lost found by share of customers contacted."""
    pairs = zip(gains["contacted"], gains["found"], strict=True)
    return [
        Point(across(x), down(y), down(y), down(y), {"contacted": x, "found": y})
        for x, y in pairs
        if y is not None
    ]


def pairs_of(tenths: Sequence[Mapping[str, Any]], *, most: float | None = None) -> list[Pair]:
    """Predicted and actual of each tenth side by side; `most` is the top of the plot."""
    there = [each for each in tenths if each["actual"] is not None]
    highest = [max(t["predicted"], t["actual"], t.get("high") or 0.0) for t in there]
    top = most or max(highest, default=0.0) * SCALE or 1.0
    width = (RIGHT - LEFT) / max(len(tenths), 1)
    return [
        Pair(
            LEFT + width * (each["tenth"] - 1),
            width,
            down(each["predicted"] / top),
            down(each["actual"] / top),
            None if each.get("low") is None else down(each["low"] / top),
            None if each.get("high") is None else down(each["high"] / top),
            each,
        )
        for each in there
    ]


def top_of(tenths: Sequence[Mapping[str, Any]]) -> float:
    """The value at the top of `pairs_of` the same tenths."""
    there = [each for each in tenths if each["actual"] is not None]
    highest = [max(t["predicted"], t["actual"], t.get("high") or 0.0) for t in there]
    return max(highest, default=0.0) * SCALE or 1.0
