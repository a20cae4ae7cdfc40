"""Rolling backtest: fit on what was known at past cutoffs, predict, compare with what came."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.log.shop_log import ShopLog
from features.panel import labels_at, snapshot
from features.rhythm import rhythm_of
from features.shop_clock import date_of
from training.campaigns import Counted
from training.fit import HorizonFit, outcome
from training.formula import formula_of_fold
from training.recipe import Asked, Horizons, Recipe
from training.results import FoldOutcome
from training.side_by_side import one_thread_each

FOLDS = 3


def backtest_cutoffs(first_day: int, end: int, horizons: Horizons) -> list[int]:
    """Up to three past cutoffs whose windows have closed by `end`, disjoint, newest first.

    Each has a history of at least as long as the longer horizon behind it.
    """
    span = max(horizons.churn_days, horizons.value_days)
    cutoffs = [end - span * (k + 1) for k in range(FOLDS)]
    return [c for c in cutoffs if c - first_day >= span + max(7, span // 2)]


def why_none(first_day: int, end: int, horizons: Horizons) -> str | None:
    """A sentence where only the longer horizon keeps the log from being backtested."""
    shorter = min(horizons.churn_days, horizons.value_days)
    if backtest_cutoffs(first_day, end, horizons):
        return None
    possible = len(backtest_cutoffs(first_day, end, Horizons(shorter, shorter)))
    if not possible:
        return None
    return (
        f"no backtest: no past window of {max(horizons.churn_days, horizons.value_days)} days has "
        f"closed with as much history before it; with both horizons at {shorter} days there would "
        f"be {possible} cutoffs"
    )


@one_thread_each
def backtest(
    recipe: Recipe,
    end: int,
    horizons: Horizons,
    *,
    progress: Callable[[str], None] = lambda text: None,
) -> list[FoldOutcome]:
    """Every member's predictions at past cutoffs, oldest first, beside what came."""
    full = recipe.known(end)
    cutoffs = _cutoffs(recipe, end, horizons)
    recipe.prepare(asked_by_backtest(recipe, end, horizons))
    return list(_folds(recipe, full, cutoffs[::-1], horizons, progress))


def asked_by_backtest(recipe: Recipe, end: int, horizons: Horizons) -> list[Asked]:
    """What `backtest` fits, newest first."""
    days = dict.fromkeys((horizons.churn_days, horizons.value_days))
    return [(c, d, False, False) for c in _cutoffs(recipe, end, horizons) for d in days]


def _cutoffs(recipe: Recipe, end: int, horizons: Horizons) -> list[int]:
    closed = end - recipe.refund_lag(end)
    return backtest_cutoffs(recipe.known(end).facts.first_known_day, closed, horizons)


def _folds(
    recipe: Recipe,
    full: ShopLog,
    cutoffs: list[int],
    horizons: Horizons,
    progress: Callable[[str], None],
) -> Iterator[FoldOutcome]:
    for cutoff in cutoffs:
        progress(f"backtest at {date_of(cutoff)}")
        churn_fit = recipe.fit(cutoff, horizons.churn_days, judged=False)
        value_fit = recipe.fit(cutoff, horizons.value_days, judged=False)
        if churn_fit is None or value_fit is None:
            continue
        yield _fold(recipe, full, cutoff, horizons, churn_fit, value_fit)


def counted_at(
    recipe: Recipe, customers: NDArray[np.int64], cutoff: int, horizons: Horizons
) -> Counted | None:
    """How often customers count at one cutoff, for both their labels, by the longer window."""
    days = max(horizons.churn_days, horizons.value_days)
    times = recipe.counted(customers, np.full(len(customers), cutoff), days)
    return times and times.enough_at(np.ones(len(customers), bool))


def _fold(
    recipe: Recipe,
    full: ShopLog,
    cutoff: int,
    horizons: Horizons,
    churn_fit: HorizonFit,
    value_fit: HorizonFit,
) -> FoldOutcome:
    """Every member's predictions at a cutoff by fits on what was known then."""
    shot = snapshot(full, cutoff)
    labels = labels_at(full, cutoff, (horizons.churn_days, horizons.value_days))
    churn, value = labels[horizons.churn_days], labels[horizons.value_days]
    features, customers = shot.features, shot.customers
    rhythm = vars(rhythm_of(recipe.known(cutoff), float(horizons.churn_days)))
    formula = formula_of_fold(full, shot, rhythm, horizons.value_days)
    times = counted_at(recipe, customers, cutoff, horizons)
    if times is not None:
        at = times.positions
        formula = formula[at]
        features, customers = features.iloc[at], customers[at]
        churn, value = churn.iloc[at], value.iloc[at]
    near = outcome(
        churn_fit.heads, churn_fit.preparation.of(features), churn, cutoff, horizons.churn_days
    )
    far = near
    if value_fit is not churn_fit:
        inputs = value_fit.preparation.of(features)
        far = outcome(value_fit.heads, inputs, value, cutoff, horizons.value_days)
    return replace(
        far,
        churn_horizon_days=horizons.churn_days,
        churned=near.churned,
        churn_probability=near.churn_probability,
        customers=customers,
        formula=formula,
    )
