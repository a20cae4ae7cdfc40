from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.trees import TreeParameters
from tests.training.made import made_rows
from training.fit_score import (
    FittedScore,
    ScorePlan,
    fit_score,
    shrunk,
    with_season,
)
from training.links import LINKS, RETURN, SPEND, TOTAL

PLAN = ScorePlan(TreeParameters(), rounds=20)
SEASON = (False, False, False, True)
# In autumn fewer stay away, and those who come order more and spend more.
AUTUMN = (0.1, -0.1, 0.0, -0.8)


def fitted(rows, link, plan=PLAN, seed=0):
    own, target = rows.for_link(link)
    return fit_score(link, own, target, plan, seed=seed, check=None), own, target


def each_link(function):
    return pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)(function)


@each_link
def test_the_level_of_a_score_is_that_of_its_target(link):
    found, own, target = fitted(made_rows(), link)
    # Only a canonical link keeps the level to the letter; the heads correct the others.
    within = 0.2 if link is TOTAL else 0.03
    for raw in found.parts(own):
        assert link.mean(raw).mean() == pytest.approx(target.mean(), rel=within)


@each_link
def test_both_parts_tell_more_than_the_level_alone(link):
    found, own, target = fitted(made_rows(600), link)
    level = link.losses(target, np.full(len(target), link.start(target))).mean()
    for raw in found.parts(own):
        assert link.losses(target, raw).mean() < 0.97 * level


@each_link
def test_a_score_is_the_mean_of_its_parts(link):
    found, own, _ = fitted(made_rows(200), link)
    one, two = found.parts(own)
    assert found.raw(own) == pytest.approx((one + two) / 2)
    trees = FittedScore(replace(found.score, share=1.0), found.effects)
    assert np.array_equal(trees.raw(own), two)


@each_link
def test_a_seasonal_shop_gives_the_season_its_effect_with_the_right_sign(link):
    rows = made_rows(800, effects=AUTUMN, season=SEASON)
    found, own, target = fitted(rows, link)
    effect = with_season(found, link, own, target).effect
    if link is RETURN:
        # Those who did not come last autumn had -0.8 of log odds; no more than that, drawn to 0.
        assert -1.0 < effect < -0.5
    else:
        assert 0.3 < effect < 1.6
    assert found.effects[~rows.season].mean() == pytest.approx(0, abs=1e-9)


@each_link
def test_a_season_in_which_fewer_come_has_the_other_sign(link):
    effects = tuple(-e for e in AUTUMN)
    found, own, target = fitted(made_rows(800, effects=effects, season=SEASON), link)
    effect = with_season(found, link, own, target).effect
    assert effect > 0.4 if link is RETURN else effect < -0.3


@each_link
def test_a_seasonless_shop_gives_the_season_no_effect(link):
    effects = []
    for seed in range(12):
        found, own, target = fitted(
            made_rows(300, effects=(0,) * 4, season=SEASON, seed=seed), link
        )
        effects.append(with_season(found, link, own, target).effect)
    # Two standard errors are passed by chance one time in twenty, and then by little.
    assert np.count_nonzero(effects) <= 2
    assert np.abs(effects).max() < 0.15


@each_link
def test_without_windows_of_the_season_no_window_has_an_effect(link):
    found, own, target = fitted(made_rows(effects=AUTUMN, season=(False,) * 4), link)
    assert not found.effects.any()
    assert with_season(found, link, own, target) is found.score


def test_a_season_of_which_no_row_is_there_has_no_effect():
    rows = made_rows(effects=AUTUMN, season=SEASON)
    recent = rows.take(rows.window < 3)
    found, own, target = fitted(recent, RETURN)
    assert with_season(found, RETURN, own, target).effect == 0


def test_the_season_of_one_customer_has_no_effect():
    rows = made_rows(400, effects=AUTUMN, season=SEASON)
    stray = rows.take((rows.window < 3) | (rows.customer == 7))
    for link in (RETURN, SPEND):
        found, own, target = fitted(stray, link)
        assert with_season(found, link, own, target).effect == 0


def test_what_the_season_does_is_not_taken_for_what_customers_are():
    # The season's customers are the keen ones: its effect must not fall on their column.
    rows = made_rows(1500, effects=AUTUMN, season=SEASON)
    keen = (rows.dense[:, 0] < 0) | (rows.window < 3)
    found, own, target = fitted(rows.take(keen), RETURN)
    assert with_season(found, RETURN, own, target).effect == pytest.approx(-0.8, abs=0.3)


@given(effect=st.floats(-5, 5), error=st.floats(0, 5))
def test_an_effect_is_drawn_to_zero_and_never_beyond(effect, error):
    found = shrunk(effect, error)
    assert abs(found) <= abs(effect)
    assert found * effect >= 0
    if abs(effect) <= 2 * error:
        assert found == 0
    if error == 0:
        assert found == effect


@each_link
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(link):
    rows = made_rows(200)
    one, two, other = (fitted(rows, link, seed=seed)[0] for seed in (0, 0, 1))
    assert one.score.spec("x") == two.score.spec("x")
    assert one.score.booster.save_raw() == two.score.booster.save_raw()
    assert one.score.booster.save_raw() != other.score.booster.save_raw()


@each_link
def test_trees_stop_where_the_check_gains_nothing_more(link):
    rows = made_rows(300, law=0.0)
    own, target = rows.for_link(link)
    seen = own.fold != 0
    plan = ScorePlan(TreeParameters())
    found = fit_score(
        link, own.take(seen), target[seen], plan, seed=0, check=rows.take(rows.fold == 0)
    )
    assert 1 <= found.score.booster.num_boosted_rounds() < 200


@each_link
def test_customers_who_are_all_alike_get_the_level(link):
    rows = made_rows(60)
    alike = replace(rows, dense=np.zeros_like(rows.dense), linear=rows.linear[:, :0])
    found, own, target = fitted(alike, link)
    assert found.raw(own) == pytest.approx(np.full(len(own), link.start(target)), abs=0.05)


@each_link
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_target_that_never_changes_is_said_of_everybody(link, value):
    rows = made_rows(60)
    found = fit_score(link, rows, np.full(len(rows), value), PLAN, seed=0, check=None)
    assert link.mean(found.raw(rows)) == pytest.approx(np.full(len(rows), value), abs=0.05)
