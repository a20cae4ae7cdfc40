import re
import time

import orjson
import pandas as pd
import pytest
from pydantic import ValidationError

from features.log.shop_log import ShopLog
from features.panel import snapshot
from features.shop_clock import day_number
from models.bundle import load_bundle
from retention.batch_job import first_order_of
from retention.extra_fields import Worth
from retention.scores import SCORE_FIELDS, Eligibility, score_rows
from serving.economics import economics_of
from serving.predict import clock_of, plain_rows, predict_answer, predict_answers
from serving.store.rows import unpublished_rows
from serving.web.bodies import PredictIn
from serving.web.problem import DEADLINE_SECONDS, Problem
from tests.made_frames import log_from_frame
from tests.serving.made import made_batch, made_rows, promote, publish

PURCHASES = [
    {"customer_id": "new", "ordered_at": "2024-05-01", "amount": 20.0},
    {"customer_id": "new", "ordered_at": "2024-06-01T10:00:00", "amount": 30.0},
    {"customer_id": "old", "ordered_at": "2022-01-05", "amount": 99.5},
    {"customer_id": "late", "ordered_at": "2024-06-20", "amount": 5.0},
]


def body(purchases=None, as_of="2024-06-15"):
    return PredictIn.model_validate({"as_of": as_of, "purchases": purchases or PURCHASES})


@pytest.fixture
def ready(runtime):
    publish(runtime.store)
    promote_into(runtime)
    return runtime


def promote_into(runtime):
    runtime.settings.models_dir.mkdir(parents=True, exist_ok=True)
    version = promote(runtime.settings.models_dir)
    runtime.holder.look()
    return version


def test_each_customer_gets_a_row_in_the_order_they_first_come(ready):
    answer = predict_answer(ready, body())
    assert answer["batch_id"] == "b1"
    assert answer["as_of"] == "2024-06-15"
    assert answer["model_version"] == ready.holder.champion.version
    new, old, late = answer["results"]
    assert (new["customer_id"], new["score_status"]) == ("new", "scored")
    assert tuple(new) == SCORE_FIELDS
    assert (new["historic_number_of_orders"], new["days_since_last"]) == (2, 14)
    assert new["batch_id"] is None
    assert new["predicted_number_of_orders"] > 0
    assert new["expected_date_of_next_order"] >= "2024-06-15"
    for name in ("medium_risk_on", "high_risk_on"):
        assert (new[name], new["missing"][name]) == (None, "batch_only")
    assert old["score_status"] == "scored"
    assert old["churn_probability"] > new["churn_probability"]
    assert old["churn_percentile"] == pytest.approx(100 * old["churn_probability"], abs=1)
    # Their only order comes after the day: nothing is known of them yet.
    assert late == {"customer_id": "late", "score_status": "unknown"}


def test_the_rows_are_those_of_the_batchs_code(ready):
    settings = ready.settings
    bundle = load_bundle(settings.models_dir / ready.holder.champion.version)
    log = log_from_frame(pd.DataFrame(PURCHASES), clock_of(settings))
    day = day_number(pd.Timestamp("2024-06-15").date())
    shot = snapshot(ShopLog.of(log), day)
    ids = shot.features.index.to_numpy(object)
    rows, _ = score_rows(
        shot.features,
        bundle,
        facts=shot.facts,
        as_of="2024-06-15",
        eligibility=Eligibility(1095, 0),
        cut_points=ready.store.current().cut_points,
        worth=Worth(first_order_of(log, day, ids), economics_of(settings)),
    )
    results = predict_answer(ready, body())["results"][:2]
    assert sorted(unpublished_rows(rows), key=str) == sorted(results, key=str)


def test_order_of_lines_and_other_customers_do_not_matter(ready):
    alone = predict_answer(ready, body(PURCHASES[1::-1]))["results"]
    assert alone == predict_answer(ready, body())["results"][:1]


def test_the_same_line_sent_twice_counts_once(ready):
    line = {**PURCHASES[0], "line_id": "L1"}
    once = predict_answer(ready, body([line]))["results"]
    assert predict_answer(ready, body([line, line]))["results"] == once
    assert once[0]["historic_clv"] == 20.0


def test_who_was_silent_too_long_is_inactive(ready):
    lines = [{"customer_id": "gone", "ordered_at": "2019-01-05", "amount": 9.0}]
    row = predict_answer(ready, body(lines))["results"][0]
    assert row["score_status"] == "inactive"
    assert row["churn_probability"] is None
    assert (row["reasons"], row["missing"]) == ([], {})


@pytest.mark.parametrize(
    ("change", "as_of", "sentence"),
    [
        ({}, "2024-02-30", "no day of the calendar"),
        ({}, "2024-07-02", "lies ahead"),
        ({"ordered_at": "soon"}, "2024-06-15", "cannot be read"),
        ({"ordered_at": ""}, "2024-06-15", "cannot be read|is empty"),
        ({"ordered_at": "99999-01-01"}, "2024-06-15", "cannot be read"),
        ({"known_at": "2024-13-01"}, "2024-06-15", "cannot be read"),
        ({"amount": 1e300}, "2024-06-15", "is not a number"),
    ],
)
def test_what_cannot_be_scored_is_422_with_a_sentence(ready, change, as_of, sentence):
    with pytest.raises(Problem, match=sentence) as caught:
        predict_answer(ready, body([{**PURCHASES[0], **change}], as_of))
    assert caught.value.status == 422


def test_without_model_or_batch_it_is_503(runtime):
    with pytest.raises(Problem, match="perennial train") as caught:
        predict_answer(runtime, body())
    assert caught.value.status == 503
    promote_into(runtime)
    with pytest.raises(Problem, match="perennial score"):
        predict_answer(runtime, body())


def test_a_thousand_customers_and_no_more():
    def many(n):
        return body([{**PURCHASES[0], "customer_id": str(i)} for i in range(n)])

    assert len(many(1000).purchases) == 1000
    with pytest.raises(ValidationError, match="1001 customers in one request"):
        many(1001)


def test_a_thousand_customers_are_scored_within_the_deadline(ready):
    lines = [
        {**PURCHASES[0], "customer_id": str(i), "ordered_at": f"2024-0{1 + d % 5}-{1 + d % 28:02d}"}
        for i in range(1000)
        for d in range(20)
    ]
    started = time.monotonic()
    results = predict_answer(ready, body(lines))["results"]
    assert time.monotonic() - started < DEADLINE_SECONDS
    assert {row["score_status"] for row in results} == {"scored"}


def test_requests_scored_together_are_answered_as_each_by_itself(ready):
    asked = [
        body(),
        body(PURCHASES[1::-1]),
        body([{**PURCHASES[0], "ordered_at": "soon"}]),
        body(PURCHASES, "2024-02-30"),
        body([{**PURCHASES[0], "customer_id": " 7.0 ", "channel": "shop"}]),
        body(PURCHASES, "2024-05-01"),
    ]
    together = predict_answers(ready, asked)
    for one, answer in zip(asked, together, strict=True):
        if isinstance(answer, Problem):
            with pytest.raises(Problem, match=re.escape(str(answer))):
                predict_answer(ready, one)
        else:
            assert answer == predict_answer(ready, one)
    assert [isinstance(a, Problem) for a in together] == [False, False, True, True, False, False]
    assert predict_answers(ready, asked[:2]) == together[:2]


def test_a_few_rows_are_answered_as_a_batch_would_be(ready):
    rows = made_rows(made_batch(customers=30)).assign(batch_id=None)
    assert plain_rows(rows) == unpublished_rows(rows)
    assert orjson.dumps(plain_rows(rows)) == orjson.dumps(unpublished_rows(rows))
