"""The service as a process of its own, started in both ways: what is let in, what comes out."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest

from configs.settings import Settings, load_settings
from serving.scores import ScoreStore
from serving.store.tokens import Tokens
from serving.web.rules import RULES
from tests.serving.made import (
    LIST,
    READ,
    made_batch,
    made_bundle,
    made_settings,
    promote,
    publish,
    until,
)

ROOT = Path(__file__).resolve().parents[2]
PURCHASE = {"customer_id": "new", "ordered_at": "2024-05-01", "amount": 20.0}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Served:
    """A running service with its client, folder and log."""

    client: httpx2.Client
    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def models_dir(self) -> Path:
        return self.folder / "var" / "models"


def command(how: str, port: int, config: Path) -> list[str]:
    if how == "perennial":
        start = "import perennial; perennial.app()"
        return [sys.executable, "-c", start, "serve", "-c", str(config), "--port", str(port)]
    bentoml = "from bentoml_cli.cli import cli; cli()"
    name = "serving.service:PerennialService"
    return [sys.executable, "-c", bentoml, "serve", name, "--host", "127.0.0.1", "-p", str(port)]


@contextlib.contextmanager
def running(
    how: str, folder: Path, *, store: str | None = None, **serve: object
) -> Iterator[Served]:
    """Serve a made batch from a process of its own, of an SQLite file or of the store named."""
    settings = made_settings(folder, **serve)
    if store is not None:
        told = {**json.loads((folder / "shop.yaml").read_text()), "store": store}
        (folder / "shop.yaml").write_text(json.dumps(told))
        settings = load_settings(folder / "shop.yaml")
    yield from _running(how, folder, settings)


def _running(how: str, folder: Path, settings: Settings) -> Iterator[Served]:
    store = ScoreStore(settings.store_url)
    publish(store, made_batch(published_at=datetime.now(UTC)))
    token, _ = Tokens(store.database).create([READ, LIST])
    store.close()
    settings.models_dir.mkdir(parents=True)
    promote(settings.models_dir)
    port, config, log = free_port(), folder / "shop.yaml", folder / "log"
    environment = {**os.environ, "PERENNIAL_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(how, port, config), cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx2.TransportError):
            return client.get("/readyz").status_code == 200
        return False

    try:
        until(ready, seconds=150)
        client.headers["Authorization"] = f"Bearer {token}"
        yield Served(client, port, folder, process, log)
    finally:
        client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="module", params=["perennial", "bentoml"])
def served(request, tmp_path_factory) -> Iterator[Served]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as served:
        yield served
    assert served.process.returncode == 0, "SIGTERM ends it in good order"


def test_no_route_answers_without_a_token(served):
    paths = {rule.path for rule in RULES if not rule.is_open}
    paths |= {"/nowhere", "/healthz", "/schema.json", "/static_content/main.js", "/v1/"}
    with httpx2.Client(base_url=served.client.base_url, timeout=20) as anonymous:
        for path in sorted(paths):
            path = path.replace("{customer_id:path}", "00004").replace("{path:path}", "x")
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                status = anonymous.request(method, path).status_code
                assert status in (401, 303), (method, path)
        assert anonymous.get("/").status_code == 303
        assert anonymous.get("/livez").status_code == 200
        assert anonymous.get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//livez",
        "/static/../v1/portfolio",
        "/static/perennial.css/../../v1/portfolio",
        "/%2e/livez",
    ],
)
def test_a_crooked_path_opens_nothing(served, path):
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(request)
        first = connection.makefile("rb").readline()
    assert first.split()[1] == b"401"


def test_look_ups_lists_and_batches_answer(served):
    assert served.client.get("/v1/customers/00004").json()["results"][0]["churn_probability"]
    query = {"risk_tier": "high", "value_tier": "top", "limit": "5"}
    listed = served.client.get("/v1/customers", params=query).json()
    assert {row["risk_tier"] for row in listed["items"]} == {"high"}
    ids = ["00004", "nobody", "00004"]
    many = served.client.post("/v1/scores", json={"customer_ids": ids}).json()
    assert [row["customer_id"] for row in many["results"]] == ids
    assert served.client.get("/v1/portfolio").json()["customers"] == 300
    assert served.client.get("/v1/model").json()["model"] == "the simple rules"
    assert served.client.get("/v1/customers/nobody").status_code == 404


def test_predict_scores_what_is_sent(served):
    answer = served.client.post("/predict", json={"as_of": "2024-06-15", "purchases": [PURCHASE]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    row = answer.json()["results"][0]
    assert (row["customer_id"], row["score_status"]) == ("new", "scored")
    assert 0 < row["churn_probability"] < 1


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x", "application/vnd.bentoml+pickle", 415),
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"as_of": "2024-06-15", "purchases": []}', "application/json", 422),
        (b'{"as_of": "2024-02-30", "purchases": [{}]}', "application/json", 422),
        (b" " * (16 * 1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_a_bad_body_of_predict_is_one_problem_object(served, content, kind, status):
    answer = served.client.post("/predict", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_too_many_customers_are_422(served):
    purchases = [{**PURCHASE, "customer_id": str(i)} for i in range(1001)]
    answer = served.client.post("/predict", json={"as_of": "2024-06-15", "purchases": purchases})
    assert answer.status_code == 422
    assert "1001 customers" in answer.text


def test_what_customers_send_is_in_no_log(served):
    canary = {**PURCHASE, "customer_id": "canary-4711", "amount": "canary-4712"}
    served.client.post("/predict", json={"as_of": "2024-06-15", "purchases": [canary]})
    served.client.post("/predict", json={"as_of": "canary-4713", "purchases": [PURCHASE]})
    served.client.get("/v1/customers/canary-4714")
    assert "canary" not in served.log.read_text()


def test_the_document_names_every_route(served):
    document = served.client.get("/openapi.json").json()
    assert document == served.client.get("/docs.json").json()
    assert {"/predict", "/v1/customers", "/v1/scores"} <= set(document["paths"])
    assert "/v1/customers/{customer_id}" in served.client.get("/docs").text


def test_metrics_are_ours_and_hold_no_id(served):
    served.client.get("/v1/customers/canary-4715")
    text = served.client.get("/metrics").text
    assert 'route="/v1/customers/{customer_id:path}",status="404"' in text
    assert "perennial_batch_customers 300.0" in text
    assert "canary" not in text


def test_a_new_champion_is_served_without_a_restart(served):
    version = promote(served.models_dir, made_bundle("another"))
    until(lambda: served.client.get("/v1/model").json()["model_version"] == version)


def test_it_listens_on_this_machine_only(served):
    parent = psutil.Process(served.process.pid)
    family = [parent, *parent.children(recursive=True)]
    listening = {
        (c.laddr.ip, c.laddr.port)
        for process in family
        for c in process.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    }
    assert {ip for ip, _ in listening} == {"127.0.0.1"}
    assert (("127.0.0.1", served.port)) in listening


def test_ctrl_c_ends_it_in_good_order(tmp_path):
    with running("perennial", tmp_path) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=30) == 0
    assert "Traceback" not in served.log.read_text()
