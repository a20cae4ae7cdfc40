import math

import pytest

from training.results import MODEL, fold_metrics, mean_metrics


def test_every_member_is_measured_and_only_the_model_has_a_median(result):
    metrics = fold_metrics(result.folds[0])
    assert set(metrics["churn"]) == {MODEL, "recency"}
    assert set(metrics["value"]) == {MODEL, "past_rate"}
    assert math.isfinite(metrics["value"][MODEL]["mae_p50"])
    assert math.isnan(metrics["value"]["past_rate"]["mae_p50"])


def test_the_mean_leaves_out_folds_where_a_measure_is_undefined():
    folds = [
        {"churn": {"model": {"auc": 0.7}, "recency": {"auc": math.nan}}, "value": {}},
        {"churn": {"model": {"auc": math.nan}, "recency": {"auc": math.nan}}, "value": {}},
        {"churn": {"model": {"auc": 0.9}}, "value": {}},
    ]
    mean = mean_metrics(folds)
    assert mean["churn"]["model"]["auc"] == pytest.approx(0.8)
    assert math.isnan(mean["churn"]["recency"]["auc"])


def test_no_fold_has_no_mean():
    assert mean_metrics([]) == {"churn": {}, "value": {}}
