"""`GET /v1/customers/{customer_id}/value` as a route: known, unknown, erased, unchanged."""

from serving.store.worth import worth_of
from tests.serving.made import NOW, made_batch, made_orders, made_rows

PATH = "/v1/customers/00004/value"


def test_a_known_customer_is_answered_with_the_head_of_the_batch(client):
    answer = client.get(PATH)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["batch_id"], told["customer_id"]) == ("b1", "00004")
    assert [step["step"] for step in told["steps"]][:3] == ["gross", "refunds", "net"]


def test_an_answer_that_the_client_has_is_304(client):
    tag = client.get(PATH).headers["etag"]
    again = client.get(PATH, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_an_unknown_customer_is_404_and_an_odd_id_422(client):
    assert client.get("/v1/customers/nobody/value").status_code == 404
    assert client.get("/v1/customers/%00/value").status_code == 422


def test_an_id_may_hold_slashes(client, runtime):
    batch = made_batch("b2")
    rows, orders = made_rows(batch), made_orders()
    rows["customer_id"] = rows["customer_id"].replace({"00004": "a/b"})
    orders["customer_id"] = orders["customer_id"].replace({"00004": "a/b"})
    runtime.store.publish(batch, rows, orders)
    assert client.get("/v1/customers/a%2Fb/value").json()["customer_id"] == "a/b"


def test_an_erased_customer_is_410_and_nothing_is_kept(client, runtime):
    with runtime.store.database.write() as connection:
        runtime.store.erase(connection, "00004", who="abc", now=NOW)
    assert client.get(PATH).status_code == 410
    kept = worth_of(runtime.store.database, "b1", "00004")
    assert kept["orders"] == 0
    assert kept["historic_gross"] is None


def test_it_needs_the_scope_for_scores_by_id(anonymous, token_of):
    assert anonymous.get(PATH, headers=token_of("list:scores")).status_code == 403


def test_before_the_first_batch_it_is_503(bare, token_of):
    assert bare.get(PATH, headers=token_of("read:scores")).status_code == 503
