"""`perennial serve` as a process: its socket, its workers, its end, and swaps under load."""

import contextlib
import signal
import socket
import threading
from datetime import UTC, datetime
from functools import partial

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest

from serving.errors import ServeError
from serving.scores import ScoreStore
from serving.store.tokens import Tokens
from serving.web.server import config_of
from serving.web.supervise import MOST_DEATHS, Supervisor
from tests.serving.made import READ, made_batch, made_bundle, promote, publish, until
from tests.serving.test_service import PURCHASE, running
from tests.serving.web.loading import Load
from tests.serving.web.open_loop import Plan, sent
from tests.serving.web.test_too_much import TOKENS, predict


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running("perennial", tmp_path_factory.mktemp("one")) as served:
        yield served


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The service with two workers."""
    with running("perennial", tmp_path_factory.mktemp("two"), workers=2) as served:
        yield served


def token_of(served):
    return served.client.headers["Authorization"].removeprefix("Bearer ")


def workers_of(served):
    # Each worker is a child; so is the process that keeps track of what they share.
    children = psutil.Process(served.process.pid).children()
    found = []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def listeners(served):
    parent = psutil.Process(served.process.pid)
    return {
        (c.laddr.ip, c.laddr.port)
        for process in [parent, *parent.children(recursive=True)]
        for c in process.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    }


def test_s3_there_is_one_listener_and_no_pickle(served, two):
    for each in (served, two):
        assert listeners(each) == {("127.0.0.1", each.port)}
        headers = {"content-type": "application/vnd.bentoml+pickle"}
        for path in ("/predict", "/v1/scores"):
            answer = each.client.post(path, content=b"\x80\x04.", headers=headers)
            assert answer.status_code == 415


def swaps(served, number, what):
    """Publish or promote some times under load; return the load and what the answers named."""
    named: set[tuple[str, ...]] = set()
    path = "/v1/model" if what == "model" else "/v1/customers/00004"

    def look(answer):
        if what == "model":
            named.add((answer["model_version"],))
        else:
            rows = {row["batch_id"] for row in answer["results"]}
            named.add((answer["batch_id"], *rows))

    store = ScoreStore(f"sqlite:///{served.folder / 'var' / 'scores.db'}")
    with Load(served.port, token_of(served), path=path, look=look) as load:
        for turn in range(number):
            if what == "model":
                version = promote(served.models_dir, made_bundle(f"swap {turn}"))
                until(partial(named.__contains__, (version,)))
            else:
                batch = publish(store, made_batch(f"s{turn}", published_at=datetime.now(UTC)))
                until(partial(named.__contains__, (batch.batch_id, batch.batch_id)))
    store.close()
    return load, named


@pytest.mark.parametrize("number", [3, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("what", ["model", "batch"])
def test_r30_a_swap_under_load_is_noticed_by_nobody(two, number, what):
    load, named = swaps(two, number, what)
    assert set(load.statuses) == {"200"}, load.statuses
    assert all(len(set(each)) == 1 for each in named), "no answer mixes two versions"


def test_r32_a_worker_that_dies_is_replaced(two):
    before = {process.pid for process in workers_of(two)}
    assert len(before) == 2
    victim = next(iter(before))
    psutil.Process(victim).send_signal(signal.SIGSEGV)
    until(lambda: victim not in {p.pid for p in workers_of(two)}, seconds=10)
    until(lambda: len(workers_of(two)) == 2, seconds=10)
    assert two.client.get("/readyz").status_code == 200


def test_metrics_are_summed_over_the_workers(two):
    for _ in range(20):
        with httpx2.Client(base_url=two.client.base_url, headers=two.client.headers) as client:
            assert client.get("/v1/customers/sum-of-workers").status_code == 404

    def counted():
        line = 'route="/v1/customers/{customer_id:path}",status="404"'
        text = two.client.get("/metrics").text
        return [float(each.split()[-1]) for each in text.splitlines() if line in each]

    until(lambda: counted() and counted()[0] >= 20, seconds=10)


@pytest.mark.timeout(1800)  # a worker takes its time to start where much else runs
@pytest.mark.parametrize("number", [1, pytest.param(10, marks=pytest.mark.long)])
def test_r31_a_rolling_restart_loses_no_request(two, number):
    with Load(two.port, token_of(two), clients=3) as load:
        for _ in range(number):
            before = {process.pid for process in workers_of(two)}
            two.process.send_signal(signal.SIGHUP)
            until(partial(_renewed, two, before), seconds=500)
            until(partial(_more_than, load, load.answers + 100))
    assert set(load.statuses) == {"200"}, load.statuses


def _more_than(load, answers):
    return load.answers > answers


def _renewed(served, before):
    now = {process.pid for process in workers_of(served)}
    return len(now) == 2 and not now & before


def test_r31_told_to_end_it_is_not_ready_answers_on_and_ends(tmp_path):
    with running("perennial", tmp_path) as served:
        statuses = []
        probe = httpx2.Client(base_url=served.client.base_url)
        assert probe.get("/readyz").status_code == 200
        served.process.send_signal(signal.SIGTERM)

        def is_not_ready():
            with httpx2.Client(base_url=served.client.base_url) as fresh:
                statuses.append(served.client.get("/v1/customers/00004").status_code)
                return fresh.get("/readyz").status_code == 503

        until(is_not_ready, seconds=5)
        assert set(statuses) == {200}
        assert served.process.wait(timeout=30) == 0
        probe.close()
    assert "Traceback" not in served.log.read_text()


def test_two_workers_end_in_good_order(tmp_path):
    with running("perennial", tmp_path, workers=2) as served:
        until(lambda: "is served on" in served.log.read_text())
        workers = workers_of(served)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=30) == 0
        assert not any(process.is_running() for process in workers)
    log = served.log.read_text()
    assert "Traceback" not in log


def crash():
    """An app that cannot be built."""
    signal.raise_signal(signal.SIGKILL)


@pytest.mark.long
def test_r32_a_crash_loop_ends_with_a_sentence(tmp_path):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        supervisor = Supervisor(
            config_of("tests.serving.web.test_front:crash"), [bound], workers=1, ready=lambda: None
        )
        with pytest.raises(ServeError, match=f"ended {MOST_DEATHS + 1} times within a minute"):
            supervisor.run()


def test_r29_predict_under_more_load_than_it_has_threads(served):
    """Every answer is 200, 429 or 503, and the probes answer all along."""
    statuses: list[int] = []

    def ask():
        with httpx2.Client(base_url=served.client.base_url, timeout=20) as client:
            body = {"as_of": "2024-06-15", "purchases": [PURCHASE]}
            for _ in range(5):
                answer = client.post("/predict", json=body, headers=served.client.headers)
                statuses.append(answer.status_code)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(12)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert served.client.get("/livez").status_code == 200
        threads[0].join(0.05)
    assert len(statuses) == 60
    assert set(statuses) <= {200, 429, 503}
    assert statuses.count(200) > 30


def test_r26_what_would_wait_too_long_for_predict_is_refused_before_any_layer(served):
    store = ScoreStore(f"sqlite:///{served.folder / 'var' / 'scores.db'}")
    tokens = Tokens(store.database)
    requests = [predict(tokens.create([READ])[0]) for _ in range(TOKENS)]
    store.close()
    seen = sent(Plan(served.port, requests, 200, 1.0))
    assert set(seen.status) <= {200, 429, 503}
    assert seen.retry_after == len(seen.of(429, 503)) > 0
    told = served.client.get("/metrics").text
    [refused] = [line for line in told.splitlines() if 'refused_total{status="503"}' in line]
    # The layers count what they refuse by its route.
    assert float(refused.split()[-1]) > 0
