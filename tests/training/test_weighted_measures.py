"""Weighted measures are those of the rows repeated as often as their weight says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.metrics import churn_metrics, value_metrics
from training.weighted_churn import CHURN_MEASURES, sorted_churn, weighted_churn
from training.weighted_value import VALUE_MEASURES, sorted_truth, sorted_value, weighted_truth
from training.weighted_value import weighted_value as measured_value


def weighted_value(true, predicted, weights):
    truth = sorted_truth(true)
    return measured_value(truth, weighted_truth(truth, weights), sorted_value(truth, predicted))


# Few different values, so that ties abound; below zero where refunds outweigh.
VALUES = st.sampled_from([-5.0, 0.0, 0.0, 0.0, 1.0, 2.5, 40.0])
ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.5, 0.55, 1.0]),
        st.booleans(),
        VALUES,
        st.sampled_from([0.0, 1.0, 3.0, 9.0]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=40,
).filter(lambda rows: any(row[-1] for row in rows))


@settings(deadline=None)
@given(rows=ROWS)
def test_whole_weights_are_repeated_rows(rows):
    p, churned, true, predicted, weights = np.array(rows, float).T
    again = np.repeat(np.arange(len(rows)), weights.astype(int))
    churn = churn_metrics(churned[again], p[again])
    value = value_metrics(true[again], predicted[again])
    assert weighted_churn(sorted_churn(churned, p), weights) == pytest.approx(
        [churn[m] for m in CHURN_MEASURES], abs=1e-9, nan_ok=True
    )
    assert weighted_value(true, predicted, weights) == pytest.approx(
        [value[m] for m in VALUE_MEASURES], abs=1e-9, nan_ok=True
    )


def test_worked_example():
    # Highest first the outcomes are 1, 0, 1; the last counts twice: of 3 pairs 1 is in order.
    found = weighted_churn(
        sorted_churn(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.6, 0.2])), np.array([1.0, 1, 2])
    )
    assert found[CHURN_MEASURES.index("auc")] == pytest.approx(1 / 3)
    value = weighted_value(np.array([10.0, 0.0]), np.array([5.0, 1.0]), np.array([1.0, 3.0]))
    assert value[VALUE_MEASURES.index("bias")] == pytest.approx(8 / 10 - 1)
    assert value[VALUE_MEASURES.index("concordance")] == 1


def test_nobody_drawn_has_no_measure():
    assert np.isnan(weighted_value(np.ones(3), np.ones(3), np.zeros(3))).all()
    assert np.isnan(weighted_churn(sorted_churn(np.ones(3), np.ones(3)), np.zeros(3))).all()
