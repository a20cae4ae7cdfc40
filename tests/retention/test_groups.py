import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention import groups
from tests.retention.made import RHYTHM

PROBABILITIES = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=200).map(np.array)


def present(n):
    """Features of n customers who bought yesterday."""
    row = {"days_since_last": 1.0, "frequency": 3.0, "mean_gap": 60.0, "last_gap": 60.0}
    return pd.DataFrame([row] * n)


def test_groups_by_orders_are_1_2_3_5_10():
    orders = np.array([0.0, 1, 2, 3, 4, 5, 9, 10, 99])
    assert groups.order_group(orders).tolist() == [0, 0, 1, 2, 2, 3, 3, 4, 4]


def test_usual_churn_is_that_of_customers_with_as_many_orders():
    orders = np.repeat([1.0, 12.0], 5000)
    churned = np.concatenate([np.arange(5000) % 10 < 8, np.arange(5000) % 10 < 2]).astype(float)
    usual = groups.usual_churn(orders, churned)
    # 20 customers of the overall share 0.5 are added to each group.
    assert usual[0] == pytest.approx((4000 + 10) / 5020)
    assert usual[4] == pytest.approx((1000 + 10) / 5020)
    assert usual[1:4] == [0.5, 0.5, 0.5]


def test_a_third_of_the_customers_there_is_at_medium_or_high_risk():
    probability = (np.arange(1000) + 0.5) / 1000
    limits = groups.risk_limits(present(1000), probability, RHYTHM)
    tiers = groups.risk_tier(probability, limits)
    assert [int((tiers == t).sum()) for t in ("low", "medium", "high")] == [700, 200, 100]
    assert (np.sort(tiers[probability > limits[1]]) == "high").all()


def test_lapsed_customers_do_not_move_the_limits():
    features = pd.concat([present(100), present(900).assign(days_since_last=5000.0)])
    probability = np.concatenate([np.linspace(0, 0.5, 100), np.full(900, 0.99)])
    assert groups.risk_limits(features, probability, RHYTHM)[1] < 0.5


@pytest.mark.parametrize("shared", [1e-6, 0.3, 1 - 1e-6])
def test_a_probability_that_all_share_is_no_high_risk(shared):
    probability = np.full(50, shared)
    limits = groups.risk_limits(present(50), probability, RHYTHM)
    assert set(groups.risk_tier(probability, limits)) == {"low"}


def test_limits_of_the_settings_belong_to_the_higher_tier():
    tiers = groups.risk_tier(np.array([0.49, 0.5, 0.74, 0.75]), [0.5, 0.75])
    assert tiers.tolist() == ["low", "medium", "medium", "high"]


def test_percentiles_and_value_tiers_of_a_hundred_customers():
    rising = (np.arange(100) + 1.0) / 101
    cuts = groups.cut_points(rising, rising * 1000)
    assert groups.churn_percentile(rising, cuts).tolist() == list(range(1, 101))
    tiers = groups.value_tier(rising * 1000, cuts)
    assert [int((tiers == t).sum()) for t in groups.VALUE_TIERS] == [50, 30, 15, 5]
    assert tiers[-1] == "top"


@settings(max_examples=50, deadline=None)
@given(PROBABILITIES)
def test_percentiles_lie_between_1_and_100_and_follow_the_risk(probability):
    cuts = groups.cut_points(probability, probability)
    found = groups.churn_percentile(probability, cuts)
    assert ((found >= 1) & (found <= 100)).all()
    order = np.argsort(probability, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    # A request may come with a probability that the batch had not.
    assert groups.churn_percentile(np.array([0.0, 1.0]), cuts).tolist() == [1, 100]


@settings(max_examples=50, deadline=None)
@given(PROBABILITIES)
def test_at_most_as_many_are_top_as_the_tier_allows(value):
    tiers = groups.value_tier(value, groups.cut_points(value, value))
    assert (tiers == "top").sum() <= 0.05 * len(value) + 1
    assert np.isin(tiers, ["top", "high"]).sum() <= 0.2 * len(value) + 1
    assert (np.isin(tiers, ["low"])).any()
