from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.feature_table import FeatureTable
from models.carry import Carry
from models.heads import MODEL
from models.trees import TreeParameters
from tests.models.made import made_features, made_outcome, made_preparation
from training.calibrate import HeldOut, calibrated_heads
from training.cross_fit import cross_fit
from training.fit_rows import FitRows, spend_unit
from training.judged import judged_by_customer

DAYS = 90
FEATURES = made_features(800)
INPUTS = made_preparation(FEATURES).of(FEATURES)
CHURNED, VALUE = made_outcome(FEATURES)
LABELS = pd.DataFrame({"churned": CHURNED, "future_orders": 1 - CHURNED, "future_value": VALUE})
CUSTOMER = np.arange(len(FEATURES)) // 2  # two windows of each
NEWEST = np.arange(len(FEATURES)) % 2 == 1
FOLD = CUSTOMER % 4
HELD = HeldOut(INPUTS.joined, LABELS, CUSTOMER, NEWEST)


@pytest.fixture(scope="module")
def scores():
    rows = FitRows(
        INPUTS.dense, INPUTS.linear, LABELS, NEWEST.astype(int), np.zeros(2, bool), CUSTOMER, FOLD,
        spend_unit(LABELS),
    )  # fmt: skip
    return cross_fit(rows, TreeParameters(), n_folds=4, seed=0)


def judge(scores, held=HELD):
    return judged_by_customer(held, INPUTS, scores, FOLD, cutoff=19_700, days=DAYS)


@pytest.fixture(scope="module")
def judged(scores):
    return judge(scores)


def by_customer(found, values):
    return values[np.argsort(found.customers)]


def test_each_customer_of_the_newest_window_is_judged_once(judged):
    assert sorted(judged.customers) == list(CUSTOMER[NEWEST])
    assert np.array_equal(by_customer(judged, judged.churned), CHURNED[NEWEST])
    assert np.array_equal(by_customer(judged, judged.future_value), VALUE[NEWEST])
    orders = FEATURES["n_orders"].to_numpy()[NEWEST]
    assert np.array_equal(by_customer(judged, judged.n_orders), orders)
    assert str(judged.cutoff) == "2023-12-09"
    assert (judged.churn_horizon_days, judged.value_horizon_days) == (DAYS, DAYS)


def test_every_member_predicts_every_customer(judged, scores):
    heads = calibrated_heads(HELD, Carry(DAYS, DAYS), scores)
    assert set(judged.churn_probability) == set(heads.returns)
    assert set(judged.predicted_clv) == set(heads.values)
    for said in (*judged.churn_probability.values(), *judged.predicted_clv.values()):
        assert said.shape == judged.churned.shape
        assert np.isfinite(said).all()
    assert (judged.clv_p10 <= judged.clv_p50).all()
    assert (judged.clv_p50 <= judged.clv_p90).all()


def test_what_a_customer_did_does_not_change_what_is_said_of_them(judged, scores):
    # Fold 2 as if nobody had come back: its own predictions stay, those of the others move.
    mine = FOLD == 2
    other = LABELS.assign(
        churned=np.where(mine, 1.0, CHURNED),
        future_orders=np.where(mine, 0.0, LABELS["future_orders"]),
        future_value=np.where(mine, 0.0, VALUE),
    )
    again = judge(scores, replace(HELD, labels=other))
    there = judged.customers % 4 == 2
    assert np.array_equal(judged.customers, again.customers)
    for part in ("churn_probability", "predicted_clv"):
        for member, said in getattr(judged, part).items():
            moved = getattr(again, part)[member]
            assert np.array_equal(said[there], moved[there]), member
            assert not np.array_equal(said[~there], moved[~there]), member
    assert np.array_equal(judged.clv_p90[there], again.clv_p90[there])


def test_the_model_is_judged_by_raw_scores_that_did_not_see_its_customers(judged, scores):
    mixed = replace(scores, unseen={n: np.zeros_like(r) for n, r in scores.unseen.items()})
    # Without models of purchase days in the blend nothing else can tell one from another.
    blind = judge(mixed, replace(HELD, features=FeatureTable.of(FEATURES)))
    assert np.unique(blind.churn_probability[MODEL]).size == 4, "one base rate for each fold"
    assert np.array_equal(blind.churn_probability["recency"], judged.churn_probability["recency"])


def test_a_fold_without_anybody_in_the_newest_window_is_passed_over(scores):
    held = replace(HELD, newest=NEWEST & (FOLD != 1))
    found = judge(scores, held)
    assert set(found.customers % 4) == {0, 2, 3}
