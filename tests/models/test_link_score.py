import json
from dataclasses import replace

import numpy as np
import pytest
import xgboost as xgb

from models.link_score import LinkScore, margins, score_from_spec
from tests.models.made import FEATURES, made_features, made_heads

HEADS = made_heads()
SCORE = HEADS.returns.score
INPUTS = HEADS.inputs(made_features(200, seed=4))


def raw(score):
    return score.raw(INPUTS.dense, INPUTS.linear)


def test_worked_example():
    # 1 + 2 * 0.5 linear, -1 + nothing from trees of no round; a quarter of the trees, effect 0.3.
    trees = xgb.train({"base_score": 0.0}, xgb.DMatrix(np.zeros((1, 1)), label=[0]), 0)
    score = LinkScore(1.0, np.array([2.0]), -1.0, trees, share=0.25, effect=0.3)
    found = score.raw(np.zeros((1, 1), np.float32), np.array([[0.5]]))
    assert found.tolist() == pytest.approx([0.3 + 0.75 * 2.0 + 0.25 * -1.0])


def test_the_share_moves_the_score_from_the_linear_part_to_the_trees():
    one, two = SCORE.parts(INPUTS.dense, INPUTS.linear)
    assert np.array_equal(raw(replace(SCORE, share=0.0)), one)
    assert np.array_equal(raw(replace(SCORE, share=1.0)), two)
    assert raw(replace(SCORE, share=0.25)) == pytest.approx(0.75 * one + 0.25 * two)


def test_an_effect_is_added_to_every_row_and_is_in_no_part():
    moved = replace(SCORE, effect=-0.7)
    assert raw(moved) == pytest.approx(raw(SCORE) - 0.7)
    for one, other in zip(
        SCORE.parts(INPUTS.dense, INPUTS.linear),
        moved.parts(INPUTS.dense, INPUTS.linear),
        strict=True,
    ):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_contributions_add_up_to_the_score_but_for_one_number(share):
    score = replace(SCORE, share=share)
    parts = score.contributions(INPUTS.dense, INPUTS.linear, INPUTS.owners)
    assert parts.shape == INPUTS.dense.shape
    rest = raw(score) - parts.sum(axis=1)
    assert rest == pytest.approx(np.full(len(rest), rest[0]), abs=1e-4)  # float32 sums


def test_what_is_read_of_a_feature_is_counted_for_it_alone():
    changed = INPUTS.features.instead({"days_since_last": INPUTS.features["days_since_last"] + 50})
    other = HEADS.inputs(changed)
    flat = replace(SCORE, share=0.0)
    one, two = (flat.contributions(i.dense, i.linear, i.owners) for i in (INPUTS, other))
    moved = np.flatnonzero(np.abs(one - two).max(axis=0) > 1e-12)
    assert [INPUTS.columns[i] for i in moved] == ["days_since_last"]


def test_a_score_written_down_and_read_says_the_same():
    told = json.loads(json.dumps(replace(SCORE, share=0.25, effect=0.1).spec("x.ubj")))
    assert told["booster"] == "x.ubj"
    again = score_from_spec(told, SCORE.booster)
    assert np.array_equal(raw(again), raw(replace(SCORE, share=0.25, effect=0.1)))


def test_margins_are_the_sums_of_leaves_from_zero():
    said = SCORE.booster.predict(xgb.DMatrix(INPUTS.dense), output_margin=True)
    assert margins(SCORE.booster, INPUTS.dense) == pytest.approx(said, abs=1e-6)
    assert len(FEATURES) <= INPUTS.dense.shape[1]
