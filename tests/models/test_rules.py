import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME
from features.feature_table import FeatureTable
from models.btyd_columns import BtydColumns
from models.inputs import Preparation
from models.rules import (
    BTYD_MODELS,
    RETURN_RULES,
    RULE_FEATURE,
    SPEND_RULES,
    VALUE_RULES,
    return_rules,
    value_rules,
)
from tests.models.made import HISTORIES, SPEND

PLAIN = pd.DataFrame(
    {
        "days_since_last": [10.0, 100.0, np.nan],
        "T": [100.0, 100.0, np.nan],
        "n_orders": [5.0, 1.0, 0.0],
        "average_order_value": [20.0, 50.0, np.nan],
        "spend_90d": [60.0, 0.0, -5.0],
        "spend_7d": [1.0, 0.0, 0.0],
        "spend_365d": [365.0, 50.0, 0.0],
        "frequency": [4.0, 0.0, np.nan],
        "recency": [90.0, 0.0, np.nan],
        "monetary_value": [20.0, np.nan, np.nan],
    }
)
BTYD = BtydColumns(90, HISTORIES, SPEND)
CUSTOMERS = Preparation(tuple(map(str, PLAIN)), BTYD).of(PLAIN).joined


def test_worked_examples():
    assert RETURN_RULES["recency"](CUSTOMERS, 90)[:2] == pytest.approx(np.log([11, 101]))
    assert RETURN_RULES["no_purchase_in_horizon"](CUSTOMERS, 90).tolist() == [0, 1, 1]
    assert RETURN_RULES["past_rate"](CUSTOMERS, 90)[0] == pytest.approx(-np.log(4.51))
    # 5 orders in 100 days, 20 each, over 90 days.
    assert VALUE_RULES["rate_times_order_value"](CUSTOMERS, 90).tolist() == [90.0, 45.0, 0.0]
    assert VALUE_RULES["last_window_spend"](CUSTOMERS, 91)[0] == pytest.approx(60 * 91 / 90)
    assert VALUE_RULES["last_window_spend"](CUSTOMERS, 730)[0] == pytest.approx(730)


@pytest.mark.parametrize("name", RETURN_RULES)
def test_return_rules_rise_with_the_risk_of_churn(name):
    score = RETURN_RULES[name](CUSTOMERS, 90)
    assert np.isfinite(score).all()
    assert score[0] <= score[1]
    # Of one who never bought a buy-till-you-die model says nothing either way.
    assert score[1] <= score[2] or (name in BTYD_MODELS and score[2] == 0)


@pytest.mark.parametrize("name", VALUE_RULES)
def test_value_rules_are_never_negative(name):
    value = VALUE_RULES[name](CUSTOMERS, 90)
    assert np.isfinite(value).all()
    assert (value >= 0).all()


def test_a_young_customer_does_not_count_as_very_frequent():
    young = pd.DataFrame({"T": [1.0], "n_orders": [1.0], "average_order_value": [10.0]})
    assert VALUE_RULES["rate_times_order_value"](FeatureTable.of(young), 90).tolist() == [30.0]


@pytest.mark.parametrize("name", BTYD_MODELS)
def test_a_model_of_purchase_days_says_what_its_formulas_do(name):
    model = HISTORIES[name]
    x, t_x, T = (PLAIN[n].to_numpy()[:2] for n in ("frequency", "recency", "T"))
    p = model.p_zero(x, t_x, T, 90)
    score = RETURN_RULES[name](CUSTOMERS, 90)[:2]
    assert score == pytest.approx(np.log(p / (1 - p)))
    orders = model.expected_purchases(x, t_x, T, 90)
    a_day = SPEND.expected_value(x, PLAIN["monetary_value"].to_numpy()[:2])
    assert VALUE_RULES[name](CUSTOMERS, 90)[:2] == pytest.approx(orders * a_day)
    assert SPEND_RULES[name](CUSTOMERS, 90)[:2] == pytest.approx(orders * a_day / (1 - p))


def test_models_are_asked_where_their_columns_are():
    assert set(return_rules(CUSTOMERS.names)) == set(RETURN_RULES)
    assert set(value_rules(CUSTOMERS.names)) == set(VALUE_RULES)
    assert not set(return_rules(list(PLAIN.columns))) & set(BTYD_MODELS)
    without = [name for name in CUSTOMERS.names if name != "btyd_spend"]
    assert set(value_rules(without)) == set(VALUE_RULES) - set(BTYD_MODELS)
    assert set(return_rules(without)) == set(RETURN_RULES)


def test_rules_read_features_of_the_catalogue():
    assert set(PLAIN) <= set(BY_NAME)
    assert set(RULE_FEATURE) <= set(RETURN_RULES)
    assert set(RULE_FEATURE.values()) <= set(BY_NAME)
