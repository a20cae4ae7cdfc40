import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.spread import MAX_BINS, SpendSpread, fit_spread

LEVELS = np.linspace(0, 1, 101)


def simulated(n=20_000, seed=0):
    """Expected spend of each, its churn probability, and a value drawn by that law."""
    draw = np.random.default_rng(seed)
    expected = draw.gamma(2, 50, n)
    churn = draw.beta(2, 2, n)
    value = np.where(draw.random(n) < churn, 0.0, expected * draw.gamma(2, 0.5, n))
    return expected, churn, value


def test_worked_example():
    spread = SpendSpread(np.empty(0), (2 * LEVELS)[None, :])  # the factor is uniform on 0 to 2
    churn, expected = np.array([0.5, 0.5, 0.0]), np.array([100.0, 40.0, 40.0])
    # Quantile 0.75 of the first two is the median of those who return.
    assert spread.value_quantile(0.75, churn, expected).tolist() == [100.0, 40.0, 60.0]
    assert spread.value_quantile(0.5, churn, expected).tolist() == [0.0, 0.0, 40.0]


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.999), st.floats(0, 1e4))
def test_a_quantile_rises_with_its_level(one, two, churn, expected):
    spread = fit_spread(*[np.random.default_rng(0).gamma(2, 50, 300) for _ in range(2)])
    arrays = np.array([churn]), np.array([expected])
    low, high = (spread.value_quantile(tau, *arrays) for tau in sorted((one, two)))
    assert 0 <= low[0] <= high[0]


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
def test_below_the_churn_probability_the_value_is_nothing(tau):
    expected, churn, value = simulated(2000)
    spread = fit_spread(value[value > 0], expected[value > 0])
    found = spread.value_quantile(tau, churn, expected)
    assert (found[churn >= tau] == 0).all()
    assert (found[churn < tau - 0.05] > 0).all()


@pytest.mark.parametrize("tau", [0.1, 0.25, 0.5, 0.9])
def test_quantiles_cover_their_share(tau):
    expected, churn, value = simulated()
    spread = fit_spread(value[value > 0], expected[value > 0])
    covered = (value <= spread.value_quantile(tau, churn, expected)).mean()
    # Where churn exceeds tau the quantile is 0, and 0 covers all who churn.
    wanted = np.maximum(churn, tau).mean()
    assert covered == pytest.approx(wanted, abs=0.012)  # 3.5 standard errors


def test_low_and_high_expectations_have_a_spread_of_their_own():
    draw = np.random.default_rng(0)
    expected = np.repeat([10.0, 1000.0], 2000)
    factor = np.concatenate([draw.gamma(1, 1, 2000), draw.gamma(100, 0.01, 2000)])
    spread = fit_spread(expected * factor, expected)
    p10, p90 = (
        spread.value_quantile(tau, np.zeros(2), np.array([10.0, 1000.0])) for tau in (0.1, 0.9)
    )
    assert (p90 / p10)[0] > 5 * (p90 / p10)[1]
    assert len(spread.factors) == MAX_BINS


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_few_returners_still_give_quantiles(n):
    spread = fit_spread(np.full(n, 20.0), np.full(n, 10.0))
    found = spread.value_quantile(0.5, np.array([0.0, 0.9]), np.array([10.0, 10.0]))
    assert np.isfinite(found).all()
    assert found[0] > 0


def test_refunded_returners_count_as_nothing():
    spread = fit_spread(np.array([-50.0, 10.0, 20.0]), np.full(3, 10.0))
    assert (spread.factors >= 0).all()
