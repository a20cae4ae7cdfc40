"""Uplift re-ranks only after it has earned more on a list of its own."""

import numpy as np
import pytest

from retention.uplift.rows import UpliftRows
from retention.uplift.switch import Trial, switch_over, switch_test


def made_list(n, seed, effect):
    """A test list whose profit rises by `effect` x (x - 0.5) with contact."""
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    treated = rng.random(n) < 0.5
    before = rng.lognormal(1, 0.8, n)
    profit = before + treated * effect * (x - 0.5) + rng.normal(size=n) * 2
    return UpliftRows.of(x[:, None], treated, profit, 0.5), x, before


def test_a_ranking_that_earns_more_switches_on():
    rows, x, before = made_list(4000, 0, effect=4.0)
    found = switch_test(rows, before, x, share=0.5, baseline=before)
    # By x the better half earns 4 x 1/4 each, the ranking in use nothing: 2,000 in all.
    assert found.on
    assert found.low < 2000 * 1.0 < found.gain * 2
    assert found.gain == pytest.approx(2000, rel=0.25)
    assert found.sentence.startswith("on: by uplift the test list would have earned")


def test_lists_that_test_what_was_learned_before_them_add_up():
    made = [made_list(600, seed, effect=2.0) for seed in range(6)]
    trials = [Trial(rows, before, x, baseline=before) for rows, x, before in made]
    together = switch_over(trials)
    alone = [switch_test(t.rows, t.in_use, t.uplift, baseline=t.baseline) for t in trials]
    assert together.gain == pytest.approx(sum(s.gain for s in alone))
    assert together.moved == sum(s.moved for s in alone)
    assert together.low > max(s.low for s in alone)
    assert "the test lists would have earned" in together.sentence
    with pytest.raises(ValueError, match="finish a randomised one first"):
        switch_over([])


def test_without_an_effect_it_stays_off():
    on = 0
    for seed in range(60):
        rows, x, before = made_list(1000, seed, effect=0.0)
        on += switch_test(rows, before, x, baseline=before).on
    assert on <= 1


def test_the_error_behind_the_bound_is_the_spread_of_the_gain():
    found = []
    for seed in range(80):
        rows, x, before = made_list(1000, seed, effect=0.0)
        found.append(switch_test(rows, before, x, baseline=before))
    # One-sided 99.9 % of a normal is 3.09 standard errors.
    errors = [(f.gain - f.low) / 3.09 for f in found]
    assert np.mean(errors) == pytest.approx(np.std([f.gain for f in found]), rel=0.25)


def test_a_baseline_takes_noise_away():
    rows, x, before = made_list(2000, 3, effect=1.0)
    with_one = switch_test(rows, before, x, baseline=before)
    without = switch_test(rows, before, x)
    assert with_one.gain - with_one.low < without.gain - without.low


def test_the_same_ranking_stays_off():
    rows, _, before = made_list(500, 0, effect=3.0)
    found = switch_test(rows, before, before)
    assert not found.on
    assert found.moved == 0
    assert "too few to compare" in found.sentence


def test_contacting_fewer_counts_what_is_saved():
    # Contact costs 1 and does nothing: leaving out everybody earns 1 for each of the first half.
    rng = np.random.default_rng(0)
    treated = rng.random(4000) < 0.5
    rows = UpliftRows.of(np.zeros((4000, 1)), treated, -1.0 * treated, 0.5)
    score = rng.random(4000)
    found = switch_test(rows, score, score, worthwhile=np.zeros(4000, bool))
    assert found.on
    assert found.gain == pytest.approx(2000, rel=0.1)


def test_errors_are_named():
    rows, x, before = made_list(500, 0, effect=0.0)
    with pytest.raises(ValueError, match="share must lie between 0 and 1"):
        switch_test(rows, before, x, share=1.0)
    with pytest.raises(ValueError, match="scores must be finite"):
        switch_test(rows, before, x * np.nan)
    with pytest.raises(ValueError, match="baseline must be finite"):
        switch_test(rows, before, x, baseline=before[:3])
