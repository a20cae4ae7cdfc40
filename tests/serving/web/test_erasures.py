"""The route of erasures, and how each kind of customer is answered."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.made import LIST, NOW, READ, made_batch, publish, until

ERASE = "erase"


@pytest.fixture
def client(anonymous, token_of):
    anonymous.headers.update(token_of(READ, LIST, ERASE, "export"))
    return anonymous


def erase(client, customer_id="00004", **headers):
    return client.post("/v1/erasures", json={"customer_id": customer_id}, headers=headers)


def test_s16_an_erased_customer_is_410_everywhere(client, runtime):
    assert client.get("/v1/customers/00004").status_code == 200
    answer = erase(client)
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["rows"], receipt["erased_at"]) == (3, "2024-07-01T06:00:00Z")
    assert "00004" not in answer.text
    for tail in ("", "/orders", "/history"):
        gone = client.get(f"/v1/customers/00004{tail}")
        assert gone.status_code == 410
        assert "erased" in gone.json()["detail"]
    listed = client.get("/v1/customers?limit=1000").json()["items"]
    assert "00004" not in {row["customer_id"] for row in listed}
    assert len(listed) == client.get("/v1/portfolio").json()["customers"] == 299
    publish(runtime.store, made_batch("b2", published_at=NOW))
    assert client.get("/v1/customers/00004").status_code == 410


def test_an_answer_that_a_client_kept_holds_no_longer(client):
    kept = client.get("/v1/portfolio").headers["etag"]
    same = client.get("/v1/portfolio", headers={"if-none-match": kept})
    assert same.status_code == 304
    erase(client)
    assert client.get("/v1/portfolio", headers={"if-none-match": kept}).status_code == 200


def test_r35_each_kind_of_customer_has_a_status_of_its_own(client):
    erase(client)
    ids = ["00005", "00004", "00009", "nobody"]
    answer = client.post("/v1/scores", json={"customer_ids": ids}).json()["results"]
    told = {row["customer_id"]: row["score_status"] for row in answer}
    assert told == {
        "00005": "scored",
        "00004": "erased",
        "00009": "inactive",
        "nobody": "unknown",
    }
    assert [set(row) for row in answer if row["score_status"] in ("erased", "unknown")] == [
        {"customer_id", "score_status"}
    ] * 2
    inactive = next(row for row in answer if row["customer_id"] == "00009")
    assert inactive["churn_probability"] is None
    assert inactive["missing"]


def test_r36_a_hundred_equal_erasures_have_one_receipt(client, runtime):
    def one(_):
        return erase(client, **{"Idempotency-Key": "ticket-4711"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert erase(client, "00005", **{"Idempotency-Key": "ticket-4711"}).status_code == 409
    with runtime.store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar() == 1


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"customer_id": 4}', b'{"customer_id": ""}', b'{"customer_id": "\\n"}']
)
def test_a_body_that_names_no_customer_is_422(client, body):
    answer = client.post("/v1/erasures", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_s7_erasing_needs_its_scope(anonymous, token_of):
    for scope in (READ, LIST, "export", "publish", "admin"):
        assert erase(anonymous, **token_of(scope)).status_code == 403
    assert erase(anonymous).status_code == 401


def test_s16_no_file_on_the_disk_holds_the_customer_afterwards(client, runtime):
    place = client.post("/v1/exports", json={"filter": {"q": "00123"}}).headers["location"]
    until(lambda: client.get(place).json()["status"] == "done")
    assert client.get(f"{place}/file").status_code == 200
    erase(client, "00123")
    assert client.get(place).json()["status"] == "erased"
    assert client.get(f"{place}/file").status_code == 410
    runtime.exporter.stop()
    # Orders, scores, the log of the store, exports: all that the service keeps.
    held = [
        path.name
        for path in runtime.settings.var.rglob("*")
        if path.is_file() and b"00123" in path.read_bytes()
    ]
    assert held == []
