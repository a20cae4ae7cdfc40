import numpy as np
import pytest

from retention.wilson import wilson


def test_the_bounds_are_those_of_the_textbook():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    low, high = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


def test_nobody_and_everybody_have_bounds_within_reach():
    low, high = wilson([0, 5, 0], [5, 5, 0])
    assert (low[0], high[1]) == (0.0, 1.0)
    assert np.isnan([low[2], high[2]]).all()


def test_nineteen_of_twenty_intervals_hold_the_truth():
    draw = np.random.default_rng(1)
    for share in (0.05, 0.3, 0.9):
        low, high = wilson(draw.binomial(80, share, 4000), np.full(4000, 80))
        assert np.mean((low <= share) & (share <= high)) == pytest.approx(0.95, abs=0.025)


def test_a_share_is_no_count():
    with pytest.raises(ValueError, match="count must be between 0 and n"):
        wilson([3], [2])
