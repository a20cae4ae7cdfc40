"""Expected maximum profit in the model card."""

import json

import pytest

from training.card import card
from training.card_emp import emp


def test_every_predictor_of_return_is_measured_in_money(result):
    found = emp(result.folds, {"return": "model", "value": "model"}, 0.4)
    assert set(found["members"]) == set(result.folds[0].churn_probability)
    for told in found["members"].values():
        assert 0 <= told["profit"] <= found["perfect"]
        assert 0 <= told["share"] <= 1
    assert found["incentive"] == pytest.approx(0.05 * found["mean_value"])
    assert found["contact_cost"] == pytest.approx(0.005 * found["mean_value"])


def test_without_a_margin_the_money_is_revenue(result):
    served = {"return": "model", "value": "model"}
    revenue, profit = emp(result.folds, served, None), emp(result.folds, served, 0.5)
    assert (revenue["margin"], profit["margin"]) == (None, 0.5)
    assert profit["perfect"] == pytest.approx(0.5 * revenue["perfect"])


def test_without_a_fold_nothing_is_told():
    assert emp([], {}, 0.4) == {}


def test_it_stands_in_the_card_as_strict_json(result):
    told = card(result)["emp"]
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["members"]["model"]["profit"] > 0
