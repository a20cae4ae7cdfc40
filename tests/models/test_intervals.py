import numpy as np
import pytest

from models.intervals import MOST_UNITS, Interval, paired_bootstrap, simultaneous_bootstrap


def test_interval_is_that_of_the_mean_difference():
    rng = np.random.default_rng(0)
    b = rng.gamma(1.0, 1.0, 5000)
    a = b + rng.normal(0.5, 1.0, 5000)
    interval = paired_bootstrap(a, b, seed=1, draws=2000)
    error = np.std(a - b) / np.sqrt(5000)
    assert interval.mean == pytest.approx(np.mean(a - b))
    # 2,000 draws place an end within about 5 % of its distance from the mean.
    assert interval.mean - interval.low == pytest.approx(1.96 * error, rel=0.15)
    assert interval.high - interval.mean == pytest.approx(1.96 * error, rel=0.15)
    assert interval.above_zero


def test_what_is_hard_for_both_cancels():
    hard = np.random.default_rng(0).gamma(1.0, 100.0, 1000)
    interval = paired_bootstrap(hard + 1, hard, seed=0)
    assert (interval.low, interval.high) == pytest.approx((1, 1))


def test_same_seed_gives_the_same_interval():
    a, b = np.random.default_rng(0).random((2, 300))
    assert paired_bootstrap(a, b, seed=3) == paired_bootstrap(a, b, seed=3)
    assert paired_bootstrap(a, b, seed=3) != paired_bootstrap(a, b, seed=4)


def test_swapping_the_two_turns_the_sign():
    a, b = np.random.default_rng(0).random((2, 300))
    one, other = paired_bootstrap(a, b, seed=0), paired_bootstrap(b, a, seed=0)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_groups_of_customers_give_the_spread_of_single_ones():
    n = 2 * MOST_UNITS + 17
    difference = np.random.default_rng(0).normal(0, 1, n)
    interval = paired_bootstrap(difference, np.zeros(n), seed=0, draws=500)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / np.sqrt(n), rel=0.15)


def test_two_equal_predictors_are_told_apart_in_one_of_twenty_comparisons():
    rng = np.random.default_rng(0)
    told_apart = 0
    for seed in range(200):
        interval = paired_bootstrap(rng.normal(size=200), np.zeros(200), seed=seed, draws=300)
        told_apart += interval.above_zero or interval.below_zero
    # Binomial(200, 0.05): mean 10, sd 3.1; a small sample makes the interval a little narrow.
    assert 2 <= told_apart <= 22


def test_many_rivals_widen_every_interval():
    rng = np.random.default_rng(0)
    losses = {"model": np.zeros(500)} | {f"rule{i}": rng.normal(0.1, 1, 500) for i in range(10)}
    together = simultaneous_bootstrap(losses, "model", seed=0)
    alone = paired_bootstrap(losses["rule0"], losses["model"], seed=0)
    assert list(together) == [f"rule{i}" for i in range(10)]
    assert together["rule0"].mean == pytest.approx(alone.mean)
    # Max of ten independent |z| exceeds 2.80 in 5 % of cases, one |z| exceeds 1.96.
    widened = (together["rule0"].high - together["rule0"].low) / (alone.high - alone.low)
    assert widened == pytest.approx(2.80 / 1.96, rel=0.1)


def test_one_rival_alone_has_about_the_paired_interval():
    a, b = np.random.default_rng(0).random((2, 1000))
    together = simultaneous_bootstrap({"model": b, "rule": a}, "model", seed=0)["rule"]
    alone = paired_bootstrap(a, b, seed=0)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high), abs=5e-3)


def test_a_rival_with_the_same_losses_has_no_width_and_no_advantage():
    loss = np.random.default_rng(0).random(50)
    worse = loss + np.random.default_rng(1).random(50)
    found = simultaneous_bootstrap({"model": loss, "same": loss, "worse": worse}, "model", seed=0)
    assert found["same"] == Interval(0.0, 0.0, 0.0)
    assert found["worse"].above_zero
    assert not found["same"].above_zero


def test_without_rivals_there_is_no_interval():
    assert simultaneous_bootstrap({"model": [1.0, 2.0]}, "model", seed=0) == {}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_bootstrap([1.0], [1.0], seed=0), "at least two customers, got 1"),
        (lambda: paired_bootstrap([1.0, 2.0], [1.0], seed=0), "same customers"),
        (lambda: paired_bootstrap([1.0, np.inf], [1.0, 1.0], seed=0), "'loss_a' are not all"),
        (lambda: paired_bootstrap([1.0, 2.0], [1.0, 1.0], seed=0, draws=0), "draws must be"),
        (lambda: simultaneous_bootstrap({"a": [1.0, 2.0]}, "b", seed=0), "'b' is not among"),
    ],
)
def test_error_says_what_was_received(call, message):
    with pytest.raises(ValueError, match=message):
        call()
