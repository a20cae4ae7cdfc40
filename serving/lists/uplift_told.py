"""What uplift tells of lists and of groups of customers, as dicts that JSON has."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval
from retention.uplift.driven_away import Group
from retention.uplift.qini import Qini, qini, uplift_at
from retention.uplift.rows import UpliftRows

Float = NDArray[np.float64]
TOP = 0.3
# Of the 101 points of a curve every so manyth is told: a point each 5 % of the customers.
EACH = 5


def interval_dict(interval: Interval) -> dict[str, float]:
    """A number with its 95 % interval: `mean`, `low`, `high`."""
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}


def of_everybody(rows: UpliftRows, seed: int) -> dict[str, float]:
    """Effect of contact on all customers of a list."""
    return interval_dict(uplift_at(np.zeros(len(rows)), rows, 1.0, seed=seed))


def measures(effect: Float, rows: UpliftRows, seed: int) -> dict[str, Any]:
    """How well effects learned elsewhere put first whom contact moves: `qini`, `top`, `curve`.

    Parameters
    ----------
    effect : shape (n,), told of the rows by models that have not seen them
    """
    found = qini(effect, rows, seed=seed)
    return {
        "qini": interval_dict(found.coefficient),
        "top": interval_dict(uplift_at(effect, rows, TOP, seed=seed)),
        "curve": curve_points(found),
    }


def curve_points(found: Qini) -> list[dict[str, float]]:
    """Points of a Qini curve: `share` contacted, `gain` a customer of the list, `low`, `high`."""
    columns = (found.share, found.gain, found.low, found.high)
    return [
        dict(zip(("share", "gain", "low", "high"), map(float, point), strict=True))
        for point in zip(*(column[::EACH] for column in columns), strict=True)
    ]


def group_dict(group: Group) -> dict[str, Any]:
    """A group of customers and the effect of contact on them; an open end of a range is null."""
    return {
        "name": group.name,
        "ranges": [
            {"feature": name, "above": _bound(above), "at_most": _bound(most)}
            for name, (above, most) in sorted(group.bounds.items())
        ],
        "customers": group.customers,
        "effect": interval_dict(group.effect),
        "driven_away": group.driven_away,
    }


def _bound(limit: float) -> float | None:
    return float(limit) if np.isfinite(limit) else None
