"""Effects with their intervals on a line with a mark at no effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEFT, RIGHT = 2.0, 98.0
# Part of the picture that stays free on either side of what is drawn.
AIR = 0.12


@dataclass(frozen=True)
class EffectLine:
    """One effect: all places are percent from the left.

    Parameters
    ----------
    low, width : of the interval
    mark : of the estimate
    zero : of no effect
    side : `up`, `down`, or `none` where the interval holds 0
    """

    low: float
    width: float
    mark: float
    zero: float
    side: str


def effect_line(effect: Mapping[str, Any]) -> EffectLine | None:
    """Place an effect's `estimate`, `low` and `high`; None where it could not be told."""
    numbers = [effect.get(name) for name in ("estimate", "low", "high")]
    if any(number is None for number in numbers):
        return None
    estimate, low, high = (float(number) for number in numbers if number is not None)
    least, most = min(low, 0.0), max(high, 0.0)
    air = AIR * (most - least) or 1.0
    least, most = least - air, most + air

    def place(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (value - least) / (most - least)

    side = "up" if low > 0 else "down" if high < 0 else "none"
    return EffectLine(place(low), place(high) - place(low), place(estimate), place(0.0), side)
