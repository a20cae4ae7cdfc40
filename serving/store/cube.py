"""Counts of any filter as sums over the cells that were counted at publication."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

KEYS = ("risk_tier", "value_tier", "lifecycle_status", "risk_change")


def counted(
    cube: Iterable[Sequence[Any]], allowed: Mapping[str, Sequence[str]]
) -> tuple[int, float]:
    """Customers, and the sum of their predicted value, in the cells that filters let pass.

    Parameters
    ----------
    cube : cells as `serving.details.cube` gives them
    allowed : values by name of a key; an empty sequence lets all pass
    """
    wanted = [(place, set(allowed[name])) for place, name in enumerate(KEYS) if allowed.get(name)]
    customers, value = 0, 0.0
    for cell in cube:
        if all(cell[place] in values for place, values in wanted):
            customers += cell[len(KEYS)]
            value += cell[len(KEYS) + 1]
    return customers, value
