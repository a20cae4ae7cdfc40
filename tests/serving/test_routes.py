from typing import Any

import orjson
import pytest

from retention.scores import SCORE_FIELDS
from serving.store.listing import SORTS
from tests.serving.made import (
    LIST,
    NOW,
    READ,
    made_batch,
    made_orders,
    made_rows,
    publish,
)

HEAD = ["as_of", "batch_id", "model_version", "published_at", "stale"]


def detail(response):
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    return body["detail"]


def test_a_customer_is_answered_with_the_head_of_the_batch(client):
    answer = client.get("/v1/customers/00004").json()
    assert list(answer) == [*HEAD, "results"]
    assert answer["published_at"] == "2024-07-01T04:00:00Z"
    assert answer["stale"] is False
    assert [tuple(row) for row in answer["results"]] == [SCORE_FIELDS]


def test_scores_are_stale_after_36_hours(client, runtime):
    assert client.get("/v1/customers/00004").json()["stale"] is False
    publish(runtime.store, made_batch("old", published_at=NOW.replace(day=1, month=6)))
    assert client.get("/v1/customers/00004").json()["stale"] is True


@pytest.mark.parametrize("tail", ["", "/orders", "/history"])
def test_an_unknown_customer_is_404(client, tail):
    assert "no customer of this id" in detail(client.get(f"/v1/customers/nobody{tail}"))


def test_an_id_may_hold_slashes_and_percent_signs(client, runtime):
    batch = made_batch("odd", customers=2)
    ids = ["DE/1 %", "ü?#'\""]
    rows = made_rows(batch).assign(customer_id=ids)
    runtime.store.publish(
        batch, rows, made_orders(2).assign(customer_id=[ids[0], ids[0], ids[1], ids[1]])
    )
    for path in ("DE%2F1%20%25", "DE/1%20%25", "%C3%BC%3F%23%27%22"):
        for tail in ("", "/orders", "/history"):
            assert client.get(f"/v1/customers/{path}{tail}").status_code == 200


def test_orders_and_history_of_a_customer(client):
    orders = client.get("/v1/customers/00004/orders").json()
    assert [order["order_number"] for order in orders["orders"]] == [1, 2]
    history = client.get("/v1/customers/00004/history").json()
    assert [item["batch_id"] for item in history["history"]] == ["b1"]


def test_many_ids_are_answered_in_the_order_asked(client):
    ids = ["00005", "nobody", "00009", "00005"]
    answer = client.post("/v1/scores", json={"customer_ids": ids}).json()
    assert [row["customer_id"] for row in answer["results"]] == ids
    assert [row["score_status"] for row in answer["results"]] == [
        "scored",
        "unknown",
        "inactive",
        "scored",
    ]
    assert answer["results"][1] == {"customer_id": "nobody", "score_status": "unknown"}


def test_a_thousand_ids_are_answered_and_no_more(client):
    ids = [f"{i:05d}" for i in range(1000)]
    answer = client.post("/v1/scores", json={"customer_ids": ids})
    assert len(answer.json()["results"]) == 1000
    refused = client.post("/v1/scores", json={"customer_ids": [*ids, "x"]})
    assert refused.status_code == 422
    assert "at most 1000" in detail(refused)


@pytest.mark.parametrize(
    "body",
    [
        b'{"customer_ids": 5}',
        b'{"customer_ids": [1]}',
        b'{"customer_ids": ["a"], "extra": 1}',
        b'{"customer_ids": ["\\ud800"]}',
        b"[]",
        b"{",
        b"",
        b"\xff",
    ],
)
def test_a_body_that_does_not_fit_is_422_and_never_echoed(client, body):
    answer = client.post("/v1/scores", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert detail(answer)
    assert answer.json()["errors"]


def walk(client, query):
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(f"/v1/customers?{query}" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return found


@pytest.mark.parametrize("sort", SORTS)
def test_cursors_walk_through_every_customer_once(client, sort):
    found = walk(client, f"sort={sort}&limit=37")
    assert sorted(row["customer_id"] for row in found) == [f"{i:05d}" for i in range(300)]
    key = sort.removeprefix("-")
    values = [row[key] for row in found if row[key] is not None]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_filters_hold_for_every_row(client):
    query = "risk_tier=high,medium&value_tier=top&value_tier=high&min_value_at_risk=60&limit=3"
    found = walk(client, query)
    assert found
    assert {row["risk_tier"] for row in found} <= {"high", "medium"}
    assert {row["value_tier"] for row in found} <= {"top", "high"}
    assert min(row["value_at_risk"] for row in found) >= 60
    every = walk(client, "limit=1000")
    assert len(found) == sum(
        row["risk_tier"] in ("high", "medium")
        and row["value_tier"] in ("top", "high")
        and row["value_at_risk"] >= 60
        for row in every
    )


def test_a_search_finds_parts_of_ids(client):
    assert [row["customer_id"] for row in walk(client, "q=0012&sort=customer_id")] == [
        "00012",
        *[f"0012{i}" for i in range(10)],
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("colour=red", "unknown query parameter 'colour'; known are risk_tier"),
        ("risk_tier=huge", "risk_tier must be among high, medium, low"),
        ("sort=name", "sort must be one of"),
        ("limit=0", "1 to 1000"),
        ("limit=1001", "1 to 1000"),
        ("limit=\u0661", "1 to 1000"),
        ("risk_tier=high&risk_tier=", "risk_tier must be among high, medium, low"),
        ("rfm_group=", "rfm_group must be among"),
        ("min_value_at_risk=nan", "must be a number"),
        ("min_churn_probability=2", "from 0 to 1"),
        ("sort=customer_id&sort=customer_id", "sort is given twice"),
        ("cursor=zzz", "not one that this list gave"),
        ("cursor=%00", "not one that this list gave"),
        ("q=%00", "at most 200 characters"),
    ],
)
def test_a_wrong_parameter_is_named(client, query, sentence):
    answer = client.get(f"/v1/customers?{query}")
    assert answer.status_code == 422
    assert sentence in detail(answer)


def test_a_cursor_is_good_for_its_batch_sort_and_filter_only(client, runtime):
    cursor = client.get("/v1/customers?limit=5").json()["next_cursor"]
    for query in ("limit=5&sort=customer_id", "limit=5&risk_tier=high"):
        answer = client.get(f"/v1/customers?{query}&cursor={cursor}")
        assert "another sort or other filters" in detail(answer)
    assert client.get(f"/v1/customers?limit=9&cursor={cursor}").status_code == 200
    publish(runtime.store, made_batch("b2", published_at=NOW))
    answer = client.get(f"/v1/customers?limit=5&cursor={cursor}")
    assert answer.status_code == 422
    assert "no longer current" in detail(answer)


def test_the_portfolio_is_that_of_the_batch(client, runtime):
    answer = client.get("/v1/portfolio").json()
    assert answer["customers"] == 300
    assert answer["data_until"] == "2024-06-30"
    assert answer["tiers"] == runtime.store.portfolio("b1")["tiers"]


def test_before_the_first_batch_scores_are_503_and_the_probe_says_not_ready(bare, token_of):
    assert bare.get("/livez").status_code == 200
    ready = bare.get("/readyz")
    assert (ready.status_code, ready.content) == (503, b"")
    assert ready.headers["retry-after"]
    bare.headers.update(token_of(READ, LIST))
    paths = ["/v1/customers", "/v1/customers/00001", "/v1/portfolio", "/v1/model"]
    answers = [bare.get(path) for path in paths]
    answers.append(bare.post("/v1/scores", json={"customer_ids": []}))
    for answer in answers:
        assert answer.status_code == 503
        assert "run `perennial" in detail(answer)
        assert answer.headers["retry-after"]


def test_ready_after_the_first_batch(anonymous):
    assert anonymous.get("/readyz").status_code == 200
    assert anonymous.head("/readyz").status_code == 200


def test_the_store_gone_is_503_with_retry_after(client, runtime):
    path = runtime.settings.var / "scores.db"
    runtime.store.close()
    for part in path.parent.glob("scores.db*"):
        part.write_bytes(b"no database any more" * 100)
    answer = client.get("/v1/portfolio")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "store does not answer" in detail(answer)
    assert str(path) not in answer.text


def test_metrics_count_by_template_and_hold_no_id(client):
    client.get("/v1/customers/00004")
    client.get("/v1/customers/canary-4711")
    text = client.get("/metrics").text
    route = 'method="GET",route="/v1/customers/{customer_id:path}"'
    assert f'perennial_requests_total{{{route},status="200"}}' in text
    assert f'perennial_requests_total{{{route},status="404"}}' in text
    assert "perennial_batch_age_seconds 7200.0" in text
    assert "canary" not in text


def test_answers_are_kept_by_no_other_than_the_client(client):
    answer = client.get("/v1/customers/00004")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert orjson.loads(answer.content)


def test_r24_a_write_while_the_store_is_held_is_503_with_the_time_to_wait(
    anonymous, runtime, token_of
):
    headers = token_of("erase", "export")
    with runtime.store.database.write():
        for path, body in (("/v1/erasures", {"customer_id": "00004"}), ("/v1/exports", {})):
            answer = anonymous.post(path, json=body, headers=headers)
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True), path
    assert anonymous.get("/v1/customers/00004", headers=token_of(READ)).status_code == 200
