from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.feature_table import FeatureTable
from models.carry import Carry
from models.heads import MODEL
from models.metrics import churn_metrics
from models.rules import BTYD_MODELS, RETURN_RULES, VALUE_RULES
from models.trees import TreeParameters
from tests.models.made import made_features, made_outcome, made_preparation
from training.calibrate import HeldOut, calibrated_heads, plain_value
from training.cross_fit import cross_fit
from training.fit_rows import FitRows, spend_unit
from training.links import RETURN

DAYS = 90
AT_HOME = Carry(DAYS, DAYS)
FEATURES = made_features(900)
PREPARATION = made_preparation(FEATURES)
INPUTS = PREPARATION.of(FEATURES)


def made_labels():
    churned, value = made_outcome(FEATURES)
    return pd.DataFrame(
        {"churned": churned, "future_orders": 2 * (1 - churned), "future_value": value}
    )


LABELS = made_labels()
CUSTOMER = np.arange(len(FEATURES)) // 2  # two windows of each
NEWEST = np.arange(len(FEATURES)) % 2 == 1


def held(features=None, labels=LABELS):
    beside = INPUTS.joined if features is None else FeatureTable.of(features)
    return HeldOut(beside, labels, CUSTOMER, NEWEST)


@pytest.fixture(scope="module")
def scores():
    rows = FitRows(
        INPUTS.dense, INPUTS.linear, LABELS, NEWEST.astype(int), np.zeros(2, bool), CUSTOMER,
        CUSTOMER % 3, spend_unit(LABELS),
    )  # fmt: skip
    return cross_fit(rows, TreeParameters(), n_folds=3, seed=0)


@pytest.fixture(scope="module")
def heads(scores):
    return calibrated_heads(held(), AT_HOME, scores)


def test_every_member_is_there_once(heads):
    assert list(heads.returns) == [MODEL, *RETURN_RULES]
    assert list(heads.values) == [MODEL, *VALUE_RULES]


@pytest.mark.parametrize("member", RETURN_RULES)
def test_a_rule_says_as_many_churn_as_did(heads, member):
    churn = heads.returns[member].churn_probability(INPUTS)
    assert churn.mean() == pytest.approx(LABELS["churned"].mean(), abs=0.005)


@pytest.mark.parametrize("member", VALUE_RULES)
def test_the_sum_of_a_rule_is_what_was_spent(heads, member):
    returns = heads.returns.get(member, heads.returns["past_rate"])
    found = heads.values[member].predict(INPUTS, returns)
    assert found.mean.sum() == pytest.approx(LABELS["future_value"].sum(), rel=1e-9)
    assert ((found.p10 <= found.p50) & (found.p50 <= found.p90)).all()


def from_raw(heads, churn, scores):
    plain = plain_value(held().features, scores, DAYS)
    raw = scores.unseen
    return heads.values[MODEL].from_raw(churn, raw["spend"], raw["total"], plain)


def test_the_model_is_calibrated_where_it_was_not_fitted(heads, scores):
    churn = heads.returns[MODEL].calibrator.probability(scores.unseen["return"])
    churned = LABELS["churned"].to_numpy()
    assert churn.mean() == pytest.approx(churned.mean(), abs=0.005)
    assert churn_metrics(churned, churn)["ece"] < 0.05
    value = from_raw(heads, churn, scores)
    assert value.mean.sum() == pytest.approx(LABELS["future_value"].sum(), rel=1e-9)


def test_shares_of_value_are_thirds_or_better_ones_and_add_up_to_one_at_most(heads):
    value = heads.values[MODEL]
    assert value.total_share >= 0
    assert value.btyd_share >= 0
    assert value.total_share + value.btyd_share <= 1 + 1e-12


def test_without_models_of_purchase_days_they_have_no_share(scores):
    value = calibrated_heads(held(FEATURES), AT_HOME, scores).values[MODEL]
    assert value.btyd_share == 0


def test_quantiles_of_the_model_hold_where_it_was_not_fitted(heads, scores):
    churn = heads.returns[MODEL].calibrator.probability(scores.unseen["return"])
    found = from_raw(heads, churn, scores)
    truth = LABELS["future_value"].to_numpy()
    for tau, quantile in ((0.1, found.p10), (0.5, found.p50), (0.9, found.p90)):
        assert (truth < quantile).mean() <= tau + 0.02
        assert (truth <= quantile).mean() >= tau - 0.02


def test_orders_of_the_model_have_the_level_that_came(heads, scores):
    assert heads.orders.score is scores.served["orders"]
    expected = heads.orders.level * np.exp(scores.unseen["orders"])
    assert expected.sum() == pytest.approx(LABELS["future_orders"].sum(), rel=1e-9)


def test_without_scores_rules_alone_are_calibrated_and_orders_keep_the_past_rate():
    found = calibrated_heads(held(), AT_HOME, None)
    assert MODEL not in {*found.returns, *found.values}
    assert found.orders.score is None
    assert found.orders.level > 0


def test_without_columns_of_models_of_purchase_days_the_simple_rules_are_left():
    found = calibrated_heads(held(FEATURES), AT_HOME, None)
    assert set(found.returns) == set(RETURN_RULES) - set(BTYD_MODELS)
    assert set(found.values) == set(VALUE_RULES) - set(BTYD_MODELS)


def test_a_shift_of_all_raw_scores_changes_no_probability(heads, scores):
    moved = replace(scores, unseen={**scores.unseen, "return": scores.unseen["return"] + 5.0})
    again = calibrated_heads(held(), AT_HOME, moved, spread_of_rules=False)
    one = heads.returns[MODEL].calibrator.probability(scores.unseen["return"])
    two = again.returns[MODEL].calibrator.probability(moved.unseen["return"])
    assert two == pytest.approx(one, abs=1e-4)


def test_scores_that_tell_nothing_are_calibrated_to_the_base_rate(scores):
    noise = np.random.default_rng(0).normal(size=len(FEATURES))
    blind = replace(scores, unseen={**scores.unseen, "return": 10 * noise})
    head = calibrated_heads(held(), AT_HOME, blind, spread_of_rules=False).returns[MODEL]
    churned = LABELS["churned"].to_numpy()
    base = np.full(len(churned), RETURN.start(churned))
    p = head.calibrator.probability(10 * noise)
    loss = RETURN.losses(churned, np.log(p / (1 - p))).mean()
    assert loss <= RETURN.losses(churned, base).mean() + 0.002


def test_where_nobody_spent_anything_next_to_nothing_is_expected(scores):
    free = LABELS.assign(future_value=0.0)
    found = calibrated_heads(held(labels=free), AT_HOME, scores)
    for member, value in found.values.items():
        returns = found.returns.get(member, found.returns["past_rate"])
        predicted = value.predict(INPUTS, returns)
        assert np.isfinite(predicted.mean).all()
        assert predicted.mean.mean() < 0.01


def test_members_that_the_others_lack_are_left_out(heads):
    rules = calibrated_heads(held(FEATURES), AT_HOME, None)
    left = heads.only(rules)
    assert set(left.returns) == set(rules.returns)
    assert set(left.values) == set(rules.values)
    assert left.returns["recency"] is heads.returns["recency"]
