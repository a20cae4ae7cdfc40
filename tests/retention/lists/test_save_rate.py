"""Save rates: a prior and readouts in one, which one unlucky readout does not shut."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.lists.save_rate import LEAST, MOST, MeasuredRate, SaveRate, combined_rate

PRIOR = SaveRate(0.05, 0.02)
RATES = st.builds(MeasuredRate, st.floats(-2, 2), st.floats(0.001, 5))


def test_worked_example_of_a_prior_and_a_readout():
    found = combined_rate(PRIOR, [MeasuredRate(0.13, 0.02)])
    # Equally sure: half each, and the error of a mean of two.
    assert found.weights == pytest.approx((0.5,))
    assert found.rate.mean == pytest.approx(0.09, abs=1e-4)
    assert found.rate.sd == pytest.approx(0.02 / math.sqrt(2), abs=1e-4)
    assert found.rate.origin == "measured"


def test_a_readout_below_0_makes_the_rate_small_and_never_certain():
    one = combined_rate(PRIOR, [MeasuredRate(-0.11, 0.05)]).rate
    assert 0.02 < one.mean < 0.05
    assert 0.01 < one.sd < 0.02
    sure = combined_rate(PRIOR, [MeasuredRate(-0.3, 0.004)]).rate
    assert LEAST <= sure.mean < 0.01
    assert sure.sd > 0


def test_later_readouts_do_not_outweigh_surer_ones():
    good, noisy = MeasuredRate(0.08, 0.01), MeasuredRate(-0.2, 0.2)
    first, last = combined_rate(PRIOR, [good, noisy]), combined_rate(PRIOR, [noisy, good])
    assert first.rate.mean == pytest.approx(last.rate.mean)
    assert first.rate.mean == pytest.approx(0.0735, abs=0.001)
    assert first.weights[0] > 50 * first.weights[1]


def test_readouts_that_weigh_nothing_leave_what_was_assumed():
    assert combined_rate(PRIOR, []).rate is PRIOR
    found = combined_rate(PRIOR, [MeasuredRate(0.9, 3.0)])
    assert (found.rate, found.weights) == (PRIOR, (0.0,))


@given(readouts=st.lists(RATES, max_size=5))
def test_the_combined_rate_is_always_one_to_plan_with(readouts):
    found = combined_rate(PRIOR, readouts)
    assert LEAST <= found.rate.mean <= MOST
    assert 0 < found.rate.sd <= PRIOR.sd
    assert found.rate.beta is not None
    assert sum(found.weights) < 1


def test_a_measured_rate_needs_an_error():
    with pytest.raises(ValueError, match="standard error above 0"):
        MeasuredRate(0.1, 0.0)
    with pytest.raises(ValueError, match="a prior needs a standard deviation above 0"):
        combined_rate(SaveRate(0.05), [])


@pytest.mark.parametrize("sd", [0.0, 8e-210, 1e-160])
def test_a_deviation_that_is_almost_0_is_a_fixed_rate(sd):
    rate = SaveRate(0.05, sd)
    assert rate.beta is None
    assert set(rate.draws(10, seed=1)) == {0.05}
