"""What a contact is expected to earn, by hand and by its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.lists.contact_value import (
    ValueAssumptions,
    break_even_save_rate,
    contact_order,
    contact_terms,
    expected_outlay,
    expected_profit,
    spend_if_stays,
)
from retention.lists.save_rate import SaveRate

ASSUMED = ValueAssumptions(
    SaveRate(0.1), margin=0.5, contact_cost=1.0, incentive=10.0,
    redemption_saved=0.8, redemption_anyway=0.25, kappa=0.9,
)  # fmt: skip


def test_worked_example():
    terms = contact_terms([0.4], [100.0], ASSUMED)
    # m V = 0.5 x 0.9 x 100 = 45, less 0.8 x 10 = 37; 0.6 x 0.1 x 37 = 2.22; 0.4 x 0.25 x 10 = 1.
    assert terms.gain == pytest.approx([37.0])
    assert expected_profit(terms, 0.1) == pytest.approx([2.22 - 1.0 - 1.0])
    assert break_even_save_rate(terms) == pytest.approx([2.0 / (0.6 * 37.0)])
    assert expected_outlay(terms, ASSUMED) == pytest.approx([1.0 + 1.0 + 0.06 * 8.0])


@given(
    p=st.floats(0, 0.99),
    spend=st.floats(20, 500),
    cost=st.floats(0.01, 20),
)
def test_a_contact_earns_nothing_at_its_break_even_save_rate(p, spend, cost):
    terms = contact_terms([p], [spend], ASSUMED, [cost])
    rate = break_even_save_rate(terms)[0]
    if np.isfinite(rate):
        assert expected_profit(terms, rate)[0] == pytest.approx(0, abs=1e-6 * (1 + cost + spend))


def test_break_even_is_undefined_where_the_saved_bring_less_than_the_incentive():
    terms = contact_terms([0.4, 0.4, 1.0], [8.0 / 0.45, 1.0, 100.0], ASSUMED)
    assert np.isnan(break_even_save_rate(terms)).all()
    assert (expected_profit(terms, 0.1) < 0).all()


def test_unknown_spend_is_never_worth_a_contact():
    terms = contact_terms([0.1, 0.1], [np.nan, 500.0], ASSUMED)
    profit = expected_profit(terms, 0.1)
    assert np.isnan(profit[0])
    assert contact_order(profit, np.array(["a", "b"])).tolist() == [1]


def test_a_budget_goes_to_profit_per_unit_of_cost_and_a_count_to_profit():
    profit, outlay = np.array([4.0, 9.0, -1.0, 2.0]), np.array([1.0, 9.0, 1.0, 0.1])
    names = np.array(["a", "b", "c", "d"])
    assert contact_order(profit, names, outlay).tolist() == [3, 0, 1]
    assert contact_order(profit, names).tolist() == [1, 0, 3]
    assert contact_order(profit, names, np.full(4, 2.0)).tolist() == [1, 0, 3]


@given(st.permutations(range(8)))
def test_the_order_of_rows_does_not_matter(order):
    profit = np.array([3.0, 3.0, 1.0, 5.0, -1.0, 3.0, 2.0, 0.0])[list(order)]
    names = np.array(list("abcdefgh"))[list(order)]
    assert "".join(names[contact_order(profit, names)]) == "dabfgc"


def test_a_free_contact_comes_before_any_that_costs():
    profit, outlay = np.array([1.0, 100.0, 2.0]), np.array([0.0, 1.0, 0.0])
    assert contact_order(profit, np.array(["a", "b", "c"]), outlay).tolist() == [2, 0, 1]


def test_spend_of_one_who_stays_is_the_value_at_risk_over_the_risk():
    assert spend_if_stays([30.0, 0.0], [0.6, 0.0])[0] == pytest.approx(50.0)
    assert np.isnan(spend_if_stays([30.0, 0.0], [0.6, 0.0])[1])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"margin": 40.0}, "margin must be between 0 and 1, got 40.0; 40 % is 0.4"),
        ({"kappa": 1.2}, "kappa must be between 0 and 1"),
        ({"contact_cost": -1.0}, "contact_cost must be an amount of 0 or more"),
        ({"incentive": float("nan")}, "incentive must be an amount of 0 or more"),
        ({"redemption_anyway": float("nan")}, "redemption_anyway must be between 0 and 1"),
    ],
)
def test_assumptions_that_cannot_be_are_refused(wrong, said):
    good = {"save_rate": SaveRate(0.1), "margin": 0.4, "contact_cost": 1.0}
    with pytest.raises(ValueError, match=said):
        ValueAssumptions(**{**good, **wrong})


def test_a_probability_outside_0_1_is_named():
    with pytest.raises(ValueError, match="1 of 2 probabilities of return are outside 0-1, .*1.5"):
        contact_terms([0.5, 1.5], [1.0, 1.0], ASSUMED)
    with pytest.raises(ValueError, match="1 of 2 costs of contact"):
        contact_terms([0.5, 0.5], [1.0, 1.0], ASSUMED, [1.0, np.nan])
    with pytest.raises(ValueError, match="same customers, got shapes"):
        contact_terms([0.5, 0.5], [1.0], ASSUMED)


def test_a_save_rate_has_the_mean_and_spread_it_is_given():
    rate = SaveRate(0.06, 0.02)
    draws = rate.draws(200_000, seed=1)
    assert draws.mean() == pytest.approx(0.06, abs=0.0002)
    assert draws.std() == pytest.approx(0.02, abs=0.0002)
    assert (rate.draws(5, seed=1) == rate.draws(5, seed=1)).all()
    assert rate.beta is not None
    a, b = rate.beta
    assert SaveRate.from_beta(a, b).sd == pytest.approx(0.02)
    assert SaveRate(0.3).draws(3, seed=0).tolist() == [0.3, 0.3, 0.3]


@pytest.mark.parametrize(
    ("mean", "sd"), [(1.5, 0.0), (-0.1, 0.0), (0.1, 0.4), (0.1, -1.0), (0.0, 0.1)]
)
def test_a_save_rate_that_cannot_be_is_refused(mean, sd):
    with pytest.raises(ValueError, match="save rate"):
        SaveRate(mean, sd)
