"""Fit the heads of one horizon: model and rules, each calibrated on customers it did not see."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from features.customer_fold import customer_folds
from features.log.shop_log import ShopLog
from features.panel import Panel, panel
from features.shop_clock import date_of
from models.carry import Carry, fit_carry
from models.heads import ReturnHead, ValueHead
from training.calibrate import Heads, calibrated_heads
from training.grow import RawScores, Trees, enough, grow, grow_to
from training.results import MODEL, FoldOutcome
from training.windows import WindowPlan

N_FOLDS = 5
JOBS = 2


@dataclass(frozen=True)
class HorizonFit:
    """Fitted heads of one horizon, by member.

    Attributes
    ----------
    returns, values : member -> head; "model" is missing where there is too little to learn from
    held_out : predictions for customers neither fitted nor calibrated on, at the newest cutoff;
        None where the plan divides by time, since time itself then holds out
    features, labels : rows of the newest cutoff
    """

    plan: WindowPlan
    returns: dict[str, ReturnHead]
    values: dict[str, ValueHead]
    held_out: FoldOutcome | None
    features: pd.DataFrame
    labels: pd.DataFrame


@dataclass(frozen=True)
class _Rows:
    """Panel rows with the labels of the observed window and a fold of each customer."""

    panel: Panel
    labels: pd.DataFrame
    fold: NDArray[np.int64]
    newest: NDArray[np.bool_]

    def take(self, mask: NDArray[np.bool_]) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self.panel.features[mask], self.labels[mask]

    def some_return_in_each_fold(self) -> bool:
        back = self.newest & (self.labels["churned"].to_numpy() == 0)
        return bool(np.bincount(self.fold[back], minlength=N_FOLDS).all())

    def earlier(self, plan: WindowPlan) -> NDArray[np.bool_]:
        return np.isin(self.panel.cutoffs, plan.fit_cutoffs)


def fit_horizon(log: ShopLog, plan: WindowPlan, *, seed: int) -> HorizonFit:
    """Fit return and value heads for one horizon.

    Parameters
    ----------
    log : as known before `plan.end`
    plan : WindowPlan
    seed : int

    Returns
    -------
    HorizonFit
    """
    half = max(1, plan.observed_days // 2)
    stacked = panel(log, plan.cutoffs, (plan.observed_days, half))
    rows = _Rows(
        panel=stacked,
        labels=stacked.labels[plan.observed_days],
        fold=customer_folds(log.customer_ids, N_FOLDS)[stacked.customers],
        newest=stacked.cutoffs == plan.newest,
    )
    carry = _carry(rows, stacked.labels[half], plan)
    if plan.by_time and enough(rows.labels[rows.newest]):
        if not enough(rows.labels[rows.earlier(plan)]):
            # A stray early line makes a log long, but leaves nobody to learn from before.
            one_window = replace(plan, cutoffs=(plan.newest,), by_time=False)
            return fit_horizon(log, one_window, seed=seed)
        return _finish(plan, _by_time(rows, plan, carry, seed), None, rows)
    if not (enough(rows.labels[rows.newest]) and rows.some_return_in_each_fold()):
        heads = calibrated_heads(*rows.take(rows.newest), carry, trees=None, raw=None)
        return _finish(plan, heads, None, rows)
    heads, held_out = _by_customer(rows, plan, carry, seed)
    return _finish(plan, heads, held_out, rows)


def _finish(
    plan: WindowPlan, heads: Heads, held_out: FoldOutcome | None, rows: _Rows
) -> HorizonFit:
    features, labels = rows.take(rows.newest)
    return HorizonFit(plan, heads[0], heads[1], held_out, features, labels)


def _carry(rows: _Rows, half_labels: pd.DataFrame, plan: WindowPlan) -> Carry:
    half, whole = half_labels[rows.newest], rows.labels[rows.newest]
    return fit_carry(
        plan.observed_days,
        plan.horizon_days,
        returned=(1 - half["churned"].mean(), 1 - whole["churned"].mean()),
        spent=(half["future_value"].sum(), whole["future_value"].sum()),
    )


def _by_time(rows: _Rows, plan: WindowPlan, carry: Carry, seed: int) -> Heads:
    """Fit on windows that closed before the newest one, calibrate on the newest."""
    features, labels = rows.take(rows.newest)
    trees = grow(*rows.take(rows.earlier(plan)), features, labels, seed=seed)
    return calibrated_heads(features, labels, carry, trees=trees, raw=trees.raw(features))


def _by_customer(
    rows: _Rows, plan: WindowPlan, carry: Carry, seed: int
) -> tuple[Heads, FoldOutcome]:
    """Fit on three fifths of the customers, calibrate on one, judge by the last; rotate.

    The served trees are then grown on all customers, and calibrated on the scores that each fifth
    got from trees that had not seen it.
    """
    at_home = Carry(plan.observed_days, plan.observed_days)

    def rotate(
        fold: int,
    ) -> tuple[Trees, RawScores, tuple[pd.DataFrame, pd.DataFrame], FoldOutcome]:
        check_fold = (fold + 1) % N_FOLDS
        seen = (rows.fold != fold) & (rows.fold != check_fold)
        check = rows.take(rows.newest & (rows.fold == check_fold))
        trees = grow(*rows.take(seen), *check, seed=seed)
        scores = trees.raw(check[0])
        heads = calibrated_heads(*check, at_home, trees=trees, raw=scores)
        judged = rows.take(rows.newest & (rows.fold == fold))
        return trees, scores, check, outcome(heads, *judged, plan.newest, plan.observed_days)

    turns = Parallel(n_jobs=JOBS, prefer="threads")(delayed(rotate)(k) for k in range(N_FOLDS))
    grown, raw, checked, outcomes = (list(part) for part in zip(*turns, strict=True))
    rounds = [round(float(np.mean([t.rounds[i] for t in grown]))) for i in (0, 1)]
    served = grow_to(rows.panel.features, rows.labels, (rounds[0], rounds[1]), seed=seed)
    features = pd.concat([f for f, _ in checked])
    labels = pd.concat([y for _, y in checked])
    heads = calibrated_heads(features, labels, carry, trees=served, raw=RawScores.together(raw))
    return heads, _joined(outcomes)


def outcome(
    heads: Heads, features: pd.DataFrame, labels: pd.DataFrame, cutoff: int, horizon_days: int
) -> FoldOutcome:
    """What each member predicts for `features`, beside what came."""
    returns, values = heads
    predictions = {name: head.predict(features) for name, head in values.items()}
    quantiles = predictions.get(MODEL) or next(iter(predictions.values()))
    return FoldOutcome(
        cutoff=date_of(cutoff),
        churn_horizon_days=horizon_days,
        value_horizon_days=horizon_days,
        churned=labels["churned"].to_numpy(),
        future_value=labels["future_value"].to_numpy(),
        churn_probability={n: h.churn_probability(features) for n, h in returns.items()},
        predicted_clv={n: p.mean for n, p in predictions.items()},
        clv_p10=quantiles.p10,
        clv_p50=quantiles.p50,
        clv_p90=quantiles.p90,
    )


def _joined(parts: list[FoldOutcome]) -> FoldOutcome:
    def stack(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(p, name) for p in parts])

    def merge(name: str) -> dict[str, NDArray[np.float64]]:
        members = getattr(parts[0], name)
        return {m: np.concatenate([getattr(p, name)[m] for p in parts]) for m in members}

    return FoldOutcome(
        parts[0].cutoff,
        parts[0].churn_horizon_days,
        parts[0].value_horizon_days,
        stack("churned"),
        stack("future_value"),
        merge("churn_probability"),
        merge("predicted_clv"),
        stack("clv_p10"),
        stack("clv_p50"),
        stack("clv_p90"),
    )
