"""The risk x value picture: one field per pair of tiers, linked to the customers in it.

Horizontal places are percentages of the picture's width and heights are pixels, so that the
text keeps its size on a phone and on a wide screen.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from serving.pages.terms import RISK_TIERS, VALUE_SHARES, VALUE_TIERS

LABELS_WIDTH = 21.0
COLUMN_WIDTH = (100.0 - LABELS_WIDTH) / len(RISK_TIERS)
GAP = 0.8
TOP = 8
ROW_HEIGHT = 62
ROW_GAP = 5
STEPS = 6


@dataclass(frozen=True)
class Field:
    """One pair of tiers: its place, its numbers as answered and the depth of its colour."""

    risk: str
    value: str
    customers: int
    spend: float | None
    risk_mean: float | None
    step: int
    x: float
    y: int
    href: str
    is_chosen: bool

    @property
    def width(self) -> float:
        """Percent of the picture's width."""
        return COLUMN_WIDTH - GAP

    @property
    def middle(self) -> float:
        """Percent from the left where its text is centred."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class HeatMap:
    """All fields with the labels of rows and columns."""

    fields: tuple[Field, ...]
    columns: tuple[tuple[str, float], ...]
    rows: tuple[tuple[str, str, int], ...]
    height: int
    row_height: int = ROW_HEIGHT
    steps: int = STEPS


def heat_map(
    cells: Iterable[Mapping[str, Any]],
    href: Callable[[str, str], str],
    is_chosen: Callable[[str, str], bool],
) -> HeatMap:
    """Place the portfolio's cells in a grid, risk to the right and value upwards.

    Parameters
    ----------
    cells : `tiers` of the portfolio answer: mappings with `risk_tier`, `value_tier`, `customers`,
        `predicted_clv`, `mean_churn_probability`
    href : address of the list filtered to a risk tier and a value tier
    is_chosen : whether the list on show is filtered to that pair
    """
    known = {(cell["risk_tier"], cell["value_tier"]): cell for cell in cells}
    most = max((float(cell["predicted_clv"] or 0) for cell in known.values()), default=0.0)
    fields = []
    for row, value in enumerate(VALUE_TIERS):
        for column, risk in enumerate(RISK_TIERS):
            cell = known.get((risk, value), {})
            spend = cell.get("predicted_clv")
            fields.append(
                Field(
                    risk=risk,
                    value=value,
                    customers=int(cell.get("customers", 0)),
                    spend=spend,
                    risk_mean=cell.get("mean_churn_probability"),
                    step=_step(spend, most),
                    x=LABELS_WIDTH + column * COLUMN_WIDTH,
                    y=TOP + row * (ROW_HEIGHT + ROW_GAP),
                    href=href(risk, value),
                    is_chosen=is_chosen(risk, value),
                )
            )
    columns = tuple((field.risk, field.middle) for field in fields[: len(RISK_TIERS)])
    rows = tuple(
        (value, VALUE_SHARES[value], TOP + row * (ROW_HEIGHT + ROW_GAP) + ROW_HEIGHT // 2)
        for row, value in enumerate(VALUE_TIERS)
    )
    bottom = TOP + len(VALUE_TIERS) * (ROW_HEIGHT + ROW_GAP)
    return HeatMap(tuple(fields), columns, rows, height=bottom)


def _step(spend: float | None, most: float) -> int:
    """Depth of colour from 0 (nothing) to STEPS - 1, by the root, so that small fields differ."""
    if not spend or spend <= 0 or most <= 0:
        return 0
    return min(STEPS - 1, 1 + int(math.sqrt(spend / most) * (STEPS - 1)))
