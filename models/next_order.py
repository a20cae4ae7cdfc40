"""When a customer orders next: quantiles of the days until then, given an order in the window.

Trees give raw quantiles on the scale log(1 + days); what is missing to the shares seen on customers
held out is added to each (conformalised quantile regression, Romano, Patterson & Candes 2019, each
side on its own). A shop with few returning customers has no trees: there each customer's own
rhythm, shrunk to the shop's, takes their place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from models.few_rows import QuickTrees

Float = NDArray[np.float64]

QUANTILES = (0.1, 0.5, 0.9)
# Gaps of the shop that count beside a customer's own ones.
SHOP_GAPS = 2.0
DERIVED = ("usual_gap", "usual_wait")


@dataclass(frozen=True)
class NextOrderHead:
    """Quantiles of the days to the next purchase, given one within `observed_days`.

    Attributes
    ----------
    observed_days : length of the label windows that it was fitted on, in which the order falls
    horizon_days : horizon asked for; where it is longer, the log was too young to close a window of
        it, and the dates remain those given an order within `observed_days`
    shop_gap : median days between purchase days over the customers it was fitted on
    shifts : added to the raw quantiles, log(1 + days), one each of `QUANTILES`
    facts : what held-out customers showed: counts of returners and of censored ones, coverage and
        median errors (JSON values)
    booster : trees with one output a quantile; None where each customer's rhythm stands for them
    """

    observed_days: int
    horizon_days: int
    shop_gap: float
    shifts: tuple[float, float, float]
    facts: dict[str, Any]
    booster: xgb.Booster | None = None

    def raw(self, features: pd.DataFrame | FeatureTable) -> Float:
        """Quantiles before the shifts, log(1 + days), shape (n, 3)."""
        return raw_quantiles(self._trees, features, self.shop_gap)

    @cached_property
    def _trees(self) -> QuickTrees | None:
        return None if self.booster is None else QuickTrees(self.booster)

    def quantiles(self, features: pd.DataFrame | FeatureTable) -> tuple[Float, Float, Float]:
        """P10, P50 and P90 of the days from the cutoff to the next purchase, given one.

        Returns
        -------
        three arrays of shape (n,): whole days from 0 (the day of the cutoff itself) to
        `observed_days` - 1, ascending for each customer
        """
        p10, p50, p90 = days_of(self.raw(features), self.shifts, self.observed_days).T
        return p10, p50, p90

    def save(self, folder: Path, prefix: str) -> dict[str, Any]:
        """Write the trees to `PREFIX.ubj` in a folder; what is returned goes into JSON."""
        file = f"{prefix}.ubj"
        if self.booster is not None:
            self.booster.save_model(folder / file)
        return {
            "observed_days": self.observed_days,
            "horizon_days": self.horizon_days,
            "shop_gap": self.shop_gap,
            "shifts": list(self.shifts),
            "facts": self.facts,
            "booster": file if self.booster is not None else None,
        }

    @classmethod
    def load(cls, spec: Mapping[str, Any], files: Mapping[str, bytes]) -> "NextOrderHead":
        """The head that `save` described.

        Raises
        ------
        KeyError, ValueError
            If the description is not one of a head, or names a file that is not there.
        """
        booster = None
        if spec["booster"] is not None:
            booster = xgb.Booster(params={"nthread": 1})
            booster.load_model(bytearray(files[spec["booster"]]))
        low, middle, high = (float(s) for s in spec["shifts"])
        return cls(
            observed_days=int(spec["observed_days"]),
            horizon_days=int(spec["horizon_days"]),
            shop_gap=float(spec["shop_gap"]),
            shifts=(low, middle, high),
            facts=dict(spec["facts"]),
            booster=booster,
        )


def raw_quantiles(
    trees: QuickTrees | None, features: pd.DataFrame | FeatureTable, shop_gap: float
) -> Float:
    """Quantiles of log(1 + days) before the shifts, shape (n, 3)."""
    table = FeatureTable.of(features)
    derived = rhythm(table, shop_gap)
    if trees is None:
        return np.repeat(np.log1p(derived[1])[:, None], len(QUANTILES), axis=1)
    whole = table.instead(dict(zip(DERIVED, derived, strict=True)))
    read = np.ascontiguousarray(whole.rows(trees.names).T, np.float32)
    # The margin of a quantile is the quantile.
    return trees.margins(read).astype(float)


def rhythm(features: pd.DataFrame | FeatureTable, shop_gap: float) -> tuple[Float, Float]:
    """Usual days between purchase days, shrunk to the shop's, and what is left of them, at least 1.

    Parameters
    ----------
    features : with `frequency`, `recency` and `days_since_last`
    shop_gap : days

    Returns
    -------
    usual_gap, usual_wait : shape (n,); undefined features count as no gap at all
    """
    gaps, span, silence = (
        np.where(np.isnan(column), 0.0, column)
        for column in (
            np.asarray(features[name], float)
            for name in ("frequency", "recency", "days_since_last")
        )
    )
    usual = (span + SHOP_GAPS * shop_gap) / (gaps + SHOP_GAPS)
    return usual, np.maximum(usual - silence, 1.0)


def with_rhythm(features: pd.DataFrame, usual_gap: Float, usual_wait: Float) -> pd.DataFrame:
    """The features with the two columns that the trees read besides."""
    return features.assign(**dict(zip(DERIVED, (usual_gap, usual_wait), strict=True)))


def days_of(raw: Float, shifts: tuple[float, float, float], observed_days: int) -> Float:
    """Whole days of raw quantiles, ascending along the row, shape (n, 3)."""
    # A hair against rounding: log(1 + 3) is to come back as 3.
    days = np.floor(np.expm1(raw + np.array(shifts)) + 1e-9)
    ordered: Float = np.maximum.accumulate(days, axis=1)
    return np.clip(ordered, 0.0, observed_days - 1.0)


def fit_shifts(raw: Float, days: Float) -> tuple[float, float, float]:
    """What brings raw quantiles to the shares of held-out customers, (n + 1) for n as conformal.

    P10 is the largest with at most a tenth below it, P50 and P90 are the smallest with at least
    half and nine tenths at or below them: what a quantile of whole days is.

    Parameters
    ----------
    raw : shape (n, 3), log(1 + days)
    days : days to the next purchase, whole, shape (n,)
    """
    # q > days wherever raw + shift reaches log(1 + days + 1).
    below = np.sort(np.log(2.0 + days) - raw[:, 0])
    n = len(days)
    low = below[max(int((n + 1) * QUANTILES[0]) - 1, 0)] - 1e-6
    upper = []
    for column, tau in ((1, QUANTILES[1]), (2, QUANTILES[2])):
        reached = np.sort(np.log1p(days) - raw[:, column])
        upper.append(float(reached[min(int(np.ceil((n + 1) * tau)), n) - 1]))
    return float(low), upper[0], upper[1]
