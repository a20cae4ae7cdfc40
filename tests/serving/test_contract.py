"""The running service against its own OpenAPI document: what it allows, and what it forbids."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from serving.scores import ScoreStore
from serving.store.scopes import SCOPES
from serving.store.tokens import Tokens
from serving.web.openapi import operations
from tests.serving.made import made_batch, made_settings, promote, publish, until

ROOT = Path(__file__).resolve().parents[2]
RULES = Path(__file__).with_name("schemathesis.toml")
SERVE = "import perennial; perennial.app()"
FUZZ = "from schemathesis.cli import schemathesis; schemathesis()"
# Nothing in these requests can differ from one to the next.
WITHOUT_INPUT = {"GET /metrics", "GET /docs", "GET /livez", "GET /readyz"}


@dataclass(frozen=True)
class Service:
    """A running service, its address and a token with every scope."""

    address: str
    token: str
    log: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("contract")
    # Wrong tokens are part of what is tried; how many are let through is tested elsewhere.
    told = made_settings(folder, wrong_tokens_per_minute=10**9, rows_per_day=10**12)
    store = ScoreStore(told.store_url)
    publish(store, made_batch(published_at=datetime.now(UTC)))
    token, _ = Tokens(store.database).create(SCOPES)
    store.close()
    told.models_dir.mkdir(parents=True)
    promote(told.models_dir)
    log = folder / "log"
    command = [sys.executable, "-c", SERVE, "serve", "-c", str(folder / "shop.yaml")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port := free_port())], cwd=ROOT, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx2.get(f"{address}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    try:
        until(ready, 120)
        yield Service(address, token, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def cases_of(events: Path) -> Counter[str]:
    """Requests sent, by operation, as the record of the run has them."""
    found: Counter[str] = Counter()
    for line in events.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if scenario is not None:
            recorder = scenario["recorder"]
            found[recorder["label"]] += len(recorder.get("cases", {}))
    return found


def fuzz(service: Service, folder: Path, *, examples: int, seed: int) -> Counter[str]:
    """Let schemathesis try every operation with all of its checks; fail with what it found."""
    events = folder / "events.ndjson"
    done = subprocess.run(
        [
            *(sys.executable, "-c", FUZZ, "--config-file", str(RULES)),
            *("run", f"{service.address}/openapi.json"),
            *("--header", f"Authorization: Bearer {service.token}", "--checks", "all"),
            *("--max-examples", str(examples), "--seed", str(seed), "--max-response-time", "10"),
            *("--generation-database", "none", "--continue-on-failure", "--no-color"),
            *("--suppress-health-check", "all", "--warnings", "off"),
            *("--report", "ndjson", "--report-ndjson-path", str(events)),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return cases_of(events)


def top_up(service: Service, found: Counter[str], least: int) -> None:
    """Send further requests to the operations for which the run found too few that differ."""
    schema = schemathesis.openapi.from_url(
        f"{service.address}/openapi.json",
        headers=service.headers,
        config=schemathesis.Config.from_path(str(RULES)),
    )
    for each in operations():
        name = f"{each.method.upper()} {each.path}"
        lacking = least - found[name]
        if lacking <= 0 or name in WITHOUT_INPUT:
            continue
        strategy = schema[each.path][each.method.upper()].as_strategy(
            generation_mode=schemathesis.GenerationMode.POSITIVE
        )

        send(strategy, service.headers, lacking)
        found[name] += lacking


def send(strategy: Any, headers: dict[str, str], examples: int) -> None:
    """Send so many requests, and hold each answer against the document."""

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def each(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers)

    each()


def check_every_operation(service: Service, folder: Path, *, least: int, seed: int) -> None:
    found = fuzz(service, folder, examples=least, seed=seed)
    top_up(service, found, least)
    named = {f"{each.method.upper()} {each.path}" for each in operations()}
    assert {name: found[name] for name in named - WITHOUT_INPUT if found[name] < least} == {}
    assert "unforeseen" not in service.log.read_text()


@pytest.mark.timeout(900)
def test_r34_whatever_the_document_allows_or_forbids_conforms(service, tmp_path):
    check_every_operation(service, tmp_path, least=100, seed=5)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_r34_a_thousand_cases_of_each_operation_conform(service, tmp_path):
    check_every_operation(service, tmp_path, least=1000, seed=6)
