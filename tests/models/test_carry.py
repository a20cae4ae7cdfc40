import numpy as np
import pytest

from models.carry import SHAPE_RANGE, Carry, fit_carry


def test_worked_example():
    carry = Carry(90, 360, return_shape=0.5, spend_shape=1.0)
    # Four times the window, shape one half: twice the exponent.
    assert carry.churn_probability(np.array([0.5])) == pytest.approx([0.25])
    assert carry.spend_factor() == 4.0


def test_equal_windows_change_nothing():
    observed = np.array([0.0, 0.3, 1.0])
    carry = Carry(90, 90, 0.7, 0.7)
    assert carry.churn_probability(observed) is observed
    assert carry.spend_factor() == 1.0


def test_a_longer_horizon_never_makes_a_return_less_likely():
    observed = np.linspace(0.01, 0.99, 50)
    horizons = [Carry(90, h, 0.6, 0.9).churn_probability(observed) for h in (90, 120, 365, 3650)]
    assert (np.diff(horizons, axis=0) <= 0).all()
    assert (np.diff(horizons, axis=1) >= 0).all()  # the order of customers stays


@pytest.mark.parametrize("shape", [0.4, 0.7, 1.0])
def test_a_weibull_law_is_recovered_from_two_windows(shape):
    def returned(days):
        return 1 - np.exp(-((days / 200) ** shape))

    spent = tuple(100 * days**shape for days in (45, 90))
    carry = fit_carry(90, 360, returned=(returned(45), returned(90)), spent=spent)
    assert [carry.return_shape, carry.spend_shape] == pytest.approx([shape, shape])
    carried = carry.churn_probability(np.array([1 - returned(90)]))
    assert carried == pytest.approx([1 - returned(360)])


@pytest.mark.parametrize(
    ("returned", "spent"),
    [((0.0, 0.0), (0.0, 0.0)), ((1.0, 1.0), (5.0, 5.0)), ((0.3, 0.2), (9.0, -1.0))],
)
def test_windows_that_say_nothing_give_shapes_within_bounds(returned, spent):
    carry = fit_carry(90, 365, returned=returned, spent=spent)
    low, high = SHAPE_RANGE
    assert low <= carry.return_shape <= high
    assert low <= carry.spend_shape <= high
    probability = carry.churn_probability(np.array([0.0, 0.5, 1.0]))
    assert ((probability > 0) & (probability < 1)).all()
