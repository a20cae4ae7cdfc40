"""Qini and uplift at k: by hand, and on data of known effect."""

import numpy as np
import pytest

from retention.uplift.qini import qini, uplift_at
from retention.uplift.rows import UpliftRows


def made(n=6000, seed=0, share=0.5):
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    treated = rng.random(n) < share
    y = (rng.random(n) < 0.3 + 0.4 * x * treated).astype(float)
    return UpliftRows.of(x[:, None], treated, y, share), x


def test_worked_example():
    # Contact makes the first pair return and changes nothing in the second.
    rows = UpliftRows.of(np.zeros((4, 1)), np.array([1, 0, 1, 0]), np.array([1.0, 0, 1, 1]), 0.5)
    found = qini(np.array([2.0, 2.0, 1.0, 1.0]), rows, seed=0, draws=10)
    # Gain a customer: 0, then 0.5 at the half, then 0.5; the straight line ends at 0.5.
    assert found.gain[[0, 50, 100]] == pytest.approx([0, 0.5, 0.5])
    assert found.coefficient.mean == pytest.approx(0.375 - 0.25)


def test_a_right_ranking_is_above_random_and_its_reverse_below():
    rows, x = made()
    right, wrong = qini(x, rows, seed=0, draws=200), qini(-x, rows, seed=0, draws=200)
    # The effect is 0.4 x: the area is 0.4 (1/2 - 1/6) - 0.1 = 1/30.
    assert right.coefficient.low < 1 / 30 < right.coefficient.high
    assert right.coefficient.above_zero
    assert wrong.coefficient.mean == pytest.approx(-right.coefficient.mean)


def test_a_ranking_by_chance_is_not_above_random():
    rows, _ = made(share=0.8)
    chance = np.random.default_rng(1).random(len(rows))
    found = qini(chance, rows, seed=0, draws=200).coefficient
    assert found.low < 0 < found.high


def test_one_score_for_all_is_random():
    rows, _ = made(n=500)
    assert qini(np.ones(500), rows, seed=0, draws=10).coefficient.mean == pytest.approx(0)


def test_the_interval_covers_the_truth():
    covered = 0
    for seed in range(30):
        rows, x = made(n=1500, seed=seed)
        found = qini(x, rows, seed=seed, draws=100).coefficient
        covered += found.low < 1 / 30 < found.high
    assert covered >= 26  # of 30; two standard errors below 28.5


def test_the_band_of_the_curve_covers_the_true_gain():
    # Contacting the first half by x gains 0.4 E[x; x > 1/2] = 0.4 * 3/8 a customer.
    covered = 0
    for seed in range(30):
        rows, x = made(n=1500, seed=seed)
        found = qini(x, rows, seed=seed, draws=100)
        assert found.low[0] == found.high[0] == 0
        covered += found.low[50] < 0.15 < found.high[50]
    assert covered >= 26


def test_uplift_among_the_first():
    rows, x = made(n=20_000)
    top, all_ = uplift_at(x, rows, 0.2, seed=0, draws=200), uplift_at(x, rows, 1, seed=0, draws=50)
    assert top.low < 0.4 * 0.9 < top.high
    assert all_.mean == pytest.approx(0.2, abs=0.03)


def test_a_customer_of_two_lists_is_resampled_whole():
    rows, x = made(n=1000)
    twice = np.tile(np.arange(1000), 2)
    both = UpliftRows.of(
        rows.features[twice], rows.treated[twice], rows.outcome[twice], 0.5, customer=twice
    )
    once = qini(x, rows, seed=0, draws=300).coefficient
    again = qini(x[twice], both, seed=0, draws=300).coefficient
    assert again.high - again.low == pytest.approx(once.high - once.low, rel=0.05)


def test_errors_name_the_shape():
    rows, _ = made(n=50)
    with pytest.raises(ValueError, match=r"of shape \(50,\), got \(3,\)"):
        qini(np.ones(3), rows, seed=0)
    with pytest.raises(ValueError, match="share must be above 0"):
        uplift_at(np.ones(50), rows, 0, seed=0)
