import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from models.trees import MAX_ROUNDS, Rows, fit_trees, fit_trees_until, predict_margin
from tests.models.made import made_features, made_outcome

FEATURES = made_features(1000)
CHURNED, _ = made_outcome(FEATURES)
ROWS = Rows(FEATURES, CHURNED)
# Without bins and draws, so that only the weights can make a difference.
EXACT: dict[str, object] = {"tree_method": "exact", "max_depth": 3, "nthread": 2}


def test_same_rows_and_seed_give_the_same_bytes():
    one, two = (fit_trees(ROWS, "binary:logistic", rounds=5, seed=3) for _ in range(2))
    assert one.save_raw("ubj") == two.save_raw("ubj")
    other = fit_trees(ROWS, "binary:logistic", rounds=5, seed=4)
    assert one.save_raw("ubj") != other.save_raw("ubj")


def test_growing_stops_where_the_check_rows_gain_nothing_more():
    later = made_features(1000, seed=5)
    check = Rows(later, made_outcome(later, seed=6)[0])
    booster = fit_trees_until(ROWS, check, "binary:logistic", seed=0)
    rounds = booster.num_boosted_rounds()
    assert 1 <= rounds < MAX_ROUNDS
    again = fit_trees(ROWS, "binary:logistic", rounds=rounds, seed=0)
    found, wanted = predict_margin(booster, later), predict_margin(again, later)
    assert np.array_equal(found, wanted)
    assert booster.feature_names == list(FEATURES)


def test_noise_is_not_learnt():
    draw = np.random.default_rng(0)
    rows, check = (Rows(FEATURES, draw.integers(0, 2, 1000).astype(float)) for _ in range(2))
    booster = fit_trees_until(rows, check, "binary:logistic", seed=0)
    assert booster.num_boosted_rounds() < 30


def test_a_weight_of_two_is_a_row_given_twice():
    twice = Rows(FEATURES, CHURNED, np.full(len(FEATURES), 2.0))
    given = Rows(pd.concat([FEATURES, FEATURES]), np.concatenate([CHURNED, CHURNED]))
    one, other = (
        xgb.train({**EXACT, "objective": "binary:logistic"}, rows.matrix(), num_boost_round=3)
        for rows in (twice, given)
    )
    found, wanted = (predict_margin(booster, FEATURES) for booster in (one, other))
    assert found == pytest.approx(wanted, abs=1e-5)
