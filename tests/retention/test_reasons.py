import re

import numpy as np
import orjson
import pandas as pd
import pytest

from features.catalogue import BY_NAME, FEATURES
from retention.reasons import FACES, MOST_REASONS, UNDEFINED, reasons, sentence
from tests.retention.made import made_shop

# What a customer must never read of.
NEVER = re.compile(r"risk|churn|value|tier|worth|score|predict|probab", re.IGNORECASE)
KEYS = {"code", "value", "direction", "importance", "text"}


def told(features, contributions):
    return [orjson.loads(text) for text in reasons(features, contributions)]


def test_worked_example():
    features = pd.DataFrame({"days_since_last": [40.0], "n_orders": [3.0], "spend_90d": [12.5]})
    [found] = told(features, pd.DataFrame({"days_since_last": [0.6], "n_orders": [-0.4]}))
    assert found == [
        {
            "code": "silence",
            "value": 40.0,
            "direction": "raises_risk",
            "importance": 0.6,
            "text": "The last order was 40 days ago.",
        },
        {
            "code": "orders",
            "value": 3.0,
            "direction": "lowers_risk",
            "importance": 0.4,
            "text": "There were 3 orders so far.",
        },
    ]


def test_features_of_one_topic_are_one_reason_told_by_its_plainest_feature():
    features = pd.DataFrame({"days_since_last": [40.0], "silence_in_gaps": [2.5], "T": [90.0]})
    effects = pd.DataFrame({"silence_in_gaps": [0.6], "T": [-0.4]})
    [found] = told(features, effects)
    assert [r["code"] for r in found] == ["silence", "tenure"]
    assert found[0]["importance"] == 0.6
    assert found[0]["text"] == "The last order was 40 days ago."


def test_without_the_plainest_feature_the_strongest_speaks():
    features = pd.DataFrame({"mean_gap": [np.nan], "sd_gap": [5.0], "last_gap": [30.0]})
    effects = pd.DataFrame({"mean_gap": [0.9], "sd_gap": [0.05], "last_gap": [0.1]})
    [[found]] = told(features, effects)
    assert (found["value"], found["text"]) == (30.0, "The two latest orders were 30 days apart.")
    assert found["importance"] == 1.0


def test_what_moves_nothing_is_no_reason():
    features = pd.DataFrame({"days_since_last": [40.0], "n_orders": [3.0]})
    assert told(features, pd.DataFrame({"days_since_last": [0.0], "n_orders": [0.0]})) == [[]]
    [found] = told(features, pd.DataFrame({"days_since_last": [1.0], "n_orders": [0.001]}))
    assert len(found) == 1
    assert told(features, pd.DataFrame(index=features.index)) == [[]]


def test_reasons_of_a_model_are_few_sorted_and_fit_for_the_customer():
    features, bundle = made_shop()
    for row in told(features, bundle.churn.contributions(features)):
        assert 1 <= len(row) <= MOST_REASONS
        importance = [r["importance"] for r in row]
        assert importance == sorted(importance, reverse=True)
        assert all(0 < i <= 1 for i in importance)
        assert sum(importance) <= 1 + 1e-3
        assert len({r["code"] for r in row}) == len(row)
        for reason in row:
            assert set(reason) == KEYS
            assert reason["direction"] in ("raises_risk", "lowers_risk")
            assert not NEVER.search(reason["text"])
            assert "{" not in reason["text"]
            assert "nan" not in reason["text"]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.name)
def test_every_sentence_is_fit_for_the_customer(feature):
    for value in (0.0, 1.0, 2.345, -3.0, 12345.678, np.nan):
        text = sentence(feature.name, value)
        assert not NEVER.search(text)
        assert text[0].isupper() or text[0].isdigit() or text[0] == "-"
        assert text.endswith(".")


def test_an_undefined_value_is_told_in_words():
    assert set(UNDEFINED) <= {f.topic for f in FEATURES}
    assert sentence("mean_gap", np.nan) == UNDEFINED["rhythm"]
    assert BY_NAME["sd_gap"].topic == "rhythm"


def test_numbers_read_as_people_write_them():
    assert sentence("spend_90d", 1234.5) == "Orders of the last 90 days come to 1,234.50."
    assert sentence("mean_gap", 30.25) == "Orders usually come every 30.2 days."
    assert sentence("mean_gap", 30.1) == "Orders usually come every 30.1 days."
    assert sentence("orders_change_30d", -2.0).endswith("before: -2.")
    assert sentence("spend_change_30d", 2.0).endswith("before: +2.00.")


def test_one_is_not_written_in_the_plural():
    assert sentence("days_since_last", 1.0) == "The last order was 1 day ago."
    assert sentence("n_orders", 1.0) == "There was 1 order so far."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("orders_90d", "There were no orders in the last 90 days."),
        ("orders_90d_last_year", "A year ago there were no orders in 90 days."),
        ("purchase_days_30d", "There were orders on none of the last 30 days."),
        ("items_90d", "No items were bought in the last 90 days."),
    ],
)
def test_nothing_is_told_in_words(name, said):
    assert sentence(name, 0.0) == said
    assert "20" in sentence(name, 20.0)
    assert sentence("n_orders", 11.0) == "There were 11 orders so far."


def test_a_face_belongs_to_its_topic():
    assert all(BY_NAME[name].topic == topic for topic, name in FACES.items())


def test_importance_is_rounded_as_it_is_written():
    halves = (np.arange(0, 10_000, 7) + 0.5) / 10_000
    shares = np.concatenate([halves, np.random.default_rng(0).random(1_000)])
    features = pd.DataFrame({"days_since_last": np.full(len(shares), 4.0), "T": 90.0})
    effects = pd.DataFrame({"days_since_last": shares, "T": 1 - shares})
    whole = np.abs(effects.to_numpy()).sum(axis=1)
    for row, one, two in zip(reasons(features, effects), shares, whole, strict=True):
        for reason in orjson.loads(row):
            share = (one if reason["code"] == "silence" else 1 - one) / two
            assert f'"importance":{share:.4f},' in row


def test_a_reason_does_not_depend_on_the_rows_beside_it():
    features, bundle = made_shop()
    effects = bundle.churn.contributions(features)
    together = reasons(features, effects)
    alone = [reasons(features.iloc[[i]], effects.iloc[[i]])[0] for i in range(0, len(features), 37)]
    assert alone == together[::37]
