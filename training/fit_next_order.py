"""Fit the next-order head on customers who came back, and hold it against others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from models.few_rows import QuickTrees
from models.next_order import (
    QUANTILES,
    NextOrderHead,
    days_of,
    fit_shifts,
    raw_quantiles,
    rhythm,
    with_rhythm,
)

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Mask = NDArray[np.bool_]

TOO_FEW_RETURNERS = "too_few_returners"
FEWEST_RETURNERS = 30
# Below this customers' own rhythm does as well as trees.
FEWEST_FOR_TREES = 300
MAX_ROUNDS = 120
PATIENCE = 10
TREES: dict[str, object] = {
    "objective": "reg:quantileerror",
    "quantile_alpha": np.array(QUANTILES),
    "tree_method": "hist",
    "max_depth": 3,
    "learning_rate": 0.1,
    "min_child_weight": 20,
    "subsample": 0.8,
    "colsample_bynode": 0.5,
    "reg_lambda": 5.0,
    "max_bin": 64,
    "nthread": 1,
}


@dataclass(frozen=True)
class NextOrderFit:
    """A head, or the code of the reason why there is none."""

    head: NextOrderHead | None
    reason: str | None = None


def fit_next_order(
    features: pd.DataFrame,
    next_order_days: Float,
    *,
    fold: Int,
    newest: Mask,
    observed_days: int,
    horizon_days: int,
    seed: int,
) -> NextOrderFit:
    """Fit quantiles of the days to the next purchase on closed windows.

    Parameters
    ----------
    features : DataFrame of shape (n, n_features), rows of a panel
    next_order_days : label of the observed window, NaN where no purchase fell into it; these rows
        teach nothing of when, and are counted in the coverage
    fold : fold of each row's customer, a customer in one fold; each is predicted by trees that did
        not see it, which is what the shifts and the coverage are read off
    newest : rows of the newest cutoff, the ones that shifts and coverage are read off
    observed_days, horizon_days : length of the label windows, and the horizon asked for
    seed : int

    Returns
    -------
    NextOrderFit; `too_few_returners` below 30 returning customers at the newest cutoff
    """
    back = ~np.isnan(next_order_days)
    folds = np.unique(fold[newest & back])
    if (newest & back).sum() < FEWEST_RETURNERS or len(folds) < 2:
        return NextOrderFit(None, TOO_FEW_RETURNERS)
    shop_gap = _shop_gap(features[back], observed_days)
    rows = _Rows(_with_own(features, shop_gap), next_order_days, seed)
    booster = None
    held_out = raw_quantiles(None, features, shop_gap)
    if (newest & back).sum() >= FEWEST_FOR_TREES:
        rounds = []
        for k in folds:
            check = newest & (fold == k)
            grown = rows.grow_until(back & (fold != k), check & back)
            held_out[check] = raw_quantiles(QuickTrees(grown), features[check], shop_gap)
            rounds.append(grown.num_boosted_rounds())
        booster = rows.grow(back, round(float(np.mean(rounds))))
    judged = _Judged(held_out[newest], next_order_days[newest], fold[newest], observed_days)
    facts = judged.facts() | _against_rule(features[newest], judged)
    head = NextOrderHead(
        observed_days, horizon_days, shop_gap, judged.shifts(), facts, booster=booster
    )
    return NextOrderFit(head)


@dataclass(frozen=True)
class _Rows:
    features: pd.DataFrame
    days: Float
    seed: int

    def matrix(self, mask: Mask) -> xgb.DMatrix:
        """Rows with the log of their wait; a purchase falls somewhere within its day."""
        within = np.random.default_rng(self.seed).random(len(self.days))
        return xgb.DMatrix(self.features[mask], label=np.log1p(self.days + within)[mask])

    def grow_until(self, mask: Mask, check: Mask) -> xgb.Booster:
        booster = xgb.train(
            {**TREES, "seed": self.seed},
            self.matrix(mask),
            num_boost_round=MAX_ROUNDS,
            evals=[(self.matrix(check), "check")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        return booster[: booster.best_iteration + 1]

    def grow(self, mask: Mask, rounds: int) -> xgb.Booster:
        return xgb.train({**TREES, "seed": self.seed}, self.matrix(mask), num_boost_round=rounds)


@dataclass(frozen=True)
class _Judged:
    """Raw quantiles of customers held out, beside what came: NaN is censored."""

    raw: Float
    days: Float
    fold: Int
    observed_days: int

    @property
    def back(self) -> Mask:
        return ~np.isnan(self.days)

    def shifts(self) -> tuple[float, float, float]:
        return fit_shifts(self.raw[self.back], self.days[self.back])

    def quantiles(self) -> Float:
        """Days, each fold shifted by what the other folds showed, shape (n, 3)."""
        found = np.empty_like(self.raw)
        for k in np.unique(self.fold):
            here, others = self.fold == k, self.back & (self.fold != k)
            shifts = fit_shifts(self.raw[others], self.days[others])
            found[here] = days_of(self.raw[here], shifts, self.observed_days)
        return found

    def facts(self) -> dict[str, Any]:
        p10, p50, p90 = self.quantiles().T
        back = self.back
        within = (self.days >= p10) & (self.days <= p90)
        return {
            "returners": int(back.sum()),
            "censored": int((~back).sum()),
            "coverage_returners": float(within[back].mean()),
            # One who did not come back is outside every interval.
            "coverage_everyone": float(within.mean()),
            "median_error_days": float(np.median(np.abs(p50 - self.days)[back])),
        }


def _against_rule(features: pd.DataFrame, judged: _Judged) -> dict[str, Any]:
    """Median errors among returners with two purchase days or more, and those of the rule."""
    some = judged.back & (features["frequency"].to_numpy(float) >= 1)
    if not some.any():
        return {}
    gap, silence = (features[n].to_numpy(float)[some] for n in ("mean_gap", "days_since_last"))
    rule = np.maximum(np.ceil(gap - silence), 1.0)
    days = judged.days[some]
    return {
        "repeat_buyers": int(some.sum()),
        "repeat_median_error_days": float(np.median(np.abs(judged.quantiles()[some, 1] - days))),
        "rule_median_error_days": float(np.median(np.abs(rule - days))),
    }


def _shop_gap(features: pd.DataFrame, observed_days: int) -> float:
    gaps = features["mean_gap"].to_numpy(float)
    known = gaps[~np.isnan(gaps)]
    return float(np.median(known)) if len(known) else float(observed_days)


def _with_own(features: pd.DataFrame, shop_gap: float) -> pd.DataFrame:
    return with_rhythm(features, *rhythm(features, shop_gap))
