"""Hundreds of slow connections at a running service, and what others feel of them (R27)."""

import asyncio
import threading

import numpy as np
import pytest

from serving.scores import ScoreStore
from serving.store.tokens import Tokens
from tests.serving.made import LIST, READ, until
from tests.serving.test_service import running
from tests.serving.web.loading import Load

HEAD = b"GET /v1/customers/00004 HTTP/1.1\r\nhost: x\r\n"
BODY = b"POST /v1/scores HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
LENGTH = b"content-length: 900\r\n"
CUT_SECONDS = 5.5
# Of what others feel: a few milliseconds are the noise of a busy machine.
LITTLE = 0.02


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running("perennial", tmp_path_factory.mktemp("slow")) as served:
        yield served


@pytest.fixture(scope="module")
def greedy(served):
    """Another token than that of the others."""
    store = ScoreStore(f"sqlite:///{served.folder / 'var' / 'scores.db'}")
    token, _ = Tokens(store.database).create([READ, LIST])
    store.close()
    return f"authorization: Bearer {token}\r\n".encode()


class Slow:
    """Connections that begin in one of several ways and then send a byte now and then."""

    def __init__(self, port, begins, number):
        self.port, self.begins, self.number = port, begins, number
        self.open, self.lasted, self.statuses = 0, [], []

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=[self.run()])
        self.thread.start()
        until(lambda: self.open + len(self.lasted) >= self.number, 30)
        return self

    def __exit__(self, *_error):
        self.thread.join(60)
        self.loop.close()

    async def run(self):
        begins = [self.begins[i % len(self.begins)] for i in range(self.number)]
        await asyncio.gather(*(self.one(begin) for begin in begins))

    async def one(self, begin):
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        started, answer = loop.time(), b""
        self.open += 1
        try:
            writer.write(begin)
            while loop.time() - started < 30:
                try:
                    async with asyncio.timeout(0.5):
                        part = await reader.read(65536)
                except TimeoutError:
                    writer.write(b"x")
                    continue
                answer += part
                if not part:
                    break
        except ConnectionError:
            pass
        self.open -= 1
        self.lasted.append(loop.time() - started)
        self.statuses.append(answer[9:12].decode())
        writer.close()


def others(served, while_there=lambda: True, seconds=3.0):
    """What others get meanwhile; their statuses and the 99th percentile of their seconds."""
    token = served.client.headers["Authorization"].removeprefix("Bearer ")
    pause = threading.Event()
    with Load(served.port, token, clients=2) as load:
        waited = 0.0
        while waited < seconds and while_there():
            pause.wait(0.1)
            waited += 0.1
    return load.statuses, float(np.percentile(load.took, 99))


MANY = 500
NUMBERS = [50, pytest.param(MANY, marks=pytest.mark.long)]


@pytest.mark.parametrize("number", NUMBERS)
def test_r27_slow_connections_without_a_token_are_cut_and_others_feel_nothing(served, number):
    others(served, seconds=1.0)
    _, idle = others(served)
    begins = [HEAD, BODY + LENGTH + b"\r\n", b"GET /", b"", BODY + LENGTH]
    with Slow(served.port, begins, number) as slow:
        statuses, meanwhile = others(served, lambda: slow.open > 0, seconds=8.0)
    print(f"{number} slow: others' p99 idle {idle:.4f} s, meanwhile {meanwhile:.4f} s")
    assert set(statuses) == {"200"}, statuses
    assert number < MANY or meanwhile <= 2 * idle + LITTLE
    assert len(slow.lasted) == number
    assert max(slow.lasted) < CUT_SECONDS
    assert set(slow.statuses) <= {"", "400", "401", "408", "415"}


@pytest.mark.parametrize("number", NUMBERS)
def test_r27_slow_bodies_of_one_token_hold_up_nobody_else(served, greedy, number):
    others(served, seconds=1.0)
    _, idle = others(served)
    begins = [BODY + greedy + LENGTH + b"\r\n"]
    with Slow(served.port, begins, number) as slow:
        statuses, meanwhile = others(served, lambda: slow.open > 0, seconds=8.0)
    print(f"{number} slow: others' p99 idle {idle:.4f} s, meanwhile {meanwhile:.4f} s")
    assert set(statuses) == {"200"}, statuses
    assert number < MANY or meanwhile <= 2 * idle + LITTLE
    assert max(slow.lasted) < CUT_SECONDS
    # Four are read at a time, and cut; the others wait a moment for their turn, or are too many.
    assert slow.statuses.count("408") <= 4 * 2
    assert set(slow.statuses) <= {"408", "429", "503"}
