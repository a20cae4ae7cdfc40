import numpy as np
import pytest

from retention.clv.formula import (
    bare_clv,
    formula_bias,
    orders_per_year,
    simple_clv,
    within_horizon,
)

# Order value, orders a year, years of custom, value.
BRANCHES = {
    "the example": (50, 4, 3, 600),
    "retail": (40, 8, 2, 640),
    "IT services": (300, 2, 5, 3_000),
    "restaurants": (25, 12, 1.5, 450),
    "fitness": (60, 6, 3, 1_080),
    "books": (20, 4, 4, 320),
    "B2B consulting": (1_000, 1, 7, 7_000),
    "fashion": (80, 5, 2, 800),
    "medical technology": (500, 1.5, 6, 4_500),
    "travel": (200, 1, 3, 600),
    "electronics": (150, 2, 4, 1_200),
}


@pytest.mark.parametrize("branch", BRANCHES)
def test_the_table_of_branches_holds(branch):
    order_value, rate, years, value = BRANCHES[branch]
    assert bare_clv(order_value, rate, years) == value


def test_the_table_holds_in_one_call_too():
    order_value, rate, years, value = np.array(list(BRANCHES.values())).T
    assert bare_clv(order_value, rate, years).tolist() == value.tolist()


def test_a_first_year_counts_as_a_whole_one():
    rate = orders_per_year([3, 3, 8, 0], [10, 365, 730, 20])
    assert rate[:3].tolist() == [3, 3, 4]
    assert np.isnan(rate[3])


def test_a_worked_example_with_its_factors_and_its_cap():
    found = simple_clv([200.0, 0.0, 90.0], [4, 0, 3], [730, 30, 100], [3.0, 3.0, np.nan], cap=5.0)
    assert (found.order_value[0], found.orders_per_year[0], found.years[0]) == (50, 2, 3)
    assert found.simple_clv[0] == 300
    assert np.isnan(found.simple_clv[1:]).all()
    assert found.codes.tolist() == [None, "no_purchases", "no_years_of_custom"]
    assert found.cap == 5
    assert within_horizon(found, 365)[0] == 100
    assert within_horizon(found, 10 * 365)[0] == 300


def test_the_bias_stands_beside_that_of_the_model():
    truth = np.array([10.0, 0.0, 30.0, 60.0])
    found = formula_bias([20.0, 20.0, 40.0, 40.0], truth * 0.95, truth, horizon_days=365, seed=1)
    assert found.formula_bias == pytest.approx(0.2)
    assert found.model_bias == pytest.approx(-0.05)
    assert found.model_concordance == 1
    assert found.extra_error.above_zero
    assert found.sentence == (
        "Over the same 365 days the formula came to 20% more than customers spent, "
        "the model to 5% less than they did."
    )


def test_customers_without_a_value_are_left_out_and_a_total_of_nothing_has_no_bias():
    found = formula_bias([5.0, 5.0, np.nan], [1.0, 1.0, 9.0], [0.0, 0.0, 9.0], horizon_days=90)
    assert (found.customers, found.formula_bias, found.model_bias) == (2, None, None)
    assert "no bias can be told" in found.sentence
