"""What effect a list can show."""

import numpy as np
import pytest

from retention.lists.power import choose_holdout, detectable_at, detectable_effect, power_of


def test_the_textbook_case():
    # 20 % against 25 %, 1,091 people an arm (normal, unpooled): power 80 %.
    p = np.array([0.2] * 5)
    assert power_of(p, 0.05, contacted=1091, held=1091) == pytest.approx(0.80, abs=0.001)
    assert detectable_effect(p, contacted=1091, held=1091) == pytest.approx(0.05, abs=5e-5)


def test_what_is_detectable_is_shown_in_80_per_cent():
    p = np.random.default_rng(0).beta(2, 3, 5000)
    effect = detectable_effect(p, contacted=4000, held=1000)
    assert power_of(p, effect, contacted=4000, held=1000) == pytest.approx(0.80, abs=1e-5)
    assert power_of(p, 0.0, contacted=4000, held=1000) == pytest.approx(0.05)


def test_knowing_who_returns_leaves_less_noise():
    vague, sharp = np.full(1000, 0.5), np.array([0.1, 0.9] * 500)
    known = {"contacted": 500, "held": 500}
    assert detectable_effect(sharp, **known) < detectable_effect(vague, **known)


def test_auto_takes_the_least_share_that_suffices():
    p = np.full(10_000, 0.3)
    choice = choose_holdout(p, 0.04)
    assert choice.sufficient
    assert choice.detectable <= 0.04 < detectable_at(p, choice.share - 0.01)
    assert choice.sentence.startswith(f"{choice.share:.0%} held out: an effect of ")


def test_auto_says_when_no_share_suffices():
    choice = choose_holdout(np.full(200, 0.3), 0.02)
    assert not choice.sufficient
    assert choice.share <= 0.5
    assert "no hold-out up to 50% suffices for 2.0 points" in choice.sentence


def test_a_list_of_one_can_show_nothing():
    choice = choose_holdout(np.full(1, 0.3), 0.02)
    assert not choice.sufficient
    assert np.isnan(choice.detectable)
    assert np.isnan(power_of(np.array([]), 0.1, contacted=0, held=0))


def test_auto_counts_with_the_length_that_a_budget_reaches():
    p = np.full(10_000, 0.3)
    short = choose_holdout(p, 0.05, reach=lambda share: int(2500 / (1 - share)))
    assert short.share > choose_holdout(p, 0.05).share
    with pytest.raises(ValueError, match="3 points are 0.03"):
        choose_holdout(p, 3)
