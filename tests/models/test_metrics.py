import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import (
    CHURN_METRICS,
    VALUE_METRICS,
    churn_metrics,
    concordance,
    decile_mape,
    decile_sums,
    log_loss_rows,
    nan_to_null,
    normalised_gini,
    pinball,
    tweedie_deviance_rows,
    value_metrics,
)


def test_churn_worked_example():
    m = churn_metrics([1, 0, 1, 0], [0.9, 0.8, 0.6, 0.1])
    # Pairs (churned, returned): .9>.8, .9>.1, .6<.8, .6>.1.
    assert m["auc"] == pytest.approx(3 / 4)
    # Precision where a churned customer is found: first 1/1, third 2/3.
    assert m["pr_auc"] == pytest.approx((1 + 2 / 3) / 2)
    assert m["log_loss"] == pytest.approx(-math.log(0.9 * 0.2 * 0.6 * 0.9) / 4)
    assert m["brier"] == pytest.approx((0.01 + 0.64 + 0.16 + 0.01) / 4)
    # Each customer is alone in a bin of a tenth.
    assert m["ece"] == pytest.approx((0.1 + 0.8 + 0.4 + 0.1) / 4)
    assert tuple(m) == CHURN_METRICS


def test_calibration_error_counts_what_cancels_within_a_bin_as_right():
    assert churn_metrics([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5])["ece"] == 0
    assert churn_metrics([1, 1], [1.0, 0.95])["ece"] == pytest.approx(0.025)


def test_certain_and_wrong_costs_a_finite_log_loss():
    assert log_loss_rows([1.0], [0.0])[0] == pytest.approx(-math.log(1e-6))
    assert churn_metrics([1, 0], [0.0, 1.0])["log_loss"] == pytest.approx(-math.log(1e-6), abs=1e-9)


def test_one_outcome_leaves_ranking_undefined_and_the_rest_defined():
    m = churn_metrics([1, 1], [0.5, 0.5])
    assert math.isnan(m["auc"])
    assert math.isnan(m["pr_auc"])
    assert m["brier"] == 0.25


def test_value_worked_example():
    t, v = [0.0, 10.0, 30.0, 10.0], [5.0, 5.0, 20.0, 1.0]
    m = value_metrics(t, v, clv_p50=[0.0, 10.0, 20.0, 0.0])
    # Pairs that differ: (0,10) tied, (0,30) right, (0,10') wrong, (10,30) right, (30,10') right.
    assert m["concordance"] == pytest.approx((0.5 + 1 + 0 + 1 + 1) / 5)
    # Shares in predicted order 30, then 0 and 10 tied, 10; in their own order 30, 10, 10, 0.
    own = (0.6 + 0.8 + 1 + 1) / 4 - 5 / 8
    assert m["norm_gini"] == pytest.approx(((0.6 + 0.7 + 0.8 + 1) / 4 - 5 / 8) / own)
    assert m["bias"] == pytest.approx(31 / 50 - 1)
    # Four customers fill four of ten deciles: |20-30|/30, 0 left out, |5-10|/10, |1-10|/10.
    assert m["decile_mape"] == pytest.approx((1 / 3 + 1 / 2 + 9 / 10) / 3)
    assert m["rmse"] == pytest.approx(math.sqrt((25 + 25 + 100 + 81) / 4))
    assert m["mae_p50"] == pytest.approx((0 + 0 + 10 + 10) / 4)
    # Ranks 1, 2.5, 4, 2.5 and 2.5, 2.5, 4, 1.
    assert m["spearman"] == pytest.approx(0.5)
    assert tuple(m) == VALUE_METRICS


def test_the_same_for_everybody_has_no_gini_in_any_order_of_rows():
    for truth in ([9.0, 4.0, 1.0, 0.0], [0.0, 1.0, 4.0, 9.0]):
        assert value_metrics(truth, [2.0] * 4)["norm_gini"] == pytest.approx(0, abs=1e-12)


def test_nobody_spending_leaves_value_undefined_and_never_fails():
    m = value_metrics([0.0, 0.0], [1.0, 2.0])
    assert m["rmse"] == pytest.approx(math.sqrt(2.5))
    assert all(math.isnan(x) for name, x in m.items() if name != "rmse")


def test_no_customer_gives_nothing_but_nan():
    both = churn_metrics([], []) | value_metrics([], [])
    assert set(both) == {*CHURN_METRICS, *VALUE_METRICS}
    assert all(math.isnan(x) for x in both.values())


def test_more_refunds_than_revenue_has_no_bias():
    assert math.isnan(value_metrics([5.0, -9.0], [1.0, 1.0])["bias"])


def test_a_constant_prediction_orders_half_of_the_pairs():
    assert concordance([0.0, 1.0, 2.0], [4.0, 4.0, 4.0]) == 0.5


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=40))
def test_concordance_is_the_count_of_all_pairs(rows):
    t, v = (np.array(side, dtype=float) for side in zip(*rows, strict=True))
    a, b = np.triu_indices(len(t), 1)
    differ = t[a] != t[b]
    right = np.sign((t[a] - t[b]) * (v[a] - v[b]))[differ]
    if not differ.any():
        assert math.isnan(concordance(t, v))
    else:
        assert concordance(t, v) == pytest.approx(np.mean((right + 1) / 2), abs=1e-12)


def test_gini_of_the_true_order_is_one_and_of_the_reverse_minus_one():
    t = np.array([0.0, 1.0, 5.0, 20.0])
    assert normalised_gini(t, t) == pytest.approx(1)
    assert normalised_gini(t, -t) == pytest.approx(-1)


def test_deciles_go_from_the_highest_predicted_down():
    t, v = np.arange(20.0), np.arange(20.0) * 2
    true, predicted = decile_sums(t, v)
    assert true.tolist()[:2] == [19 + 18, 17 + 16]
    assert predicted.tolist()[:2] == [2 * (19 + 18), 2 * (17 + 16)]
    assert decile_mape(t, v) == pytest.approx(1)


def test_tweedie_worked_example():
    # Power 3/2: 4 (sqrt(y) - sqrt(mu))^2 / sqrt(mu).
    rows = tweedie_deviance_rows([9.0, 0.0, 4.0], [4.0, 16.0, 4.0])
    assert rows.tolist() == pytest.approx([4 * 1 / 2, 4 * 16 / 4, 0])


def test_expecting_nothing_costs_a_finite_deviance_in_any_currency():
    cents, euros = [300.0, 0.0], [3.0, 0.0]
    in_cents, in_euros = (tweedie_deviance_rows(y, [0.0, 0.0]) for y in (cents, euros))
    assert np.isfinite(in_cents).all()
    assert in_cents == pytest.approx(in_euros * 10)
    assert np.isfinite(tweedie_deviance_rows([0.0], [0.0])).all()


def test_pinball_weighs_the_side_of_the_miss():
    assert pinball([10.0, 0.0], [4.0, 5.0], level=0.9).tolist() == pytest.approx([5.4, 0.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: churn_metrics([1, 0], [0.5]), "one length"),
        (lambda: churn_metrics([1, 2], [0.5, 0.5]), r"must be 0 or 1, got 2\.0"),
        (lambda: churn_metrics([1, 0], [0.5, 1.5]), r"within 0 and 1, got 1\.5"),
        (lambda: value_metrics([1, 0], [0.5, math.nan]), "first in row 1"),
        (lambda: tweedie_deviance_rows([1], [1], power=2), "power must be"),
        (lambda: pinball([1], [1], level=1), "level must be"),
    ],
)
def test_error_says_what_was_received(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_json_gets_null_for_what_is_undefined():
    value = {"a": [np.float64("nan"), (1, math.inf)], "b": np.int64(3), "c": "x", "d": True}
    assert nan_to_null(value) == {"a": [None, [1, None]], "b": 3, "c": "x", "d": True}
    assert json.dumps(nan_to_null(value), allow_nan=False)
