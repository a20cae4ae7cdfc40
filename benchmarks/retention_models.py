"""What a shop's own models would say of its customers: fitted on the outcomes of an earlier day."""

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from benchmarks.retention_shop import Outcome, Period

Float = NDArray[np.float64]
ROUNDS = 150
COMMON = {
    "max_depth": 3, "learning_rate": 0.08, "min_child_weight": 30, "subsample": 0.8,
    "reg_lambda": 5.0, "tree_method": "hist", "max_bin": 128, "nthread": 1, "seed": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Scorer:
    """Probability of a return and expected spend given one."""

    returns: xgb.Booster
    spends: xgb.Booster

    def of(self, period: Period) -> tuple[Float, Float]:
        """Probability and spend of each customer, shape (n,) each."""
        told = [b.inplace_predict(period.features.astype(np.float32)) for b in vars(self).values()]
        return np.asarray(told[0], float), np.asarray(told[1], float)


def fit_scorer(period: Period, outcome: Outcome, weight: Float | None = None) -> Scorer:
    """Fit both to what happened; customers of weight 0 are left out."""
    counts = np.ones(len(period.p)) if weight is None else weight
    kept, back = counts > 0, (counts > 0) & (outcome.returned > 0)
    return Scorer(
        _fit(period.features[kept], outcome.returned[kept], counts[kept], "binary:logistic"),
        _fit(period.features[back], outcome.revenue[back], counts[back], "reg:gamma"),
    )


def _fit(features: Float, target: Float, weight: Float, objective: str) -> xgb.Booster:
    matrix = xgb.DMatrix(features.astype(np.float32), label=target, weight=weight)
    return xgb.train({**COMMON, "objective": objective}, matrix, num_boost_round=ROUNDS)
