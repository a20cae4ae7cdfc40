"""More requests than the service can do, at a fixed rate: it sheds, answers on, recovers (R26).

The service has one core and the load another, so that neither takes the other's time.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator

import httpx2
import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest

from serving.scores import ScoreStore
from serving.store.tokens import Tokens
from tests.serving.made import READ, until
from tests.serving.test_service import PURCHASE, Served, running
from tests.serving.web.open_loop import Plan, sent

TOKENS, LINES, SECONDS = 50, 600, 10.0
LEAST_GOODPUT = 0.9  # of the capacity
# What is let in waits for half a second at the most, says docs/api.md.
LATENCY_GOAL = 0.5
REFUSED_SECONDS, ALIVE_SECONDS, RECOVERED_SECONDS = 0.1, 0.25, 10.0
MORE_MEMORY = 256 * 2**20


@contextlib.contextmanager
def on_another_core(folder) -> Iterator[tuple[Served, int]]:
    """Serve on one core; give the service and the core for the load, where the test goes, too."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("one core only: the load would take the time of the service that it measures")
    try:
        os.sched_setaffinity(0, {cores[0]})
        with running("perennial", folder) as served:
            os.sched_setaffinity(0, {cores[1]})
            yield served, cores[1]
    finally:
        os.sched_setaffinity(0, cores)


def predict(token):
    """A request to score so many lines that each takes a thread by itself."""
    days = [f"2024-0{1 + i % 5}-{1 + i % 27:02d}" for i in range(LINES)]
    lines = [
        {**PURCHASE, "customer_id": f"c{i // 5}", "ordered_at": day} for i, day in enumerate(days)
    ]
    body = json.dumps({"as_of": "2024-06-15", "purchases": lines}).encode()
    head = (
        "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Probes:
    """Asks whether the service lives, again and again, and keeps how long each answer took."""

    def __init__(self, served):
        self.served, self.took, self.statuses = served, [], set()

    def __enter__(self):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.stop.set()
        self.thread.join(20)

    def ask(self):
        with httpx2.Client(base_url=self.served.client.base_url, timeout=20) as client:
            while not self.stop.wait(0.05):
                answer = client.get("/livez")
                self.statuses.add(answer.status_code)
                self.took.append(answer.elapsed.total_seconds())


def capacity_of(port, requests, core):
    """The most that is answered in a second, whatever is asked."""
    most = 0.0
    for rate in (10, 20, 30, 40, 60, 80, 120, 180, 270):
        answered = len(sent(Plan(port, requests, rate, 4.0, core)).of(200)) / 4.0
        most = max(most, answered)
        if answered < 0.9 * rate:
            break
    return most


@pytest.mark.long
@pytest.mark.timeout(900)
def test_r26_three_and_ten_times_what_it_can_do_is_shed_and_over_soon(tmp_path):
    with on_another_core(tmp_path) as (served, core):
        store = ScoreStore(f"sqlite:///{served.folder / 'var' / 'scores.db'}")
        tokens = Tokens(store.database)
        requests = [predict(tokens.create([READ])[0]) for _ in range(TOKENS)]
        store.close()
        capacity = capacity_of(served.port, requests, core)
        memory = psutil.Process(served.process.pid).memory_info().rss
        for times in (3, 10):
            with Probes(served) as probes:
                seen = sent(Plan(served.port, requests, times * capacity, SECONDS, core))
            begun = time.monotonic()
            until(lambda: all(asked(served, each) == 200 for each in requests[:5]), 60)
            recovered = time.monotonic() - begun

            goodput = len(seen.of(200)) / SECONDS / capacity
            accepted, refused = seen.of(200), seen.of(429, 503)
            alive = float(np.percentile(probes.took, 99))
            print(
                f"capacity {capacity:.0f}/s, {times} times: {goodput:.0%} of it answered; {seen}; "
                f"/livez p99 {alive:.3f} s; as ever after {recovered:.1f} s"
            )
            assert probes.statuses == {200}
            assert set(seen.status) <= {200, 429, 503}
            assert seen.retry_after == len(refused) > 0
            assert goodput >= LEAST_GOODPUT
            assert np.percentile(accepted, 99) <= 2 * LATENCY_GOAL
            assert np.percentile(refused, 99) <= REFUSED_SECONDS
            assert alive <= ALIVE_SECONDS
            assert recovered < RECOVERED_SECONDS
        # The same process, and it holds no more than before.
        assert served.process.poll() is None
        assert psutil.Process(served.process.pid).memory_info().rss - memory < MORE_MEMORY


def asked(served, request):
    """Status of one request of another connection."""
    with httpx2.Client(base_url=served.client.base_url, timeout=20) as client:
        head, _, body = request.partition(b"\r\n\r\n")
        token = head.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return client.post("/predict", content=body, headers=headers).status_code
