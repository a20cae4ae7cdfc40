import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME
from models.rules import RETURN_RULES, RULE_FEATURE, VALUE_RULES

CUSTOMERS = pd.DataFrame(
    {
        "days_since_last": [10.0, 100.0, np.nan],
        "T": [100.0, 100.0, np.nan],
        "n_orders": [5.0, 1.0, 0.0],
        "average_order_value": [20.0, 50.0, np.nan],
        "spend_90d": [60.0, 0.0, -5.0],
        "spend_7d": [1.0, 0.0, 0.0],
        "spend_365d": [365.0, 50.0, 0.0],
    }
)


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
    assert score[0] <= score[1] <= score[2]


@pytest.mark.parametrize("name", VALUE_RULES)
def test_value_rules_are_never_negative(name):
    value = VALUE_RULES[name](CUSTOMERS, 90)
    assert np.isfinite(value).all()
    assert (value >= 0).all()


def test_a_young_customer_does_not_count_as_very_frequent():
    young = pd.DataFrame({"T": [1.0], "n_orders": [1.0], "average_order_value": [10.0]})
    assert VALUE_RULES["rate_times_order_value"](young, 90).tolist() == [30.0]


def test_rules_read_features_of_the_catalogue():
    assert set(CUSTOMERS) <= set(BY_NAME)
    assert set(RULE_FEATURE) <= set(RETURN_RULES)
    assert set(RULE_FEATURE.values()) <= set(BY_NAME)
