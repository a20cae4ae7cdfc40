from dataclasses import replace

import numpy as np
import pytest

from models.calibration import PlattCalibrator
from models.carry import Carry
from models.heads import ReturnHead, ValueHead
from models.rules import RETURN_RULES, VALUE_RULES
from models.spread import SpendSpread
from tests.models.made import made_features, made_heads, made_outcome

FEATURES = made_features()
SPREAD = SpendSpread(np.empty(0), np.linspace(0, 2, 101)[None, :])


def rule_head(member="recency", carry=Carry(90, 90), centre=3.0):  # noqa: B008 - frozen
    return ReturnHead(member, PlattCalibrator(1.2, -4.5), carry, centre)


def heads():
    """One value head of every kind, at home and carried to a year."""
    model, values = made_heads()
    found = []
    for carry in (Carry(90, 90), Carry(90, 365, 0.6, 0.9)):
        returns = rule_head(carry=carry)
        found.append(replace(values, returns=replace(model, carry=carry)))
        found += [ValueHead(member, returns, 0.9, SPREAD, base=0.5) for member in VALUE_RULES]
    return found


@pytest.mark.parametrize(
    "head", heads(), ids=lambda h: f"{h.member}-{h.returns.carry.horizon_days}"
)
def test_values_are_finite_and_in_order(head):
    found = head.predict(FEATURES)
    for value in (found.mean, found.p10, found.p50, found.p90, found.spend_if_return):
        assert np.isfinite(value).all()
        assert (value >= 0).all()
    assert (found.p10 <= found.p50).all()
    assert (found.p50 <= found.p90).all()


def test_a_models_value_is_what_is_spent_on_return_times_the_chance_of_it():
    for head in heads():
        if head.booster is not None:
            found = head.predict(FEATURES)
            churn = head.returns.churn_probability(FEATURES)
            assert found.mean == pytest.approx((1 - churn) * found.spend_if_return)


@pytest.mark.parametrize("member", VALUE_RULES)
def test_what_a_rule_expects_on_return_does_not_grow_with_silence(member):
    head = ValueHead(member, rule_head(), 0.9, SPREAD, base=0.5)
    alike = FEATURES.assign(average_order_value=50.0, n_orders=4.0, T=400.0, spend_90d=0.0)
    silent = alike.assign(days_since_last=390.0)
    spend = head.predict(silent).spend_if_return
    assert spend == pytest.approx(head.predict(alike).spend_if_return)
    assert (spend < 50 * 3).all()


def test_a_head_without_any_expectation_predicts_nothing():
    nobody = FEATURES.assign(n_orders=0.0, average_order_value=0.0)
    found = ValueHead("rate_times_order_value", rule_head(), 1.0, SPREAD).predict(nobody)
    for value in (found.mean, found.p50, found.p90, found.spend_if_return):
        assert (value == 0).all()


def test_trees_find_the_law_of_the_made_customers():
    churned, _ = made_outcome(FEATURES)
    returns, _ = made_heads()
    probability = returns.churn_probability(FEATURES)
    assert probability[churned == 1].mean() > probability[churned == 0].mean() + 0.15
    assert probability.mean() == pytest.approx(churned.mean(), abs=0.01)


def test_the_order_of_columns_does_not_matter():
    returns, values = made_heads()
    turned = FEATURES[FEATURES.columns[::-1]].assign(unknown=1.0)
    assert np.array_equal(returns.raw(turned), returns.raw(FEATURES))
    assert np.array_equal(values.predict(turned).mean, values.predict(FEATURES).mean)
    names = list(FEATURES)
    one, other = returns.contributions(turned)[names], returns.contributions(FEATURES)[names]
    assert one.equals(other)


@pytest.mark.parametrize("member", ["model", *RETURN_RULES])
def test_one_customer_alone_is_as_in_the_batch(member):
    head = made_heads()[0] if member == "model" else rule_head(member)
    batch, explained = head.churn_probability(FEATURES), head.contributions(FEATURES)
    for i in range(0, len(FEATURES), 37):
        alone = FEATURES.iloc[[i]]
        assert head.churn_probability(alone)[0] == batch[i]
        assert head.contributions(alone).iloc[0].tolist() == explained.iloc[i].tolist()


def test_contributions_add_up_to_the_log_odds():
    returns, _ = made_heads()
    parts = returns.contributions(FEATURES)
    odds = returns.calibrator.slope * returns.raw(FEATURES)
    rest = odds - parts.sum(axis=1).to_numpy()
    assert rest == pytest.approx(np.full(len(rest), rest[0]), abs=1e-4)  # float32 sums


def test_a_rule_explains_itself_by_its_feature():
    explained = rule_head().contributions(FEATURES)
    assert list(explained) == ["days_since_last"]
    longer = FEATURES["days_since_last"] > np.expm1(3.0)
    assert ((explained["days_since_last"] > 0) == longer).all()
    assert rule_head("base_rate").contributions(FEATURES).shape == (len(FEATURES), 0)
