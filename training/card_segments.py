"""Calibration by segment: of such customers, what was predicted and what came."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval
from training.clustered import mean_interval, share_interval
from training.fold_checks import member_of, sides
from training.resampled import customers_of
from training.results import FoldOutcome

Floats = NDArray[np.float64]

FEWEST = 20
"""Customers below which a segment's numbers are not shown: they would be those of persons."""

ORDER_BANDS = {"1 order": (0, 2), "2 to 4 orders": (2, 5), "5 or more orders": (5, math.inf)}
TENURE_BANDS = {
    "under 90 days": (-math.inf, 90),
    "90 days to a year": (90, 365),
    "one to two years": (365, 730),
    "two years or more": (730, math.inf),
}
VALUE_TIERS = {"top": 0.05, "high": 0.20, "medium": 0.50, "low": 1.0}
"""Share of customers down to which each tier goes, the highest predicted value first."""


def segments(folds: list[FoldOutcome], served: dict[str, str]) -> list[dict[str, Any]]:
    """Calibration of what is served by number of orders, tenure and value tier.

    Parameters
    ----------
    folds : list of FoldOutcome; the rows of all cutoffs are taken together
    served : member by "return" and "value"; the model where a fold lacks it

    Returns
    -------
    list of {by, segment, rows, customers, churn, value}, the latter two {predicted, actual, low,
    high, within}, with `within` True if predicted is in the interval of actual. Churn is a share,
    value a mean a customer. Numbers are NaN for fewer than `FEWEST` customers. Orders and tenure
    are left out where the folds do not tell them, and all without a fold.
    """
    if not folds:
        return []
    rows = _Rows(folds, served)
    known = all(len(f.n_orders) == len(f.tenure_days) == len(f.churned) for f in folds)
    found = []
    if known:
        orders = np.concatenate([f.n_orders for f in folds])
        tenure = np.concatenate([f.tenure_days for f in folds])
        found += [rows.segment("orders", n, _between(orders, b)) for n, b in ORDER_BANDS.items()]
        found += [rows.segment("tenure", n, _between(tenure, b)) for n, b in TENURE_BANDS.items()]
    tiers = np.concatenate([_tiers(f.predicted_clv[member_of(f.predicted_clv, "")]) for f in folds])
    return found + [rows.segment("value tier", n, tiers == n) for n in VALUE_TIERS]


class _Rows:
    """Predictions and outcomes of all folds, one below the other."""

    def __init__(self, folds: list[FoldOutcome], served: dict[str, str]) -> None:
        self.customers = np.concatenate(customers_of(folds)[0])
        self.churned = np.concatenate([f.churned for f in folds])
        self.value = np.concatenate([f.future_value for f in folds])
        self.churn_probability = np.concatenate(
            [_of(f.churn_probability, served.get("return", "")) for f in folds]
        )
        self.predicted_clv = np.concatenate(
            [_of(f.predicted_clv, served.get("value", "")) for f in folds]
        )

    def segment(self, by: str, name: str, mask: NDArray[np.bool_]) -> dict[str, Any]:
        customers = self.customers[mask]
        people = len(np.unique(customers))
        enough = people >= FEWEST

        def one(
            predicted: Floats, actual: Callable[[], Interval]
        ) -> dict[str, float | bool | None]:
            if not enough:
                return _told(math.nan, Interval(math.nan, math.nan, math.nan))
            return _told(float(predicted[mask].mean()), actual())

        return {
            "by": by,
            "segment": name,
            "rows": int(mask.sum()),
            "customers": people,
            "churn": one(
                self.churn_probability,
                lambda: share_interval(self.churned[mask] == 1, customers),
            ),
            "value": one(self.predicted_clv, lambda: mean_interval(self.value[mask], customers)),
        }


def _told(predicted: float, actual: Interval) -> dict[str, float | bool | None]:
    known = math.isfinite(predicted) and math.isfinite(actual.low)
    bounds = sides(actual)
    return {
        "predicted": predicted,
        "actual": bounds["mean"],
        "low": bounds["low"],
        "high": bounds["high"],
        "within": bool(actual.low <= predicted <= actual.high) if known else None,
    }


def _of(predictions: dict[str, Floats], wanted: str) -> Floats:
    return predictions[member_of(predictions, wanted)]


def _between(values: Floats, band: tuple[float, float]) -> NDArray[np.bool_]:
    return (values >= band[0]) & (values < band[1])


def _tiers(predicted: Floats) -> NDArray[np.str_]:
    """Tier of each customer of one cutoff; the shares are of that cutoff's customers."""
    place = np.empty(len(predicted))
    place[np.argsort(-predicted, kind="stable")] = (np.arange(len(predicted)) + 1) / len(predicted)
    cuts = np.array(list(VALUE_TIERS.values()))
    tier = np.searchsorted(cuts, place, side="left").clip(max=len(cuts) - 1)
    return np.asarray(np.array(list(VALUE_TIERS))[tier])
