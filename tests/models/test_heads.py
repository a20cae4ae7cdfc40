from dataclasses import replace

import numpy as np
import pytest

from models.carry import Carry
from models.heads import HIGHEST_LOG, OrdersHead, ValueHead, exp_held, past_orders
from models.rules import BTYD_MODELS, RETURN_RULES, VALUE_RULES
from models.spread import SpendSpread
from tests.models.made import (
    carried,
    made_features,
    made_heads,
    made_outcome,
    made_rule,
    ruled,
)

FEATURES = made_features()
SPREAD = SpendSpread(np.empty(0), np.linspace(0, 2, 101)[None, :])
YEAR = Carry(90, 365, 0.6, 0.9)


def horizons():
    """Heads of every kind, at home and carried to a year."""
    model = made_heads()
    found = []
    for carry in (Carry(90, 90), YEAR):
        served = carried(model, carry)
        found += [served, *(ruled(served, value=member) for member in VALUE_RULES)]
    return found


@pytest.mark.parametrize("model", horizons(), ids=lambda m: f"{m.value.member}-{m.horizon_days}")
def test_values_are_finite_and_in_order(model):
    outlook = model.predict(FEATURES)
    found = outlook.value
    for value in (found.mean, found.p50, found.p90, found.spend_if_return, outlook.orders):
        assert np.isfinite(value).all()
        assert (value >= 0).all()
    assert np.isfinite(found.p10).all()
    assert (found.p10 <= found.p50).all()
    assert (found.p50 <= found.p90).all()
    assert ((outlook.churn > 0) & (outlook.churn < 1)).all()


def test_without_an_undivided_score_value_is_spend_on_return_times_the_chance_of_it():
    for carry in (Carry(90, 90), YEAR):
        served = carried(made_heads(), carry)
        hurdle = replace(served, value=replace(served.value, total_share=0.0))
        found = hurdle.predict(FEATURES)
        assert found.value.mean == pytest.approx((1 - found.churn) * found.value.spend_if_return)


def test_the_undivided_score_is_mixed_in_by_its_share():
    served = made_heads()
    means = [
        replace(served, value=replace(served.value, total_share=share)).predict(FEATURES).value.mean
        for share in (0.0, 0.25, 1.0)
    ]
    assert means[1] == pytest.approx(0.75 * means[0] + 0.25 * means[2])


@pytest.mark.parametrize("member", [m for m in VALUE_RULES if m not in BTYD_MODELS])
def test_what_a_rule_expects_on_return_does_not_grow_with_silence(member):
    head = ValueHead(member, 0.9, SPREAD, base=0.5)
    rules = replace(ruled(made_heads()), value=head)
    alike = FEATURES.assign(average_order_value=50.0, n_orders=4.0, T=400.0, spend_90d=0.0)
    silent = alike.assign(days_since_last=390.0)
    spend = rules.predict(silent).value.spend_if_return
    assert spend == pytest.approx(rules.predict(alike).value.spend_if_return)
    assert (spend < 50 * 3).all()


def test_a_head_without_any_expectation_predicts_nothing():
    nobody = FEATURES.assign(n_orders=0.0, average_order_value=0.0)
    head = ValueHead("rate_times_order_value", 1.0, SPREAD)
    found = replace(ruled(made_heads()), value=head).predict(nobody).value
    for value in (found.mean, found.p50, found.p90):
        assert (value == 0).all()
    assert found.spend_if_return == pytest.approx(np.zeros(len(nobody)))


def test_quantiles_below_zero_come_where_refunds_were_seen():
    refunded = replace(
        SPREAD, shares=np.array([[0.15, 0.15, 0.0]]), refunds=np.linspace(-1.0, -0.01, 101)
    )
    served = made_heads()
    found = replace(served, value=replace(served.value, spread=refunded)).predict(FEATURES).value
    assert (found.p10 < 0).all()
    assert (found.p50 >= 0).all()


def test_scores_find_the_law_of_the_made_customers():
    churned, _ = made_outcome(FEATURES)
    probability = made_heads().churn_probability(FEATURES)
    assert probability[churned == 1].mean() > probability[churned == 0].mean() + 0.15
    assert probability.mean() == pytest.approx(churned.mean(), abs=0.01)


def test_the_order_of_columns_does_not_matter():
    served = made_heads()
    turned = FEATURES[FEATURES.columns[::-1]].assign(unknown=1.0)
    one, other = served.predict(turned), served.predict(FEATURES)
    assert np.array_equal(one.churn, other.churn)
    assert np.array_equal(one.value.mean, other.value.mean)
    assert np.array_equal(one.orders, other.orders)
    assert served.contributions(turned).equals(served.contributions(FEATURES))


@pytest.mark.parametrize("member", ["model", *RETURN_RULES])
def test_one_customer_alone_is_as_in_the_batch(member):
    model = made_heads() if member == "model" else ruled(made_heads(), made_rule(member))
    batch, explained = model.predict(FEATURES), model.contributions(FEATURES)
    for i in range(0, len(FEATURES), 37):
        alone = model.predict(FEATURES.iloc[[i]])
        assert alone.churn[0] == pytest.approx(batch.churn[i], rel=1e-12)
        assert alone.orders[0] == pytest.approx(batch.orders[i], rel=1e-12)
        assert alone.value.p90[0] == pytest.approx(batch.value.p90[i], rel=1e-9)
        found = model.contributions(FEATURES.iloc[[i]]).iloc[0].tolist()
        assert found == pytest.approx(explained.iloc[i].tolist(), abs=1e-12)


def test_contributions_add_up_to_the_log_odds():
    served = made_heads()
    inputs = served.inputs(FEATURES)
    parts = served.contributions(FEATURES)
    odds = served.returns.calibrator.slope * served.returns.raw(inputs)
    rest = odds - parts.sum(axis=1).to_numpy()
    assert rest == pytest.approx(np.full(len(rest), rest[0]), abs=1e-4)  # float32 sums


def test_a_rule_explains_itself_by_its_feature():
    rules = ruled(made_heads())
    explained = rules.contributions(FEATURES)
    assert list(explained) == ["days_since_last"]
    longer = FEATURES["days_since_last"] > np.expm1(3.0)
    assert ((explained["days_since_last"] > 0) == longer).all()
    everybody = replace(rules, returns=made_rule("base_rate"))
    assert everybody.contributions(FEATURES).shape == (len(FEATURES), 0)


def test_who_returns_places_an_order_at_least():
    few = replace(made_heads(), orders=OrdersHead(1e-6))
    found = few.predict(FEATURES)
    assert found.orders == pytest.approx(1 - found.churn)


def test_past_orders_are_counted_over_thirty_days_at_least():
    some = FEATURES.iloc[:3].assign(T=[10.0, 300.0, np.nan], n_orders=[1.0, 10.0, 0.0])
    assert past_orders(some, 90).tolist() == [3.0, 3.0, 0.0]


def test_no_expectation_is_absurd():
    assert exp_held(np.array([0.0, 1000.0])).tolist() == [1.0, np.exp(HIGHEST_LOG)]


@pytest.mark.parametrize("member", BTYD_MODELS)
def test_a_buy_till_you_die_model_explains_itself_by_silence_and_orders(member):
    model = ruled(made_heads(), made_rule(member))
    explained = model.contributions(FEATURES)
    assert list(explained) == ["days_since_last", "n_orders"]
    # Silence is held against a purchase just now, so it speaks for a customer only where purchases
    # come regularly and the next is nearer than it was then.
    if member != "mbg_cnbd_k":
        assert (explained["days_since_last"] >= -1e-9).all()
    assert (explained["n_orders"] < 0).any()
    head = model.returns
    odds = head.calibrator.slope * (head.raw(model.inputs(FEATURES)) - head.centre)
    assert explained.sum(axis=1).to_numpy() == pytest.approx(odds, abs=1e-9)


def test_longer_silence_of_the_same_customer_weighs_more_in_a_buy_till_you_die_model():
    model = ruled(made_heads(), made_rule("bg_nbd"))
    row = FEATURES[FEATURES["frequency"] >= 2].iloc[[0] * 4].reset_index(drop=True)
    silent = np.array([0.0, 30.0, 90.0, 180.0])
    row = row.assign(T=row["recency"] + silent, days_since_last=silent)
    weight = model.contributions(row)["days_since_last"].to_numpy()
    assert weight[0] == pytest.approx(0, abs=1e-9)
    assert (np.diff(weight) > 0).all()
