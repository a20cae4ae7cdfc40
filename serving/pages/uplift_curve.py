"""The Qini curve as a picture: places in a square of 100 that the page stretches."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PER = 100
STEPS = (1, 2, 5, 10)
# Of the height, free above and below what is drawn.
AIR = 0.06


@dataclass(frozen=True)
class QiniPicture:
    """A curve with its band, from the left and from the top, 0 to 100.

    Attributes
    ----------
    curve, band : points of a line and of an area, as SVG has them
    start, end : height at nobody and at everybody contacted, the ends of the straight line
    ticks : number of returns more of 100 customers, and its height
    rows : the numbers: `share`, `gain`, `low`, `high`, the gains of 100 customers
    """

    curve: str
    band: str
    start: float
    end: float
    ticks: list[tuple[float, float]]
    rows: list[dict[str, float]]


def qini_picture(points: Sequence[Mapping[str, Any]]) -> QiniPicture:
    """Place a curve of at least two points, as the answer has it."""
    rows = [{name: PER * float(each[name]) for name in ("gain", "low", "high")} for each in points]
    least = min(0.0, *(row["low"] for row in rows), *(row["gain"] for row in rows))
    most = max(0.0, *(row["high"] for row in rows), *(row["gain"] for row in rows))
    air = AIR * (most - least) or 1.0
    least, most = least - air, most + air

    def down(gain: float) -> float:
        return 100 * (most - gain) / (most - least)

    across = [100 * float(each["share"]) for each in points]

    def line(name: str) -> list[str]:
        pairs = zip(across, rows, strict=True)
        return [f"{x:.2f},{down(row[name]):.2f}" for x, row in pairs]

    return QiniPicture(
        curve=" ".join(line("gain")),
        band=" ".join([*line("high"), *line("low")[::-1]]),
        start=down(0.0),
        end=down(rows[-1]["gain"]),
        ticks=[(tick, down(tick)) for tick in ticks_between(least, most)],
        rows=[{"share": x / 100, **row} for x, row in zip(across, rows, strict=True)],
    )


def ticks_between(least: float, most: float) -> list[float]:
    """Round numbers between two others, five or so, 0 among them where it is between."""
    rough = (most - least) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * each for each in STEPS if unit * each >= rough * (1 - 1e-9))
    return [step * k for k in range(math.ceil(least / step), math.floor(most / step) + 1)]
