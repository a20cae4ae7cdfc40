"""The quick ways of ranking and foreseeing a list give what the plain ones give."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.lists.audience import (
    LEFT_OUT,
    AudienceRules,
    Barred,
    Crowd,
    audience_in,
    audience_of,
)
from retention.lists.build import preview_list
from retention.lists.candidates import Pool
from retention.lists.contact_value import (
    ValueAssumptions,
    contact_order,
    contact_terms,
    expected_profit,
    with_response,
)
from retention.lists.gain import sensitivity
from retention.lists.plan import ListPlan
from retention.lists.power import _error, detectable_effect
from retention.lists.save_rate import SaveRate

# Few values, so that many customers are alike; some are no amounts in millionths.
AMOUNTS = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.25, 1 / 3, 7e12, 3.000001])


@given(
    profit=st.lists(AMOUNTS, max_size=40),
    outlay=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=40, max_size=40),
    is_paid=st.booleans(),
)
def test_customers_who_stand_in_order_are_ranked_as_by_their_ids(profit, outlay, is_paid):
    earned = np.array(profit)
    paid = np.array(outlay[: len(profit)]) if is_paid else None
    by_id = contact_order(earned, np.arange(len(profit)), paid)
    assert contact_order(earned, None, paid).tolist() == by_id.tolist()


def test_many_customers_are_ranked_by_profit_and_then_as_they_stand():
    profit = np.round(np.random.default_rng(0).normal(0, 3, 20_000), 3)
    order = contact_order(profit, None)
    assert order.tolist() == np.lexsort((np.arange(20_000), -profit))[: len(order)].tolist()
    assert (profit[order] > 0).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 500))
def test_the_effect_that_is_detectable_is_the_one_that_its_error_allows(p, arm):
    found = detectable_effect(np.array(p), contacted=arm, held=arm)
    if np.isfinite(found) and found > 0:
        error = _error(np.array(p), found, arm, arm)
        assert found == pytest.approx((1.959964 + 0.841621) * error, rel=1e-5)


@pytest.mark.parametrize("is_moved", [False, True])
def test_each_row_of_the_sensitivity_is_the_sum_over_the_customers(is_moved):
    rng = np.random.default_rng(3)
    p, spend, cost = rng.random(500), rng.gamma(2, 40, 500), rng.random(500)
    response = rng.normal(1, 1, 500) if is_moved else None
    assumed = ValueAssumptions(SaveRate(0.1, 0.03), 0.3, 0.5, incentive=2.0)
    found = sensitivity(p, spend, assumed, cost, response)
    rows = zip(found["assumption"], found["change"], found["net_gain"], strict=True)
    for assumption, change, net_gain in rows:
        factor = 1 + float(change)
        changed = {
            "save_rate": ValueAssumptions(SaveRate(0.1 * factor), 0.3, 0.5, incentive=2.0),
            "margin": ValueAssumptions(SaveRate(0.1), 0.3 * factor, 0.5, incentive=2.0),
            "contact_cost": assumed,
        }[str(assumption)]
        costs = cost * factor if assumption == "contact_cost" else cost
        terms = with_response(contact_terms(p, spend, changed, costs), response)
        plain = expected_profit(terms, changed.save_rate.mean).sum()
        assert net_gain == pytest.approx(plain, abs=1e-6)


def test_customers_who_are_alike_are_counted_as_one_by_one():
    rng, size = np.random.default_rng(5), 3000
    kinds = pd.DataFrame(
        {
            "score_status": ["scored", "scored", "too_new", "no_purchases", "scored"],
            "lifecycle_status": ["active", "lapsed", None, None, "new"],
            "value_tier": ["top", "low", None, None, "low"],
            "reachable_by": ["email", "", None, "post", None],
            "no_contact": [False, False, True, False, None],
        }
    )
    kind_of = rng.integers(0, 5, size)
    numbers = {
        "churn_probability": np.where(rng.random(size) < 0.1, np.nan, rng.random(size)),
        "value_at_risk": rng.gamma(2, 20, size),
    }
    ids = [f"c{i:05d}" for i in range(size)]
    frame = kinds.iloc[kind_of].reset_index(drop=True).assign(customer_id=ids, **numbers)
    crowd = Crowd(kinds, kind_of, numbers)
    places = {
        "held_out_elsewhere": np.arange(0, 300),
        "global_control": np.arange(200, 500),
        "contact_cap": np.arange(400, 900),
    }
    barred = Barred(*({ids[place] for place in group} for group in places.values()))
    for rules in (
        AudienceRules(),
        AudienceRules(lapsed=True, channel="email"),
        AudienceRules(allowed={"value_tier": ("top",)}, at_least={"value_at_risk": 30.0}),
    ):
        one, other = audience_in(crowd, rules, places), audience_of(frame, rules, barred)
        assert one.counts == other.counts
        assert one.positions.tolist() == other.positions.tolist()
        assert sum(one.counts[reason] for reason in LEFT_OUT) == size - one.counts["eligible"]


def test_a_preview_asks_for_no_id_of_those_who_stand_in_order():
    def ids():
        raise AssertionError("nobody needs them")

    rng = np.random.default_rng(2)
    p, spend = rng.random(400), rng.gamma(2, 40, 400)
    assumed = ValueAssumptions(SaveRate(0.1, 0.03), 0.3, 0.5, incentive=2.0)
    for budget in (None, 50.0):
        plan = ListPlan("spring", assumed, dt.date(2025, 6, 1), budget=budget)
        told = preview_list(Pool(p, spend, ids, ascending=True), plan)
        columns = {"return_probability": p, "expected_spend": spend}
        frame = pd.DataFrame({"customer_id": [f"c{i:03d}" for i in range(400)], **columns})
        plain = preview_list(frame.sample(frac=1, random_state=1), plan)
        assert told.counts == plain.counts
        assert told.outlay == pytest.approx(plain.outlay, abs=1e-9)
        assert told.gain.mean == pytest.approx(plain.gain.mean, abs=1e-9)
        assert told.holdout.sentence == plain.holdout.sentence
