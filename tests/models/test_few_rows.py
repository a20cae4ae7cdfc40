import json
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from features.feature_table import FeatureTable
from models import few_rows
from models.few_rows import FEW, QuickTrees, few_rows_of
from tests.models.made import FEATURES, made_features, made_heads

OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary:logistic": {"base_score": 0.5},
    "reg:squarederror": {"base_score": 0.0},
    "reg:tweedie": {"base_score": 1.0},
    "count:poisson": {"base_score": 1.0},
    "reg:quantileerror": {"quantile_alpha": [0.1, 0.5, 0.9]},
}


def rows(n, seed=1, columns=7):
    draw = np.random.default_rng(seed)
    found = draw.normal(size=(n, columns)).astype(np.float32)
    found[draw.random(found.shape) < 0.2] = np.nan
    return found


def grown(objective="reg:squarederror", depth=5, rounds=40, **more):
    dense = rows(600)
    label = (np.nan_to_num(dense[:, 0]) + np.isnan(dense[:, 1]) > 0.3).astype(float)
    told = {"objective": objective, "max_depth": depth, **OBJECTIVES[objective], **more}
    return xgb.train(told, xgb.DMatrix(dense, label=label), rounds)


def by_xgboost(booster, dense):
    raw = booster.inplace_predict(dense, predict_type="margin", validate_features=False)
    return np.reshape(raw, (len(dense), -1))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_few_rows_have_the_bits_of_xgboost(objective):
    booster = grown(objective)
    few = few_rows_of(booster)
    assert few is not None
    for n in (1, 2, FEW, 500):
        dense = rows(n, seed=n)
        assert np.array_equal(few.margins(dense), by_xgboost(booster, dense))


def test_a_value_at_a_split_goes_where_xgboost_sends_it():
    booster = grown()
    told = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    splits = [
        (column, split)
        for tree in told["trees"][:10]
        for column, split, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"], strict=True
        )
        if left >= 0
    ]
    dense = rows(len(splits), seed=3)
    for row, (column, split) in zip(dense, splits, strict=True):
        row[column] = np.float32(split)
    few = few_rows_of(booster)
    assert few is not None
    assert np.array_equal(few.margins(dense), by_xgboost(booster, dense))


def test_the_scores_of_a_bundle_are_walked():
    heads = made_heads()
    inputs = heads.inputs(made_features(FEW, seed=5))
    for score in (heads.returns.score, heads.value.spend, heads.value.total, heads.orders.score):
        assert few_rows_of(score.booster) is not None
        trees = QuickTrees(score.booster)
        many = trees.margins(np.repeat(inputs.dense, 3, axis=0))
        assert np.array_equal(trees.margins(inputs.dense), many[::3])


@pytest.mark.parametrize(
    "odd",
    [
        grown("reg:squarederror", booster="dart", rounds=2),
        grown(rounds=0),
        grown("reg:squarederror", base_score=2.0, rounds=2),
    ],
    ids=["dart", "no tree", "another start"],
)
def test_what_is_not_known_to_be_the_same_is_left_to_xgboost(odd):
    assert few_rows_of(odd) is None
    dense = np.nan_to_num(rows(3))
    assert np.array_equal(QuickTrees(odd).margins(dense), by_xgboost(odd, dense))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left_children", 0),
        ("left_children", 10_000),
        ("right_children", 0),
        ("split_indices", 10_000),
        ("split_indices", -1),
    ],
)
def test_trees_whose_walk_would_not_end_or_would_leave_them_are_not_walked(field, value):
    learner = json.loads(bytes(grown().save_raw("json")))["learner"]
    learner["gradient_booster"]["model"]["trees"][3][field][0] = value
    found = few_rows._read(learner)
    assert found is not None
    assert not few_rows._sound(found)


def test_another_number_of_columns_is_refused():
    few = few_rows_of(grown())
    assert few is not None
    with pytest.raises(ValueError, match="grown on 7 columns, got 3"):
        few.margins(np.zeros((1, 3), np.float32))


def test_a_bundle_that_got_ready_has_read_its_trees():
    heads = made_heads()
    heads.predict(FeatureTable(FEATURES, np.full((len(FEATURES), 1), np.nan)))
    assert "_few" in vars(heads.returns.score._trees)
