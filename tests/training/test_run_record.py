from dataclasses import replace

import numpy as np

from training.run_record import (
    LONGEST_PARAM,
    MetricPoint,
    description,
    flat_params,
    run_record,
    version_tags,
)


def test_settings_become_dotted_params_without_secrets():
    params = flat_params(
        {"a": {"b": 1, "c": None}, "d": [1, "x"], "e": "", "f": {}, "url": "https://u:p@h"}
    )
    assert params == {
        "a.b": "1",
        "a.c": "null",
        "d": '[1, "x"]',
        "e": '""',
        "f": "{}",
        "url": "https://***@h",
    }


def test_long_texts_are_cut_and_odd_keys_cleaned():
    params = flat_params({"a:b×c": "x" * 2000})
    assert list(params) == ["a_b_c"]
    assert len(params["a_b_c"]) == LONGEST_PARAM


def test_folds_are_steps_in_time_and_what_is_undefined_is_left_out(result):
    record = run_record(replace(result, folds=result.folds[::-1]))
    steps = {m.step: m.value for m in record.metrics if m.key == "churn/model/auc"}
    mean = next(m.value for m in record.metrics if m.key == "mean/churn/model/auc")
    assert list(steps) == [0, 1]
    assert mean == np.mean(list(steps.values()))
    assert record.metrics == run_record(result).metrics
    assert all(np.isfinite(m.value) for m in record.metrics)
    assert "value/past_rate/mae_p50" not in {m.key for m in record.metrics}
    assert MetricPoint("gate/return/recency/low", 0.02, 0) in record.metrics
    assert MetricPoint("data/orders", 4000.0, 0) in record.metrics
    assert MetricPoint("seconds/fit", 1.5, 0) in record.metrics


def test_the_data_are_named_by_digest(result):
    record = run_record(result)
    assert record.dataset_digest == "ab" * 18
    assert record.tags["data.sha256"] == "ab" * 32
    assert record.tags["cutoffs"] == "2024-01-01, 2024-03-31"


def test_a_version_says_what_it_serves_and_why(result):
    tags = version_tags(result)
    assert tags["served.return"] == "model"
    assert tags["served.value"] == "past_rate"
    assert tags["gate.value.method"] == "by customer, not by time"
    assert tags["gate.return.reason"] == "its log loss is below every rule's"
    assert "Learned from 4,000 orders" in description(result)
