import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.spread import MAX_KNOTS, SpendSpread, fit_spread, spread_from_spec

LEVELS = np.linspace(0, 1, 101)
TAUS = (0.1, 0.5, 0.9)


def simulated(n=20_000, seed=0):
    """Expected spend of each, its churn probability, and a value drawn by that law."""
    draw = np.random.default_rng(seed)
    expected = draw.gamma(2, 50, n)
    churn = draw.beta(2, 2, n)
    value = np.where(draw.random(n) < churn, 0.0, expected * draw.gamma(2, 0.5, n))
    return expected, churn, value


def hard(n, seed):
    """A law whose scatter depends on the value, with refunds and orders that cost nothing."""
    draw = np.random.default_rng(seed)
    expected, churn = draw.gamma(1, 50, n), draw.beta(0.5, 1.0, n)
    scatter = np.where(expected * (1 - churn) > 30, 0.3, 1.2)
    spend = expected * np.exp(draw.normal(-(scatter**2) / 2, scatter))
    kind = draw.random(n)
    spend = np.where(kind < 0.03, 0.0, np.where(kind > 0.96, -0.4 * spend, spend))
    returned = draw.random(n) >= churn
    lost = np.where(draw.random(n) < 0.02, -0.3 * expected, 0.0)
    return expected, churn, np.where(returned, spend, lost), returned


def off(value, quantile, tau):
    """By how much share(value < q) <= tau <= share(value <= q) is violated."""
    return max((value < quantile).mean() - tau, tau - (value <= quantile).mean(), 0.0)


def by_decile(value, churn, expected, quantile, tau):
    order = np.argsort(-(1 - churn) * expected, kind="stable")
    return max(off(value[rows], quantile[rows], tau) for rows in np.array_split(order, 10))


def test_worked_example():
    spread = SpendSpread(np.empty(0), (2 * LEVELS)[None, :])  # the factor is uniform on 0 to 2
    churn, expected = np.array([0.5, 0.5, 0.0]), np.array([100.0, 40.0, 40.0])
    # Quantile 0.75 of the first two is the median of those who return.
    assert spread.value_quantile(0.75, churn, expected) == pytest.approx([100, 40, 60])
    assert spread.value_quantile(0.5, churn, expected).tolist() == [0.0, 0.0, 40.0]


def test_a_law_with_refunds_by_hand():
    # Half return; of those a fifth pay nothing, of the others a tenth send something back.
    spread = SpendSpread(
        np.empty(0),
        (2 * LEVELS)[None, :],
        shares=np.array([[0.1, 0.0, 0.2]]),
        refunds=LEVELS - 1,
    )
    churn, expected = np.array([0.5]), np.array([100.0])
    # 0.05 lie below 0, then 0.45 + 0.1 at 0, then 0.4 evenly between 0 and 200.
    found = [spread.value_quantile(tau, churn, expected)[0] for tau in (0.025, 0.05, 0.6, 0.8)]
    assert found == pytest.approx([-50, 0, 0, 100])


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(1e-6, 1e6))
def test_a_quantile_rises_with_its_level(one, two, churn, expected):
    value_law, made_churn, value, returned = hard(400, 0)
    arrays = np.array([churn]), np.array([expected])
    for spread in (
        fit_spread(value[value > 0], value_law[value > 0]),
        fit_spread(value, value_law, made_churn, returned),
    ):
        low, high = (spread.value_quantile(tau, *arrays) for tau in sorted((one, two)))
        assert np.isfinite([low[0], high[0]]).all()
        assert low[0] <= high[0] + 1e-9 * abs(high[0])


@pytest.mark.parametrize("tau", TAUS)
def test_below_the_churn_probability_the_value_is_nothing(tau):
    expected, churn, value = simulated(2000)
    spread = fit_spread(value[value > 0], expected[value > 0])
    found = spread.value_quantile(tau, churn, expected)
    assert (found[churn >= tau] == 0).all()
    assert (found[churn < tau - 0.05] > 0).all()


@pytest.mark.parametrize("tau", TAUS)
def test_without_refunds_no_quantile_is_below_nothing(tau):
    expected, churn, value = simulated(2000)
    spread = fit_spread(value, expected, churn)
    assert (spread.value_quantile(tau, churn, expected) >= 0).all()


@pytest.mark.parametrize("tau", [0.1, 0.25, 0.5, 0.9])
def test_quantiles_of_returners_cover_their_share(tau):
    expected, churn, value = simulated()
    spread = fit_spread(value[value > 0], expected[value > 0])
    covered = (value <= spread.value_quantile(tau, churn, expected)).mean()
    # Where churn exceeds tau the quantile is 0, and 0 covers all who churn.
    wanted = np.maximum(churn, tau).mean()
    assert covered == pytest.approx(wanted, abs=0.012)  # 3.5 standard errors


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("seed", [1, 2])
def test_quantiles_hold_overall_and_in_every_decile_of_new_customers(tau, seed):
    expected, churn, value, returned = hard(20_000, 0)
    spread = fit_spread(value, expected, churn, returned)
    expected, churn, value, _ = hard(20_000, seed)
    found = spread.value_quantile(tau, churn, expected)
    assert off(value, found, tau) < 0.01
    assert by_decile(value, churn, expected, found, tau) < 0.04


@pytest.mark.parametrize("tau", TAUS)
def test_a_churn_probability_wrong_for_the_valuable_is_made_good(tau):
    def wrong(n, seed):
        expected, churn, value = simulated(n, seed)
        return expected, np.where((1 - churn) * expected > 60, 0.5 * churn, churn), value

    expected, churn, value = wrong(20_000, 0)
    with_ranks = fit_spread(value, expected, churn)
    without = fit_spread(value[value > 0], expected[value > 0])
    expected, churn, value = wrong(20_000, 1)
    good, bad = (
        by_decile(value, churn, expected, s.value_quantile(tau, churn, expected), tau)
        for s in (with_ranks, without)
    )
    assert good < 0.05
    assert good <= bad + 0.01


def test_low_and_high_expectations_have_a_spread_of_their_own():
    draw = np.random.default_rng(0)
    expected = np.exp(draw.uniform(np.log(10), np.log(1000), 4000))
    sure = expected > 100
    factor = np.where(sure, draw.gamma(100, 0.01, 4000), draw.gamma(1, 1, 4000))
    spread = fit_spread(expected * factor, expected)
    p10, p90 = (
        spread.value_quantile(tau, np.zeros(2), np.array([15.0, 700.0])) for tau in (0.1, 0.9)
    )
    assert (p90 / p10)[0] > 5 * (p90 / p10)[1]
    assert len(spread.factors) == MAX_KNOTS


def test_quantiles_move_without_steps_between_like_customers():
    expected, churn, value, returned = hard(20_000, 0)
    spread = fit_spread(value, expected, churn, returned)
    line = np.exp(np.linspace(np.log(1), np.log(400), 2000))
    found = spread.value_quantile(0.9, np.full(2000, 0.3), line) / line
    assert np.abs(np.diff(found)).max() < 0.05


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_few_returners_still_give_quantiles(n):
    spread = fit_spread(np.full(n, 20.0), np.full(n, 10.0))
    found = spread.value_quantile(0.5, np.array([0.0, 0.9]), np.array([10.0, 10.0]))
    assert np.isfinite(found).all()
    assert found[0] > 0


@pytest.mark.parametrize("n", [3, 10, 30])
def test_few_returners_give_intervals_that_still_cover(n):
    covered = []
    for seed in range(100):
        draw = np.random.default_rng(seed)
        factor, new = draw.gamma(2, 0.5, n), 10 * draw.gamma(2, 0.5, 200)
        spread = fit_spread(10 * factor, np.full(n, 10.0))
        low, high = (
            spread.value_quantile(tau, np.zeros(200), np.full(200, 10.0)) for tau in (0.1, 0.9)
        )
        covered.append(((low <= new) & (new <= high)).mean())
    assert np.mean(covered) > 0.78


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_handful_of_customers_with_their_churn_probability_is_enough(n):
    spread = fit_spread(np.zeros(n), np.full(n, 10.0), np.full(n, 0.9))
    found = [spread.value_quantile(t, np.array([0.5]), np.array([10.0]))[0] for t in TAUS]
    assert np.isfinite(found).all()
    assert found == sorted(found)


def test_spend_where_nothing_was_expected_stays_finite():
    expected, churn, value, returned = hard(500, 0)
    expected[:50] = 0.0
    spread = fit_spread(value, expected, churn, returned)
    for tau in TAUS:
        assert np.isfinite(spread.value_quantile(tau, churn, expected)).all()


def test_a_row_of_weight_nothing_changes_nothing():
    expected, churn, value, returned = hard(2000, 0)
    keep = np.arange(2000) < 1500
    one = fit_spread(value, expected, churn, returned, weight=keep.astype(float))
    other = fit_spread(value[keep], expected[keep], churn[keep], returned[keep])
    for tau in TAUS:
        assert one.value_quantile(tau, churn, expected) == pytest.approx(
            other.value_quantile(tau, churn, expected)
        )


def test_the_unit_of_money_does_not_matter():
    expected, churn, value, returned = hard(2000, 0)
    one = fit_spread(value, expected, churn, returned)
    cents = fit_spread(100 * value, 100 * expected, churn, returned)
    for tau in TAUS:
        assert cents.value_quantile(tau, churn, 100 * expected) == pytest.approx(
            100 * one.value_quantile(tau, churn, expected)
        )


def test_what_is_written_is_read_again():
    expected, churn, value, returned = hard(2000, 0)
    spread = fit_spread(value, expected, churn, returned)
    read = spread_from_spec(json.loads(json.dumps(spread.to_spec())))
    for tau in TAUS:
        found = read.value_quantile(tau, churn, expected)
        assert (found == spread.value_quantile(tau, churn, expected)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"knots": "x"},
        {"factors": []},
        {"factors": [[1.0, 2.0]]},
        {"ranks": [[0.0, float("nan")]]},
        {"zero_knots": []},
        {"shares": [[0.0, 0.0]]},
    ],
)
def test_a_broken_spread_is_refused(change):
    expected, churn, value = simulated(200)
    spec = fit_spread(value, expected, churn).to_spec()
    with pytest.raises(ValueError, match=r"spread|could not convert"):
        spread_from_spec({**spec, **change})
