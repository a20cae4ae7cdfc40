"""The net gain of a list when an assumption is off, as a table: assumptions by changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from serving.pages.lists_words import ASSUMPTIONS, share
from serving.pages.words import MINUS, money

AS_ASSUMED = "as assumed"


def sensitivity_table(rows: Sequence[Mapping[str, Any]], mean: float) -> dict[str, Any]:
    """Return `changes` (heads of the columns) and `rows`, each with `name` and `cells`.

    Parameters
    ----------
    rows : `assumption`, `change` (-0.5 = half of it), `value` and `net_gain` each
    mean : net gain as assumed, the column in the middle
    """
    changes = sorted({float(row["change"]) for row in rows})
    places = [*(c for c in changes if c < 0), 0.0, *(c for c in changes if c > 0)]
    by_place = {(row["assumption"], float(row["change"])): row for row in rows}
    table = []
    for assumption, name in ASSUMPTIONS.items():
        cells = []
        for change in places:
            row = by_place.get((assumption, change))
            gain = mean if change == 0 else (row or {}).get("net_gain")
            cells.append({"net_gain": gain, "told": _told(assumption, row)})
        table.append({"name": name, "cells": cells})
    return {"changes": [_head(change) for change in places], "rows": table}


def _head(change: float) -> str:
    if change == 0:
        return AS_ASSUMED
    return f"{abs(100 * change):.0f}% {'more' if change > 0 else 'less'}"


def _told(assumption: str, row: Mapping[str, Any] | None) -> str:
    """The value that the assumption would have."""
    if row is None or row["value"] is None:
        return ""
    name = ASSUMPTIONS[assumption].lower()
    value = float(row["value"])
    text = money(value) if assumption == "contact_cost" else share(value)
    return f"{name} {text}".replace("-", MINUS)
