"""Stacked columns: amounts over time, each column parted by tier.

Horizontal places are percentages of the picture's width and heights are pixels, so that the
text keeps its size on a phone and on a wide screen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEFT, RIGHT = 13.0, 99.5
TOP, BASE = 10.0, 190.0
WIDEST = 9.0
MOST_LABELS = 5
MOST_TICKS = 5


@dataclass(frozen=True)
class Segment:
    """Part of a column: which part it is, its amount, and pixels from the top."""

    key: str
    amount: float
    y: float
    height: float


@dataclass(frozen=True)
class Stack:
    """One column: percent from the left, its parts from the lowest upwards."""

    label: str
    x: float
    width: float
    total: float
    segments: tuple[Segment, ...]
    is_labelled: bool

    @property
    def middle(self) -> float:
        """Percent from the left where its label is centred."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Stacks:
    """All columns with the ticks of the amounts: amount and pixels from the top."""

    columns: tuple[Stack, ...]
    ticks: tuple[tuple[float, float], ...]
    left: float = LEFT
    right: float = RIGHT
    base: float = BASE


def stacks(items: Sequence[tuple[str, Mapping[str, float]]]) -> Stacks | None:
    """Place columns side by side; None where there is nothing to draw.

    Parameters
    ----------
    items : label and amounts by part, the lowest part first; parts below zero are left out
    """
    totals = [sum(max(amount, 0.0) for amount in parts.values()) for _, parts in items]
    if not items or max(totals) <= 0:
        return None
    ticks = round_ticks(max(totals))
    most = max(ticks[-1], max(totals))
    room = (RIGHT - LEFT) / len(items)
    width = min(room * 0.8, WIDEST)
    columns = tuple(
        Stack(
            label=label,
            x=LEFT + room * place + (room - width) / 2,
            width=width,
            total=total,
            segments=_segments(parts, most),
            is_labelled=_is_labelled(place, len(items)),
        )
        for place, ((label, parts), total) in enumerate(zip(items, totals, strict=True))
    )
    return Stacks(columns, tuple((tick, _height(tick, most)) for tick in ticks))


def round_ticks(most: float) -> list[float]:
    """Round amounts from 0 to the first that is not below `most`, at most six."""
    step = 10.0 ** math.floor(math.log10(most / MOST_TICKS))
    step *= next(factor for factor in (1, 2, 5, 10) if step * factor * MOST_TICKS >= most)
    return [step * place for place in range(math.ceil(most / step - 1e-9) + 1)]


def _segments(parts: Mapping[str, float], most: float) -> tuple[Segment, ...]:
    found, below = [], 0.0
    for key, amount in parts.items():
        if amount > 0:
            top = _height(below + amount, most)
            found.append(Segment(key, amount, top, _height(below, most) - top))
            below += amount
    return tuple(found)


def _height(amount: float, most: float) -> float:
    return BASE - (BASE - TOP) * amount / most


def _is_labelled(place: int, columns: int) -> bool:
    every = max(1, math.ceil((columns - 1) / (MOST_LABELS - 1))) if columns > 1 else 1
    return place % every == 0
