from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.panel import snapshot
from features.rhythm import rhythm_of
from tests.made_shop import day, made_log, made_purchases, repeated
from training.backtest import backtest, backtest_cutoffs
from training.formula import formula_of_fold
from training.recipe import Horizons, Recipe
from training.results import MODEL, fold_metrics

HORIZONS = Horizons(60, 60)


def folds_of(purchases, horizons=HORIZONS):
    log = made_log(purchases)
    return backtest(Recipe(log, seed=0, n_cutoffs=2), log.last_day + 1, horizons)


@given(days=st.integers(1, 3000), churn_days=st.integers(1, 400), value_days=st.integers(1, 400))
def test_windows_of_the_backtest_are_closed_and_disjoint(days, churn_days, value_days):
    cutoffs = backtest_cutoffs(100, 100 + days, Horizons(churn_days, value_days))
    longest = max(churn_days, value_days)
    assert len(cutoffs) <= 3
    assert all(c + longest <= 100 + days for c in cutoffs)
    assert all(a - b >= longest for a, b in pairwise(cutoffs))
    assert all(c - 100 > longest for c in cutoffs)


@pytest.fixture(scope="module")
def folds():
    return folds_of(made_purchases(400))


def test_folds_hold_the_known_formula_of_those_they_judge(folds):
    for fold in folds:
        assert fold.formula.shape == fold.future_value.shape
        assert (fold.formula[~np.isnan(fold.formula)] >= 0).all()
        assert np.isfinite(fold.formula).any()


def test_what_came_after_a_cutoff_changes_nothing_of_its_formula(folds):
    purchases = made_purchases(400)
    log = made_log(purchases)
    last = log.last_day + 1
    cut = purchases[purchases["ordered_at"] < day(340)]
    known, shot = made_log(cut), snapshot(log, last - 60)
    rhythm = vars(rhythm_of(known, 60.0))
    alone = formula_of_fold(known, snapshot(known, last - 60), rhythm, 60)
    assert np.allclose(formula_of_fold(log, shot, rhythm, 60), alone, equal_nan=True)
    assert np.allclose(folds[-1].formula, alone, equal_nan=True)


def test_folds_come_oldest_first_and_hold_every_member(folds):
    assert [str(f.cutoff) for f in folds] == [day(d) for d in (220, 280, 340)]
    for fold in folds:
        assert {MODEL, "recency", "base_rate"} <= set(fold.churn_probability)
        assert all(len(p) == len(fold.churned) for p in fold.churn_probability.values())
        assert np.all((fold.clv_p10 <= fold.clv_p50) & (fold.clv_p50 <= fold.clv_p90))
        assert fold_metrics(fold)["churn"][MODEL]["auc"] > 0.75


def test_what_comes_after_a_cutoff_changes_no_prediction_there(folds):
    full = made_purchases(400)
    other = full["ordered_at"] >= str(folds[-1].cutoff)
    changed = pd.concat([full[~other], full[other].assign(amount=7.0)])
    again = folds_of(changed)
    for one, two in zip(folds, again, strict=True):
        for name, predicted in one.predicted_clv.items():
            assert np.array_equal(predicted, two.predicted_clv[name])
        for name, churn in one.churn_probability.items():
            assert np.array_equal(churn, two.churn_probability[name])
    assert not np.array_equal(folds[-1].future_value, again[-1].future_value)


@pytest.mark.parametrize("purchases", [repeated(50, lambda i: [0]), made_purchases(60, 100)])
def test_a_young_log_has_no_backtest(purchases):
    assert folds_of(purchases) == []
