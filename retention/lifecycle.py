"""Lifecycle status: where a customer stands, by the silence since the last order.

Silence decides before the count of orders: who is silent for longer than is usual between orders is
slipping, then lapsed, however many orders there were.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
# A frame, a table or a mapping: what gives a column by its name.
Columns = Mapping[str, ArrayLike] | Any
# Weight of the shop's rhythm in a customer's own, counted in gaps.
PRIOR_GAPS = 2.0
WON_BACK_DAYS = 180


def silence_limits(features: Columns, rhythm: dict[str, Any]) -> tuple[Float, Float]:
    """Days of silence up to which a customer is active, and up to which slipping, shape (n,) each.

    The 75th and 95th percentile of the customer's own gaps, shrunk to the shop's; for one-time
    buyers those of the shop's first-to-second gaps.
    """
    gaps = _filled(features, "frequency")
    return _limits(gaps, _filled(features, "mean_gap") * gaps, rhythm)


def _limits(gaps: Float, days: Float, rhythm: dict[str, Any]) -> tuple[Float, Float]:
    """Limits after `gaps` gaps that cover `days` days in all."""
    usual = (days + rhythm["mean_gap"] * PRIOR_GAPS) / (gaps + PRIOR_GAPS)
    late = np.where(gaps > 0, usual * rhythm["late"], rhythm["second_late"])
    very_late = np.where(gaps > 0, usual * rhythm["very_late"], rhythm["second_very_late"])
    return late, very_late


def _filled(features: Columns, name: str) -> Float:
    column = np.asarray(features[name], float)
    return np.where(np.isnan(column), 0.0, column)


def _came_back(features: Columns, rhythm: dict[str, Any]) -> NDArray[np.bool_]:
    """Whether the latest gap was a lapse by the rhythm known before it."""
    gaps, gap = _filled(features, "frequency"), _filled(features, "last_gap")
    before = np.maximum(gaps - 1, 0)
    _, very_late = _limits(before, _filled(features, "mean_gap") * gaps - gap, rhythm)
    return (gaps > 0) & (gap > very_late)


def lifecycle_status(features: Columns, rhythm: dict[str, Any]) -> NDArray[np.object_]:
    """`new`, `developing`, `active`, `slipping`, `lapsed` or `won_back` of each row, shape (n,).

    Parameters
    ----------
    features : with `days_since_last`, `frequency`, `mean_gap`, `last_gap`
    rhythm : fields of `features.rhythm.Rhythm`
    """
    late, very_late = silence_limits(features, rhythm)
    silence = np.asarray(features["days_since_last"], float)
    gaps = _filled(features, "frequency")
    return np.select(
        [
            ~(silence <= very_late),
            silence > late,
            _came_back(features, rhythm) & (silence <= WON_BACK_DAYS),
            gaps == 0,
            gaps <= 2,
        ],
        ["lapsed", "slipping", "won_back", "new", "developing"],
        default="active",
    ).astype(object)
