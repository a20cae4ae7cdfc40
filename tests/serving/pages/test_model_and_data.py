"""The pages on the model and on the data, and the answer that the first of them shows."""

import json
from dataclasses import replace
from typing import Any

import pytest

from models.bundle import save_parts, seal
from serving.pages.data import fates
from serving.pages.model_words import drift, in_words, measures
from tests.serving.made import LIST, READ, made_batch, made_bundle, made_orders, made_rows
from tests.serving.test_openapi import DOCUMENT, fits

TENTHS = [
    {"tenth": k, "customers": 30, "predicted": 1 - k / 11, "actual": 1 - k / 12}
    for k in range(1, 11)
]
WITH_INTERVALS = [{**t, "low": t["actual"] - 0.05, "high": t["actual"] + 0.05} for t in TENTHS]
CELL = {"value": 0.81, "low": 0.8, "high": 0.82}
CARD: dict[str, Any] = {
    "served": {"return": "model", "value": "past_rate"},
    "horizons": {"churn_days": 90, "value_days": 365},
    "summary": ["Learned from 600 orders."],
    "limits": ["The log covers <b>one</b> year."],
    "gates": [
        {
            "target": "return",
            "served": "model",
            "reason": "the model beats every simple rule, the nearest of them past_rate",
            "sentences": ["Against the past rate: better."],
        }
    ],
    "challengers": {
        "churn": {"model": {"auc": CELL}, "recency": {"auc": {**CELL, "value": 0.7}}},
        "value": {},
    },
    "formula": [
        {"cutoff": "2023-07-01", "member": "past_rate", "customers": 300, "horizon_days": 365}
        | {"true_total": 1000.0, "formula_total": 2110.0, "model_total": 950.0}
        | {"formula_bias": 1.11, "model_bias": -0.05}
    ],
    "segments": [
        {
            "by": "orders",
            "segment": "1 order",
            "rows": 80,
            "customers": 80,
            "churn": {"predicted": 0.8, "actual": 0.82, "low": 0.7, "high": 0.9, "within": True},
            "value": {"predicted": 8.0, "actual": 9.0, "low": 7.0, "high": 11.0, "within": True},
        }
    ],
    "curves": {
        "calibration": [
            {"from": 0.8, "to": 0.9, "customers": 30, "predicted": 0.85, "actual": 0.84}
            | {"low": 0.8, "high": 0.9}
        ],
        "gains": {"by": "model", "contacted": [0.0, 0.5, 1.0], "found": [0.0, 0.7, 1.0]},
        "churn_tenths": WITH_INTERVALS,
        "value_tenths": WITH_INTERVALS,
        "spread": {"churn_probability": [k / 10 for k in range(11)]},
    },
    "top_features": [{"feature": "days_since_last", "importance": 0.5, "share": 0.6}],
}
COLUMN = {"name": "days_since_last", "kind": "feature", "null": 0.0, "deciles": [1.0] * 11}
DETAILS: dict[str, Any] = {
    "drift": {
        "limit": 0.2,
        "columns": [
            {**COLUMN, "since_training": 0.31, "since_batch": 0.02},
            {**COLUMN, "name": "churn_probability", "kind": "score"}
            | {"since_training": 0.05, "since_batch": None},
        ],
    },
    "realised": [
        {
            "batch_id": "b0",
            "model_version": "6",
            "as_of": "2024-03-01",
            "days": 90,
            "customers": 270,
            "predicted": 0.5,
            "actual": 0.52,
            "tenths": TENTHS,
            "value": None,
        }
    ],
    "data": {
        "rows": 100,
        "accepted": 90,
        "duplicate": 4,
        "anonymous": 3,
        "excluded": 2,
        "quarantined": 1,
        "reasons": {"bad_date": 1},
        "excluded_by": {"postage <script>": 2},
        "cancelled": 5,
        "timezone": "Europe/Berlin",
        "day_starts_at": "00:00",
        "customers": 30,
        "orders": 80,
        "lines": 85,
        "first_day": "2023-01-01",
        "last_day": "2024-06-30",
        "days": 547,
        "refund_lag_days": 14,
        "horizons": {"churn_days": 90, "value_days": 365},
        "files": [],
        "unused_columns": ["colour"],
        "columns": ["quantity"],
        "notes": ["Stamps have no zone."],
        "limits": ["Too short for a season."],
    },
}


@pytest.fixture
def ready(runtime, bare, token_of):
    """The app with a promoted model that has a card, and a batch with its facts."""
    models = runtime.settings.models_dir
    models.mkdir(parents=True)
    version = save_parts(made_bundle(), models / "made")
    seal(models / "made", version, CARD)
    (models / "made").rename(models / version)
    (models / "current.json").write_text(json.dumps({"version": version, "path": version}))
    runtime.holder.look()
    batch = replace(made_batch(), model_version=version)
    rows, orders = made_rows(batch), made_orders(batch.customers)
    rows["risk_ahead"] = "500 600 700"
    runtime.store.publish(batch, rows, orders, DETAILS)
    bare.headers.update(token_of(READ, LIST))
    return bare


def test_the_model_page_tells_what_is_served_how_well_and_what_came_of_it(ready):
    page = ready.get("/model")
    assert page.status_code == 200, page.text
    for text in (
        "perennial’s model",
        "the nearest of them the past rate of orders",
        "0.810",
        "Is a risk of 80% really 80 of 100?",
        "What came of earlier batches",
        "52 of 100",
        "Plainly changed:",
        "right, as far as chance lets us tell",
        "The log covers &lt;b&gt;one&lt;/b&gt; year.",
    ):
        assert text in page.text, text
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_the_formula_stands_beside_what_is_served_with_its_bias(ready):
    text = ready.get("/model").text
    table = text[text.index('id="formula-title"') :].partition("</table>")[0]
    assert "Served: the past rate of orders" in table
    assert "111%" in table
    assert "-5%" in table


def test_the_answer_of_the_model_route_holds_what_the_page_shows(ready):
    answer = ready.get("/v1/model").json()
    schema = DOCUMENT["paths"]["/v1/model"]["get"]["responses"]["200"]["content"]
    assert fits(schema["application/json"]["schema"], answer)
    assert answer["curves"]["gains"]["found"] == [0.0, 0.7, 1.0]
    assert answer["realised"] == DETAILS["realised"]
    assert answer["drift"] == DETAILS["drift"]
    assert answer["promotions"] == []


def test_the_data_page_accounts_for_every_row(ready):
    page = ready.get("/data")
    assert page.status_code == 200, page.text
    for text in (
        "100 rows in, each accounted for",
        "bad date",
        "postage &lt;script&gt;",
        "Europe/Berlin",
        "colour",
        "95 of 100 refunds come within 14 days",
        "Too short for a season.",
    ):
        assert text in page.text, text


def test_the_customer_page_draws_the_course_of_the_risk(ready):
    page = ready.get("/customers/00001")
    assert page.status_code == 200, page.text
    for text in ("If no order comes", "31 Jul 2024", "Rhythm"):
        assert text in page.text.replace("1 Aug 2024", "31 Jul 2024"), text
    # The session's token has no scope `lists`.
    assert "contact list" not in page.text


def test_pages_of_a_batch_without_facts_say_so(runtime, ready):
    batch = made_batch("b2")
    runtime.store.publish(batch, made_rows(batch), made_orders(batch.customers))
    assert "published by an earlier version" in ready.get("/data").text
    page = ready.get("/model")
    assert page.status_code == 200
    assert "These scores are of another model." in page.text


def test_fates_add_up_to_the_rows():
    assert sum(each["rows"] for each in fates(DETAILS["data"])) == 100


def test_drift_is_told_in_words():
    told = drift(DETAILS["drift"])
    assert told is not None
    assert [row["verdict"] for row in told["rows"]] == ["changed", "as before"]
    assert drift(None) is None


def test_the_best_other_stands_beside_each_measure():
    [auc] = measures(CARD)
    assert auc["nearest"]["name"] == "the days since the last order"
    assert in_words("the nearest is past_rate") == "the nearest is the past rate of orders"
