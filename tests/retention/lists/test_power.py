"""What effect a list can show."""

import numpy as np
import pytest

from retention.lists.holdout import held_out_sizes
from retention.lists.power import (
    WHERE_NONE_SUFFICES,
    auto_share,
    detectable_at,
    detectable_effect,
    detectable_of,
    power_of,
    told_holdout,
)


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
    choice = auto_share(p, 0.04)
    assert choice.suffices
    assert detectable_at(p, choice.share) <= 0.04 < detectable_at(p, choice.share - 0.01)


def test_where_no_share_suffices_auto_holds_out_a_tenth_and_says_what_half_would_show():
    p = np.full(199, 0.3)
    choice = auto_share(p, 0.02)
    assert (choice.share, choice.suffices) == (WHERE_NONE_SUFFICES, False) == (0.1, False)
    held = held_out_sizes(199, 0.1)
    told = told_holdout(p, held, 0.02, share=choice.share, auto=choice)
    assert not told.sufficient
    tenth, half = (100 * detectable_at(p, share) for share in (0.1, 0.5))
    assert told.sentence == (
        f"{held} of 199 customers ({100 * held / 199:.3g} %) held out: an effect of {tenth:.1f} "
        "points or more on the return rate is shown in 80 % of cases; no share up to a half shows "
        f"the 2 points asked for: with half held out {half:.1f} points or more would be shown; to "
        "have it so, hold out 50 %"
    )


def test_the_sentence_tells_the_numbers_drawn_and_not_the_share_asked_for():
    # Nine strata of 22 or 23, of which a tenth is 3 when it is rounded up.
    told = told_holdout(np.full(199, 0.3), held_out_sizes(199, 0.1), 0.3, share=0.1)
    assert told.sentence.startswith("27 of 199 customers (13.6 %) held out: ")
    assert told.sufficient
    assert told.detectable == detectable_of(np.full(199, 0.3), 27)


def test_a_share_asked_for_is_told_without_advice():
    p = np.full(200, 0.3)
    told = told_holdout(p, held_out_sizes(200, 0.5), 0.02, share=0.5)
    assert not told.sufficient
    assert told.sentence.endswith("is shown in 80 % of cases")
    none = told_holdout(p, 0, 0.02, share=0.0)
    assert none.sentence == "nobody is held out: no effect can be shown"


def test_a_list_of_one_can_show_nothing():
    p = np.full(1, 0.3)
    told = told_holdout(p, 0, 0.02, share=0.1, auto=auto_share(p, 0.02))
    assert not told.sufficient
    assert np.isnan(told.detectable)
    assert "nor any effect at all" in told.sentence
    assert np.isnan(power_of(np.array([]), 0.1, contacted=0, held=0))


def test_auto_counts_with_the_length_that_a_budget_reaches():
    p = np.full(10_000, 0.3)
    short = auto_share(p, 0.05, reach=lambda share: int(2500 / (1 - share)))
    assert short.share > auto_share(p, 0.05).share
    with pytest.raises(ValueError, match="3 points are 0.03"):
        auto_share(p, 3)
