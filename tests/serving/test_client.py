"""The Python client against the OpenAPI document, and against the app behind the front door."""

import csv
import inspect
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from serving.client import ApiError, Client, ExportAsked
from serving.lists.request import ContactsIn, OutcomesIn
from serving.web.app import build, with_layers
from serving.web.bodies import PredictIn, ScoresIn
from serving.web.exports import ExportIn
from serving.web.openapi import openapi_document
from tests.serving.made import LIST, READ, promote, publish
from tests.serving.web.served import served

METHODS: dict[str, Callable[..., Any]] = {
    "getCustomer": Client.customer,
    "getCustomerOrders": Client.orders,
    "getCustomerHistory": Client.history,
    "getCustomerValue": Client.value,
    "getScores": Client.scores,
    "listCustomers": Client.customers,
    "predict": Client.predict,
    "getPortfolio": Client.portfolio,
    "getModel": Client.model,
    "createExport": Client.start_export,
    "getExport": Client.export_state,
    "getExportFile": Client.export_file,
    "createErasure": Client.erase,
    "createList": Client.make_list,
    "previewList": Client.preview_list,
    "getLists": Client.lists,
    "getList": Client.one_list,
    "getListMembers": Client.list_members,
    "getListReadout": Client.readout,
    "getUplift": Client.uplift,
    "createContacts": Client.record_contacts,
    "createOutcomes": Client.record_outcomes,
}
# For machines of other kinds, and for people.
DOCUMENTS = {"/metrics", "/openapi.json", "/docs.json", "/docs", "/livez", "/readyz"}
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, item in openapi_document()["paths"].items()
    for method, operation in item.items()
    if path not in DOCUMENTS
}


def test_every_route_has_a_method():
    assert set(METHODS) == set(OPERATIONS)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_what_its_route_takes(name):
    _, _, operation = OPERATIONS[name]
    known = {p["name"] for p in operation.get("parameters", []) if p["in"] in ("path", "query")}
    taken = set(inspect.signature(METHODS[name]).parameters) - {"self", "path", "asked"}
    bodies = {
        "getScores": {"customer_ids"} & set(ScoresIn.model_fields),
        "predict": set(PredictIn.model_fields),
        "createErasure": {"customer_id"},
        "createList": {"terms"},
        "previewList": {"terms"},
        "createContacts": set(ContactsIn.model_fields),
        "createOutcomes": set(OutcomesIn.model_fields),
    }
    wanted = (known - {"cursor", "format"}) | bodies.get(name, set())
    assert taken - {"idempotency_key"} == wanted
    keyed = any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", []))
    assert ("idempotency_key" in taken) is keyed


def test_an_export_takes_what_its_body_takes():
    assert set(ExportAsked.__annotations__) == set(ExportIn.model_fields)


@pytest.fixture
def client(runtime):
    publish(runtime.store)
    promote(runtime.settings.models_dir)
    runtime.holder.look()
    token, _ = runtime.tokens.create([READ, LIST, "export", "erase", "lists"])
    with served(with_layers(build(runtime), runtime)) as port:
        yield Client(f"http://127.0.0.1:{port}", token, timeout=30)


def test_the_reads_answer_what_the_routes_do(client, runtime):
    assert client.customer("00004") == runtime.store.scores(["00004"], "b1")["00004"]
    assert [order["order_number"] for order in client.orders("00004")] == [1, 2]
    assert [past["batch_id"] for past in client.history("00004")] == ["b1"]
    assert client.value("00004")["customer_id"] == "00004"
    assert client.uplift()["status"] == "too_few_lists"
    assert client.portfolio()["customers"] == 300
    assert client.model()["model_version"]


def test_any_number_of_ids_is_asked_for(client):
    ids = [f"{i:05d}" for i in range(2500)]
    assert [row["customer_id"] for row in client.scores(ids)] == ids


def test_a_list_is_walked_through_to_its_end(client):
    found = [row["customer_id"] for row in client.customers(sort="customer_id", limit=37)]
    assert found == [f"{i:05d}" for i in range(300)]
    tiers = {row["risk_tier"] for row in client.customers(risk_tier=["high", "medium"])}
    assert tiers == {"high", "medium"}


def test_an_export_is_waited_for_and_its_file_checked(client, tmp_path):
    path = tmp_path / "scores.csv"
    state = client.export(path, filter={"risk_tier": ["high"]}, preset="hubspot")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == state["rows"] > 0
    assert {row["perennial_risk_tier"] for row in rows} == {"high"}
    assert [p.name for p in tmp_path.iterdir() if p.is_file() and "scores" in p.name] == [
        "scores.csv"
    ]


def test_a_contact_list_goes_its_way(client):
    terms = {"list_id": "spring", "contact_cost": 0.1, "margin": 0.4, "holdout": 0.3}
    assert client.preview_list(terms)["counts"] == client.make_list(terms)["counts"]
    client.make_list({**terms, "list_id": "summer"})
    assert [head["list_id"] for head in client.lists(limit=1)] == ["summer", "spring"]
    members = list(client.list_members("spring", limit=7))
    contacted = list(client.list_members("spring", arm="contacted"))
    assert [each for each in members if each["arm"] == "contacted"] == contacted
    assert len(members) == client.one_list("spring")["counts"]["listed"]
    ids = [each["customer_id"] for each in contacted]
    assert client.record_contacts(
        [{"customer_id": c, "contacted_at": "2024-07-01", "list_id": "spring"} for c in ids]
    ) == len(ids)
    bought = [{"customer_id": c, "revenue": 9.5} for c in ids[:3]]
    assert client.record_outcomes("spring", bought, replace=True) == 3
    assert client.readout("spring")["status"] == "preliminary"


def test_erasing_sent_twice_is_done_once(client):
    receipt = client.erase("00004", idempotency_key="ticket-1")
    assert client.erase("00004", idempotency_key="ticket-1") == receipt
    with pytest.raises(ApiError) as caught:
        client.customer("00004")
    assert caught.value.status == 410
    assert caught.value.problem["title"] == "Gone"


@pytest.mark.parametrize("odd", ["a/b c", "ü?#%", "..", "'; --"])
def test_an_unknown_id_is_one_typed_error(client, odd):
    with pytest.raises(ApiError, match="404: no customer of this id"):
        client.customer(odd)


def test_an_address_that_is_none_is_refused():
    with pytest.raises(ValueError, match="must be http://HOST"):
        Client("file:///etc/passwd", "x")


def test_a_service_that_is_not_there_is_the_same_error():
    with pytest.raises(ApiError, match="does not answer") as caught:
        Client("http://127.0.0.1:9", "x", timeout=2).portfolio()
    assert caught.value.status is None


class BusyServer(HTTPServer):
    """Counts how often it was asked; busy for the first so many times."""

    busy = 0
    asked = 0


class Busy(BaseHTTPRequestHandler):
    """Answers 503 for as often as its server says, then the portfolio."""

    server: BusyServer

    def do_GET(self):
        self.server.asked += 1
        status = 503 if self.server.asked <= self.server.busy else 200
        content = json.dumps({"detail": "busy"} if status == 503 else {"customers": 1}).encode()
        self.send_response(status)
        self.send_header("Retry-After", "3")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def busy():
    server = BusyServer(("127.0.0.1", 0), Busy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_busy_service_is_waited_for_as_it_says(busy):
    busy.busy = 2
    waits: list[float] = []
    client = Client(f"http://127.0.0.1:{busy.server_port}", "x", pause=waits.append)
    assert client.portfolio() == {"customers": 1}
    assert waits == [3.0, 3.0]


def test_a_service_that_stays_busy_is_given_up(busy):
    busy.busy = 99
    waits: list[float] = []
    url = f"http://127.0.0.1:{busy.server_port}"
    with pytest.raises(ApiError, match="503: busy"):
        Client(url, "x", patience=10, pause=waits.append).portfolio()
    assert waits == [3.0] * 3
