import json
from dataclasses import replace

import numpy as np
import pytest

from models.btyd_columns import BtydColumns
from models.inputs import Preparation, preparation_from_spec
from tests.models.made import READ, made_features, made_preparation

FEATURES = made_features(150, seed=2)
PREPARATION = made_preparation(FEATURES)


def test_the_matrix_holds_features_and_then_the_columns_that_scores_read():
    inputs = PREPARATION.of(FEATURES)
    assert inputs.columns == [*FEATURES.columns, *READ]
    assert inputs.dense.dtype == np.float32
    assert inputs.dense.shape == (len(inputs), len(inputs.columns))
    assert np.array_equal(
        inputs.dense[:, : FEATURES.shape[1]], FEATURES.to_numpy(np.float32), equal_nan=True
    )
    assert np.array_equal(
        inputs.dense[:, FEATURES.shape[1] :], inputs.btyd.rows(READ).T.astype(np.float32)
    )


def test_models_that_no_score_reads_are_there_for_rules():
    inputs = PREPARATION.of(FEATURES)
    assert set(READ) < set(inputs.btyd.names)


def test_each_linear_column_is_made_of_the_column_that_owns_it():
    inputs = PREPARATION.of(FEATURES)
    owners = np.concatenate(inputs.owners)
    assert len(owners) == inputs.linear.shape[1]
    design = PREPARATION.design
    assert design is not None
    assert [inputs.columns[i] for i in owners] == list(design.names)


def test_a_missing_column_is_undefined_and_an_unknown_one_is_not_read():
    spare = FEATURES.drop(columns="spend_90d").assign(unknown=1.0)
    found = PREPARATION.of(spare)
    there = PREPARATION.of(FEATURES.assign(spend_90d=np.nan))
    assert np.array_equal(found.dense, there.dense, equal_nan=True)
    assert np.array_equal(found.linear, there.linear)


def test_the_order_of_columns_does_not_matter():
    turned = PREPARATION.of(FEATURES[FEATURES.columns[::-1]])
    assert np.array_equal(turned.dense, PREPARATION.of(FEATURES).dense, equal_nan=True)


def test_a_preparation_written_down_and_read_makes_the_same_inputs():
    again = preparation_from_spec(json.loads(json.dumps(PREPARATION.spec())))
    one, two = (p.of(FEATURES) for p in (PREPARATION, again))
    assert one.dense.tobytes() == two.dense.tobytes()
    assert one.linear.tobytes() == two.linear.tobytes()
    assert np.array_equal(one.btyd.values, two.btyd.values, equal_nan=True)
    assert again.spec() == PREPARATION.spec()


def test_without_a_design_only_rules_can_be_asked():
    bare = Preparation(tuple(FEATURES.columns), BtydColumns(90, {}, None))
    again = preparation_from_spec(json.loads(json.dumps(bare.spec())))
    assert again == bare
    inputs = bare.of(FEATURES)
    assert inputs.owners == ()
    assert (len(inputs.btyd), inputs.btyd.names) == (len(FEATURES), ())
    with pytest.raises(ValueError, match="nothing linear was fitted here; only rules"):
        _ = inputs.linear


def test_fewer_models_of_purchase_days_leave_what_scores_read():
    lean = replace(PREPARATION, btyd=PREPARATION.btyd.only({"bg_nbd", "mbg_cnbd_k"}))
    one, two = (p.of(FEATURES) for p in (PREPARATION, lean))
    assert np.array_equal(one.dense, two.dense, equal_nan=True)
    assert len(two.btyd.names) < len(one.btyd.names)
