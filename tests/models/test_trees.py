from dataclasses import replace

import numpy as np
import pytest

from models.link_score import margins
from models.trees import MAX_ROUNDS, TreeParameters, TreeRows, grow_trees, matrix_of
from tests.models.made import made_features, made_outcome

PARAMETERS = TreeParameters()


def rows_of(seed, outcome_seed):
    features = made_features(1000, seed=seed)
    churned, _ = made_outcome(features, seed=outcome_seed)
    return TreeRows(features.to_numpy(np.float32), churned, np.zeros(len(features)))


ROWS, LATER = rows_of(0, 1), rows_of(5, 6)


def grown(rows=ROWS, objective="binary:logistic", *, seed=0, **asked):
    return grow_trees(rows, objective, parameters=PARAMETERS, seed=seed, **asked)


def test_same_rows_and_seed_give_the_same_bytes():
    one, two = (grown(rounds=5, seed=3) for _ in range(2))
    assert one.save_raw("ubj") == two.save_raw("ubj")
    assert one.save_raw("ubj") != grown(rounds=5, seed=4).save_raw("ubj")


def test_growing_stops_where_the_check_rows_gain_nothing_more():
    booster = grown(check=LATER)
    rounds = booster.num_boosted_rounds()
    assert 1 <= rounds < MAX_ROUNDS
    again = grown(rounds=rounds)
    found, wanted = (margins(b, LATER.dense) for b in (booster, again))
    assert np.array_equal(found, wanted)


def test_noise_is_not_learnt():
    draw = np.random.default_rng(0)
    rows, check = (
        replace(ROWS, target=draw.integers(0, 2, len(ROWS.target)).astype(float)) for _ in range(2)
    )
    assert grown(rows, check=check).num_boosted_rounds() < 30


def test_trees_add_to_the_start_that_is_given():
    amount = ROWS.dense[:, 0].astype(float)
    known = replace(ROWS, target=amount, start=amount)
    booster = grown(known, "reg:squarederror", rounds=3)
    assert margins(booster, ROWS.dense) == pytest.approx(np.zeros(len(amount)), abs=1e-6)


@pytest.mark.parametrize(
    "objective", ["binary:logistic", "reg:squarederror", "reg:tweedie", "count:poisson"]
)
def test_without_a_split_the_margin_is_the_leaf_alone(objective):
    stump = TreeParameters(max_depth=1, min_child_weight=1e9)
    booster = grow_trees(ROWS, objective, parameters=stump, seed=0, rounds=1)
    margin = margins(booster, ROWS.dense)
    assert np.ptp(margin) == 0
    assert abs(margin[0]) < 0.2


def test_neither_rounds_nor_a_check_is_refused():
    with pytest.raises(ValueError, match="give one"):
        grown()


def test_a_matrix_made_before_grows_the_same_trees_and_takes_its_labels_anew():
    made = matrix_of(ROWS.dense)
    for target in (1 - ROWS.target, ROWS.target):
        rows = replace(ROWS, target=target)
        one = grow_trees(rows, "binary:logistic", parameters=PARAMETERS, seed=0, rounds=5)
        two = grow_trees(
            replace(rows, made=made), "binary:logistic", parameters=PARAMETERS, seed=0, rounds=5
        )
        assert one.save_raw() == two.save_raw()
