"""Expected maximum profit against known values and plain integration."""

import numpy as np
import pytest
from scipy.stats import beta as beta_law

from retention.lists.emp import expected_maximum_profit

CHURNED = np.array([0, 1, 0, 1, 0, 1, 0, 1], float)
SCORE = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])


def integrated(churned, score, value, incentive, cost, a=6.0, b=14.0):
    """The same by the middle of many thin slices."""
    order = np.argsort(-score)
    saved = np.append(0, np.cumsum((churned * (value - incentive))[order]))
    spent = np.append(0, np.cumsum(((1 - churned) * incentive + cost)[order]))
    rates = (np.arange(20_000) + 0.5) / 20_000
    best = np.max(rates[:, None] * saved - spent, axis=1)
    return float((best * beta_law.pdf(rates, a, b)).mean() / len(score))


def test_equal_values_give_the_measure_of_the_paper():
    # The example in the documentation of the library empulse: 23.875593418348124.
    found = expected_maximum_profit(
        CHURNED, SCORE, np.full(8, 200.0), incentive=10.0, contact_cost=1.0
    )
    assert found.profit == pytest.approx(23.875593418348124, rel=1e-12)
    assert (found.alpha, found.beta, found.incentive, found.contact_cost) == (6, 14, 10, 1)


@pytest.mark.parametrize("seed", range(5))
def test_individual_values_agree_with_integration(seed):
    rng = np.random.default_rng(seed)
    n = 60
    churned, score = (rng.random(n) < 0.4).astype(float), rng.random(n)
    value = rng.lognormal(4, 1, n)
    incentive = 0.05 * value + 3
    found = expected_maximum_profit(churned, score, value, incentive=incentive, contact_cost=4.0)
    expected = integrated(churned, score, value, incentive, 4.0)
    assert found.profit == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert 0 <= found.profit <= found.perfect + 1e-9
    assert 0 <= found.share <= 1


def test_worthless_customers_are_not_contacted():
    found = expected_maximum_profit(CHURNED, SCORE, np.zeros(8), incentive=1.0, contact_cost=1.0)
    assert (found.profit, found.share) == (0.0, 0.0)


def test_a_score_that_tells_nothing_contacts_all_or_none():
    found = expected_maximum_profit(
        CHURNED, np.ones(8), np.full(8, 200.0), incentive=0.0, contact_cost=1.0
    )
    assert found.profit == pytest.approx(0.3 * 100 - 1, rel=1e-3)
    assert found.share == pytest.approx(1.0, abs=1e-6)


def test_doubling_all_money_doubles_the_measure():
    value = np.linspace(20, 300, 8)
    once = expected_maximum_profit(CHURNED, SCORE, value, incentive=5.0, contact_cost=2.0)
    twice = expected_maximum_profit(CHURNED, SCORE, 2 * value, incentive=10.0, contact_cost=4.0)
    assert twice.profit == pytest.approx(2 * once.profit)
    assert twice.share == pytest.approx(once.share)


def test_unequal_shapes_are_refused():
    with pytest.raises(ValueError, match="same customers"):
        expected_maximum_profit(CHURNED, SCORE, np.ones(3), incentive=1.0, contact_cost=1.0)
