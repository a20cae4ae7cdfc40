"""The routes of contact lists: made, read, told of; by whom, and what is refused."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from serving.lists.errors import Busy
from serving.store.audit import fault
from serving.store.list_tables import list_members
from serving.web.list_schema import list_schemas
from serving.web.lists import refusals
from serving.web.problem import Problem
from tests.serving.made import LIST, NOW, READ, made_batch, made_orders, made_rows, publish

LISTS, ERASE = "lists", "erase"
BODY = {
    "list_id": "spring",
    "contact_cost": 0.5,
    "margin": 0.4,
    "save_rate": {"mean": 0.2, "sd": 0.05},
    "holdout": 0.3,
}


@pytest.fixture
def client(anonymous, token_of):
    anonymous.headers.update(token_of(READ, LIST, LISTS, ERASE))
    return anonymous


def made(client, **changes):
    answer = client.post("/v1/lists", json={**BODY, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def all_members(client, list_id="spring", **params):
    items, cursor = [], None
    while True:
        asked = {"limit": 100, **params, **({"cursor": cursor} if cursor else {})}
        page = client.get(f"/v1/lists/{list_id}/members", params=asked).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def test_the_whole_path(client):
    preview = client.post("/v1/lists/preview", json=BODY)
    assert preview.status_code == 200
    answer = client.post("/v1/lists", json=BODY)
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/lists/spring")
    whole = answer.json()
    assert preview.json()["counts"] == whole["counts"]
    assert client.get("/v1/lists/spring").json() == {**whole, "fairness": whole["fairness"]}
    assert [each["list_id"] for each in client.get("/v1/lists").json()["items"]] == ["spring"]
    members = all_members(client)
    assert len(members) == whole["counts"]["listed"]
    contacted = [each["customer_id"] for each in members if each["arm"] == "contacted"]
    rows = [
        {"customer_id": c, "contacted_at": "2024-07-01", "list_id": "spring"} for c in contacted
    ]
    told = client.post("/v1/contacts", json={"contacts": rows}).json()
    assert told["recorded"] == len(contacted)
    bought = [{"customer_id": c, "revenue": 30.0, "orders": 1} for c in contacted[::2]]
    told = client.post("/v1/lists/spring/outcomes", json={"outcomes": bought}).json()
    assert told["outcomes"] == len(bought)
    readout = client.get("/v1/lists/spring/readout").json()
    assert (readout["status"], readout["outcomes_from"]) == ("preliminary", "imported")


def test_a_list_that_would_contact_nobody_is_refused_with_422(client):
    body = {**BODY, "contact_cost": 1e6}
    answer = client.post("/v1/lists", json=body)
    assert answer.status_code == 422
    assert "this list would contact nobody" in answer.json()["detail"]
    assert answer.json()["errors"][0]["where"] == "contact_cost"
    told = client.post("/v1/lists/preview", json=body)
    assert (told.status_code, told.json()["refusal"]) == (200, answer.json()["detail"])
    assert client.get("/v1/lists").json()["items"] == []


@pytest.mark.parametrize("asked", ["limit=1001", "limit=none", "cursor=%C2%94%21"])
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_page_that_cannot_be_is_refused_of_members_in_either_form(client, asked, kind):
    answer = client.get(f"/v1/lists/spring/members?format={kind}&{asked}")
    assert answer.status_code == 422


def test_a_hold_out_that_cannot_be_is_one_fault_of_its_field(client):
    answer = client.post("/v1/lists", json={**BODY, "holdout": 0.7})
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["where"]) == (422, "holdout")
    assert "a share from 0 to 0.5, or auto" in fault["what"]


def test_lists_come_in_pages_the_newest_first(client):
    for name in ("one", "two", "three"):
        made(client, list_id=name, holdout=0.0)
    seen, query = [], {"limit": 2}
    while True:
        page = client.get("/v1/lists", params=query).json()
        seen.append([each["list_id"] for each in page["items"]])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [["three", "two"], ["one"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=1001", 422), ("limit=0", 422), ("page=2", 422), ("limit=1&limit=2", 422),
     ("cursor=" + "a" * 40, 404)],
)  # fmt: skip
def test_a_page_of_lists_that_cannot_be_is_refused(client, query, status):
    assert client.get(f"/v1/lists?{query}").status_code == status


def test_members_come_as_csv_by_format_or_by_accept(client):
    whole = made(client)
    by_format = client.get("/v1/lists/spring/members?format=csv")
    by_accept = client.get("/v1/lists/spring/members", headers={"accept": "text/csv"})
    assert by_format.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_format.text == by_accept.text
    rows = list(csv.DictReader(io.StringIO(by_format.text, newline="")))
    assert len(rows) == whole["counts"]["listed"]
    arms = {"contacted", "held_out"}
    assert {row["arm"] for row in rows} == arms
    some = client.get("/v1/lists/spring/members?format=csv&arm=contacted").text
    assert len(some.splitlines()) == whole["counts"]["contacted"] + 1


def test_ids_of_the_csv_are_guarded_against_formulas(runtime, bare, token_of):
    batch = made_batch("b9", 200)
    rows = made_rows(batch)
    rows["customer_id"] = "=" + rows["customer_id"]
    runtime.store.publish(batch, rows, made_orders(200))
    bare.headers.update(token_of(LISTS))
    made(bare)
    text = bare.get("/v1/lists/spring/members?format=csv").text
    assert all(line.startswith("'=") for line in text.splitlines()[1:])


def test_the_same_key_makes_one_list(client):
    headers = {"Idempotency-Key": "k1"}
    body = {**BODY, "list_id": None}
    first = client.post("/v1/lists", json=body, headers=headers)
    again = client.post("/v1/lists", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["digest"] == again.json()["digest"]
    assert len(client.get("/v1/lists").json()["items"]) == 1
    other = client.post("/v1/lists", json={**body, "budget": 9.0}, headers=headers)
    assert other.status_code == 409


def test_the_same_key_has_its_answer_after_another_batch_too(client, runtime):
    headers = {"Idempotency-Key": "k1"}
    body = {**BODY, "begins_on": "2024-07-01"}
    first = client.post("/v1/lists", json=body, headers=headers)
    later = made_batch("b2", as_of="2024-07-02", data_until="2024-07-02")
    runtime.store.publish(later, made_rows(later), made_orders(later.customers))
    refused = client.post("/v1/lists", json={**body, "list_id": "summer"})
    assert refused.status_code == 422
    again = client.post("/v1/lists", json=body, headers=headers)
    assert (again.status_code, again.headers["location"]) == (201, "/v1/lists/spring")
    assert {**again.json(), "fairness": None} == {**first.json(), "fairness": None}
    other = client.post("/v1/lists", json={**body, "budget": 9.0}, headers=headers)
    assert other.status_code == 409


def test_a_lost_race_is_503_and_says_when_to_come_back():
    with pytest.raises(Problem) as caught, refusals():
        raise Busy
    answer = caught.value.response()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "try again in a few seconds" in caught.value.detail


def test_contacts_with_the_same_key_are_recorded_once(client):
    rows = {"contacts": [{"customer_id": "00001", "contacted_at": "2024-06-30"}]}
    answers = [
        client.post("/v1/contacts", json=rows, headers={"Idempotency-Key": "k2"}).json()
        for _ in range(2)
    ]
    assert [each["recorded"] for each in answers] == [1, 1]


def test_a_name_is_given_once_however_many_ask_at_once(client):
    def ask(number):
        return client.post("/v1/lists", json={**BODY, "budget": 50.0 + number})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    winner = next(each for each in answers if each.status_code == 201).json()
    assert client.get("/v1/lists/spring").json()["digest"] == winner["digest"]


def test_lists_made_at_once_hold_out_nobody_whom_another_lists(client):
    def ask(name):
        return client.post("/v1/lists", json={**BODY, "list_id": name})

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(ask, ("one", "two", "three")))
    assert [each.status_code for each in answers] == [201] * 3
    arms: dict[str, list[str]] = {}
    for name in ("one", "two", "three"):
        for each in all_members(client, name):
            arms.setdefault(each["customer_id"], []).append(each["arm"])
    order = {each["list_id"]: n for n, each in enumerate(client.get("/v1/lists").json()["items"])}
    assert set(order) == {"one", "two", "three"}
    # Held out at one time by one list, and listed by no later one.
    assert all(found.count("held_out") <= 1 for found in arms.values())


def test_without_the_scope_nothing_is_answered(anonymous, token_of):
    headers = token_of(READ, LIST)
    for path in ("/v1/lists", "/v1/lists/spring", "/v1/lists/spring/readout"):
        assert anonymous.get(path, headers=headers).status_code == 403
    assert anonymous.post("/v1/lists", json=BODY, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"margin": None}, "margin"),
        ({"begins_on": "2024-06-01"}, "begins_on"),
        ({"list_id": "Not A Slug"}, "list_id"),
        ({"list_id": "new"}, "list_id"),
        ({"colour": "red"}, "colour"),
        ({"holdout": 0.6}, "holdout"),
        ({"audience": {"risk_tier": ["none"]}}, "audience.risk_tier.0"),
    ],
)
def test_a_body_that_does_not_fit_is_422_and_names_the_field(client, changes, where):
    answer = client.post("/v1/lists/preview", json={**BODY, **changes})
    assert answer.status_code == 422
    assert any(fault["where"].startswith(where) for fault in answer.json()["errors"])


def test_what_is_not_there_is_404(client):
    for path in ("", "/members", "/readout"):
        assert client.get(f"/v1/lists/none{path}").status_code == 404
    rows = {"outcomes": [{"customer_id": "a", "revenue": 1.0}]}
    assert client.post("/v1/lists/none/outcomes", json=rows).status_code == 404
    made(client)
    assert client.get(f"/v1/lists/spring/members?cursor={'a' * 40}").status_code == 404
    assert client.get("/v1/lists/spring/members?arm=both").status_code == 422


def test_before_the_first_batch_it_is_503(bare, token_of):
    answer = bare.post("/v1/lists/preview", json=BODY, headers=token_of(LISTS))
    assert answer.status_code == 503
    nothing: dict[str, object] = {"items": [], "next_cursor": None}
    assert bare.get("/v1/lists", headers=token_of(LISTS)).json() == nothing


def test_more_contacts_than_are_let_through_are_refused(client):
    rows = [{"customer_id": f"{i}", "contacted_at": "2024-06-30"} for i in range(10_001)]
    assert client.post("/v1/contacts", json={"contacts": rows}).status_code == 422
    told = client.post("/v1/contacts", json={"contacts": rows[:-1]}).json()
    assert told["recorded"] == 10_000


def test_an_erased_member_is_gone_and_the_counts_stay(client, runtime):
    whole = made(client)
    members = all_members(client)
    gone = next(each["customer_id"] for each in members if each["arm"] == "contacted")
    rows = [{"customer_id": gone, "contacted_at": "2024-07-01", "list_id": "spring"}]
    client.post("/v1/contacts", json={"contacts": rows})
    bought = [{"customer_id": gone, "revenue": 30.0}]
    client.post("/v1/lists/spring/outcomes", json={"outcomes": bought})
    assert client.post("/v1/erasures", json={"customer_id": gone}).status_code == 200
    after = client.get("/v1/lists/spring")
    assert after.status_code == 200
    assert after.json() == {**whole, "erased": {"contacted": 1}}
    left = all_members(client)
    assert left == [each for each in members if each["customer_id"] != gone]
    assert gone not in client.get("/v1/lists/spring/members?format=csv").text
    assert gone not in (runtime.settings.contacts_dir / "spring.csv").read_text()
    readout = client.get("/v1/lists/spring/readout").json()
    assert readout["contacted"] == whole["counts"]["contacted"] - 1
    assert readout["erased"] == {"contacted": 1, "held_out": 0}
    assert readout["contacts"]["recorded"] == 0
    told = client.post("/v1/contacts", json={"contacts": rows}).json()
    assert (told["recorded"], told["erased"]) == (0, 1)
    told = client.post("/v1/lists/spring/outcomes", json={"outcomes": bought}).json()
    assert told["not_members"] == 1


def test_a_list_of_some_thousands_comes_whole_and_counts_once_it_comes(runtime, bare, token_of):
    publish(runtime.store, made_batch(customers=9000))
    bare.headers.update(token_of(LISTS))
    listed = made(bare, contact_cost=0.0)["counts"]["listed"]
    assert listed > 5000
    answer = bare.get("/v1/lists/spring/members?format=csv")
    assert answer.headers["cache-control"] == "no-store"
    ranks = [int(row["rank"]) for row in csv.DictReader(io.StringIO(answer.text))]
    assert ranks == list(range(1, listed + 1))
    runtime.usage.rows_per_day = listed + 1
    assert bare.get("/v1/lists/spring/members?format=csv").status_code == 200
    assert bare.get("/v1/lists/spring/members?format=csv").status_code == 429


def test_a_file_of_a_damaged_list_is_neither_counted_nor_told_as_taken(client, runtime):
    made(client)
    with runtime.store.database.write() as connection:
        connection.execute(update(list_members).values(arm="contacted"))
    runtime.usage.rows_per_day = 1
    assert client.get("/v1/lists/spring/members?format=csv").status_code == 500
    assert client.get("/v1/lists/spring/members?limit=1").status_code == 200
    with runtime.store.database.read() as connection:
        found = connection.exec_driver_sql("SELECT what FROM audit").scalars().all()
    assert found == ["list"]


def test_who_makes_lists_and_takes_members_stands_in_the_audit_trail(client, runtime):
    made(client)
    client.get("/v1/lists/spring/members?format=csv")
    with runtime.store.database.read() as connection:
        assert fault(connection, runtime.store.database.secret) == ""
        found = connection.exec_driver_sql("SELECT what, count FROM audit ORDER BY number").all()
    assert [row[0] for row in found] == ["list", "list csv"]
    assert found[0][1] == found[1][1] > 0


def test_members_count_towards_the_rows_of_a_day(runtime, client):
    made(client)
    runtime.usage.rows_per_day = 100
    assert client.get("/v1/lists/spring/members?limit=100").status_code == 200
    refused = client.get("/v1/lists/spring/members?limit=1")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


def test_a_later_batch_leaves_lists_as_they_are(client, runtime):
    whole = made(client)
    publish(runtime.store, made_batch("b2", published_at=NOW), seed=3)
    assert client.get("/v1/lists/spring").json() == whole


def test_every_body_and_answer_has_a_schema():
    assert {"ListIn", "ContactsIn", "OutcomesIn", "ContactList", "ListReadout"} <= set(
        list_schemas()
    )
