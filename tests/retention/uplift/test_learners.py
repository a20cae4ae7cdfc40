"""Learners of the effect of contact recover a known one."""

import numpy as np
import pytest

from retention.uplift.cross_fit import cross_fit
from retention.uplift.learners import LEARNERS, UpliftParameters, fit_class
from retention.uplift.rows import UpliftRows

QUICK = UpliftParameters(rounds=60, effect_rounds=60)


def made_rows(n=8000, seed=0, share=0.5, amounts=False):
    """Contact adds 20 points where the first feature is above 0 and takes 10 below it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    treated = rng.random(n) < share
    truth = np.where(x[:, 0] > 0, 0.2, -0.1)
    p = 0.4 + 0.1 * np.tanh(x[:, 1])
    y = (rng.random(n) < p + truth * treated).astype(float)
    if amounts:
        y, truth = y * 50, truth * 50
    return UpliftRows.of(x, treated, y, share), truth


@pytest.mark.parametrize("learner", sorted(LEARNERS))
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_effect_is_found_out_of_fold(learner, share):
    rows, truth = made_rows(share=share)
    told = cross_fit(rows, learner, folds=2, parameters=QUICK).out_of_fold
    assert np.corrcoef(told, truth)[0, 1] > 0.7
    assert told[truth > 0].mean() == pytest.approx(0.2, abs=0.06)
    assert told[truth < 0].mean() == pytest.approx(-0.1, abs=0.06)


@pytest.mark.parametrize("learner", ["t", "x"])
def test_effects_on_amounts_are_in_their_unit(learner):
    rows, truth = made_rows(amounts=True)
    told = cross_fit(rows, learner, folds=2, parameters=QUICK).out_of_fold
    assert told[truth > 0].mean() == pytest.approx(10, abs=3)


def test_class_transformation_refuses_amounts():
    rows, _ = made_rows(n=200, amounts=True)
    with pytest.raises(ValueError, match="needs an outcome of 0 or 1; for amounts use"):
        fit_class(rows, QUICK)


def test_no_customer_is_told_by_a_model_that_has_seen_it():
    # Every customer stands twice; with one fold a customer the twin would betray it.
    rows, _ = made_rows(n=400)
    twice = np.tile(np.arange(400), 2)
    both = rows.at(twice)
    noise = np.random.default_rng(0).random(400)
    random = UpliftRows.of(
        np.column_stack([np.arange(400.0)[twice]]), both.treated, (noise > 0.5)[twice], 0.5,
        customer=twice,
    )  # fmt: skip
    eager = UpliftParameters(
        max_depth=8, rounds=50, leaf=1, leaf_share=0, reg_lambda=0, learning_rate=0.5
    )
    told = cross_fit(random, "t", folds=2, parameters=eager).out_of_fold
    assert (told[:400] == told[400:]).all()
    assert abs(np.corrcoef(told[:400], noise * np.where(rows.treated, 1, -1))[0, 1]) < 0.2


def test_the_same_seed_gives_the_same_effects():
    rows, _ = made_rows(n=1500)
    one, two = (cross_fit(rows, "x", folds=2, seed=4, parameters=QUICK) for _ in range(2))
    assert (one.out_of_fold == two.out_of_fold).all()
    assert (one.effect(rows.features) == two.effect(rows.features)).all()


def test_rows_that_tell_no_effect_are_refused():
    rows, _ = made_rows(n=100)
    with pytest.raises(ValueError, match="the chance of contact must lie between 0 and 1"):
        UpliftRows.of(rows.features, rows.treated, rows.outcome, 1.0)
    with pytest.raises(ValueError, match="outcomes and starts must be finite"):
        UpliftRows.of(rows.features, rows.treated, rows.outcome * np.nan, 0.5)
    all_contacted = UpliftRows.of(rows.features, np.ones(100, bool), rows.outcome, 0.5)
    with pytest.raises(ValueError, match="customers of both arms, got 50 contacted and 0 held out"):
        cross_fit(all_contacted, "t", folds=2)
    with pytest.raises(ValueError, match="learner must be one of"):
        cross_fit(rows, "s")
    with pytest.raises(ValueError, match="uplift rows are of the same customers"):
        UpliftRows.of(rows.features, rows.treated[:5], rows.outcome, 0.5)


def test_what_is_expected_beforehand_need_not_be_learned_anew():
    rng = np.random.default_rng(2)
    n = 8000
    known, treated = rng.random(n), rng.random(n) < 0.5
    y = (rng.random(n) < 0.3 + 0.3 * known * treated).astype(float)
    # No feature tells the effect; only the start does, up to a factor.
    rows = UpliftRows.of(rng.random((n, 1)), treated, y, 0.5, start=known)
    for learner in ("x", "class"):
        told = cross_fit(rows, learner, folds=2, parameters=QUICK).out_of_fold
        assert np.corrcoef(told, known)[0, 1] > 0.8
