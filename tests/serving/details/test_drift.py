import numpy as np
import pytest

from serving.details.drift import LEVELS, psi


def deciles(values):
    return np.quantile(values, LEVELS).tolist()


def test_the_same_customers_have_not_drifted():
    values = np.random.default_rng(1).normal(size=20_000)
    assert psi(values, deciles(values)) == pytest.approx(0.0, abs=1e-6)


def test_a_shift_by_a_standard_deviation_is_plain():
    draw = np.random.default_rng(2)
    then, now = draw.normal(size=20_000), draw.normal(1.0, size=20_000)
    found = psi(now, deciles(then))
    assert found is not None
    assert found > 0.5


def test_two_values_are_told_by_hand():
    # Deciles tell 0.4 of 0 then; now it is 0.25: -0.15 ln(0.25/0.4) + 0.15 ln(0.75/0.6) = 0.104.
    then = np.array([0.0] * 45 + [1.0] * 55)
    now = np.array([0.0] * 25 + [1.0] * 75)
    assert psi(now, deciles(then)) == pytest.approx(0.104, abs=0.001)


def test_values_beyond_the_largest_of_then_belong_to_the_last_tenth():
    then = np.arange(1000.0)
    now = np.append(then[:-100], np.full(100, 1e9))
    assert psi(now, deciles(then)) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("given", [[], [1.0, 2.0]])
def test_without_deciles_nothing_is_told(given):
    assert psi(np.arange(5.0), given) is None
    assert psi(np.array([np.nan]), deciles(np.arange(10.0))) is None
