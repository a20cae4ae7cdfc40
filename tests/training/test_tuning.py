from dataclasses import replace
from functools import partial

import optuna
import pytest

from models.trees import TreeParameters
from tests.training.made import made_rows
from training.fit_score import FittedScore, ScorePlan, fit_score
from training.links import RETURN
from training.side_by_side import side_by_side
from training.tuning import tune

ROWS = made_rows(250)


def test_without_trials_the_usual_parameters_are_kept():
    for trials in (0, 1):
        assert tune(ROWS, trials=trials, seed=0) == TreeParameters()


def test_from_noise_no_fiercer_trees_are_chosen():
    for seed in range(3):
        found = tune(made_rows(250, law=0.0, seed=seed), trials=6, seed=seed)
        if found != TreeParameters():  # what learns less loses less
            assert held_loss(found) <= held_loss(TreeParameters())


def held_loss(parameters):
    """Loss on noise of rounds that nothing stops."""
    rows, fresh = (made_rows(250, law=0.0, seed=seed) for seed in (98, 99))
    plan = ScorePlan(parameters, rounds=20)
    found = fit_score(RETURN, rows, rows.churned, plan, seed=0, check=None)
    trees = FittedScore(replace(found.score, share=1.0), found.effects)
    return RETURN.losses(fresh.churned, trees.raw(fresh)).mean()


def test_what_is_chosen_is_within_the_range_searched():
    found = tune(made_rows(600, law=3.0), trials=8, seed=0)
    assert 1 <= found.max_depth <= 5
    assert 0.02 <= found.learning_rate <= 0.2
    assert 3.0 <= found.min_child_weight <= 200.0
    assert 0.3 <= found.reg_lambda <= 100.0
    assert 0.5 <= found.subsample <= 1.0
    assert 0.1 <= found.colsample_bynode <= 1.0


def test_the_same_seed_gives_the_same_choice():
    one, two = (tune(made_rows(400, law=3.0), trials=6, seed=4) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("level", [optuna.logging.INFO, optuna.logging.ERROR])
def test_nothing_is_said_while_tuning_and_optunas_voice_is_given_back(level, capfd):
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(level)
    try:
        tune(ROWS, trials=2, seed=0)
        assert optuna.logging.get_verbosity() == level
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr().err == ""


def test_two_that_tune_side_by_side_choose_as_alone_and_say_nothing(capfd):
    tunes = [
        partial(tune, made_rows(400, law=3.0, seed=k), trials=3 + 3 * k, seed=4) for k in (0, 1)
    ]
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        together = side_by_side(tunes)
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr().err == ""
    assert together == [one() for one in tunes]
