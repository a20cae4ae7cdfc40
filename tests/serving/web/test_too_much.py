"""More requests than the service can do, at a fixed rate: it sheds, answers on, recovers (R26)."""

import json
import threading
import time

import httpx2
import numpy as np
import pytest

from serving.scores import ScoreStore
from serving.store.tokens import Tokens
from tests.serving.made import READ, until
from tests.serving.test_service import PURCHASE, running
from tests.serving.web.open_loop import Plan, sent

TOKENS, LINES, SECONDS = 50, 600, 10.0
# Of the capacity, on a machine that the load shares with the service.
LEAST_GOODPUT = 0.5
RECOVERED_SECONDS = 10.0


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


@pytest.mark.long
@pytest.mark.timeout(900)
def test_r26_three_and_ten_times_what_it_can_do_is_shed_and_over_soon(tmp_path):
    with running("perennial", tmp_path) as served:
        store = ScoreStore(f"sqlite:///{served.folder / 'var' / 'scores.db'}")
        tokens = Tokens(store.database)
        requests = [predict(tokens.create([READ])[0]) for _ in range(TOKENS)]
        store.close()
        capacity = 0.0
        for rate in (10, 20, 30, 40, 60, 80, 120):
            seen = sent(Plan(served.port, requests, rate, 4.0))
            capacity = max(capacity, len(seen.of(200)) / 4.0)
            if len(seen.of(200)) < 0.9 * rate * 4.0:
                break
        for times in (3, 10):
            with Probes(served) as probes:
                seen = sent(Plan(served.port, requests, times * capacity, SECONDS))
            alive = float(np.percentile(probes.took, 99))
            print(f"capacity {capacity:.0f}/s, {times} times: {seen}; /livez p99 {alive:.3f} s")
            assert probes.statuses == {200}
            assert set(seen.status) <= {200, 429, 503}
            refused = len(seen.of(429, 503))
            assert seen.retry_after == refused > 0
            assert len(seen.of(200)) / SECONDS >= LEAST_GOODPUT * capacity

            begun = time.monotonic()
            until(lambda: all(asked(served, each) == 200 for each in requests[:5]), 60)
            assert time.monotonic() - begun < RECOVERED_SECONDS


def asked(served, request):
    """Status of one request of another connection."""
    with httpx2.Client(base_url=served.client.base_url, timeout=20) as client:
        head, _, body = request.partition(b"\r\n\r\n")
        token = head.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return client.post("/predict", content=body, headers=headers).status_code
