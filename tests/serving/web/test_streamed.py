"""Long answers are sent while they are made: in time or not, whole or cut off."""

import threading
import tracemalloc

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from serving.web.patience import PatienceMiddleware, take_time
from serving.web.problem import ProblemMiddleware
from serving.web.streamed import Streamed
from tests.serving.made import until
from tests.serving.web.served import BIG, ask, connect, everything, served

PART = "x" * 65_536
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def behind_deadline(
    parts, *, deadline, begun=lambda: None, first=lambda scope: None, ended=lambda: None
):
    """An app that answers with some parts behind the layers that know of time.

    `first` runs in the thread of the request, `ended` when nothing of it is left.
    """

    def answer(request):
        first(request.scope)
        headers = {"X-Said": "yes"}
        return Streamed(parts(), begun=begun, media_type="text/csv", headers=headers)

    app = Starlette(routes=[Route("/", answer)])

    async def noted(scope, receive, send):
        await app(scope, receive, send)
        if scope["type"] == "http":
            ended()

    return ProblemMiddleware(PatienceMiddleware(noted), deadline=deadline)


def waited(seconds):
    """Spend a time that nothing ends earlier."""
    threading.Event().wait(seconds)


def slowly(texts, seconds):
    for text in texts:
        waited(seconds)
        yield text


def test_an_answer_has_all_its_parts_and_no_length():
    with TestClient(behind_deadline(lambda: ["a,", "é"], deadline=5)) as client:
        found = client.get("/")
    assert (found.text, found.headers["x-said"]) == ("a,é", "yes")
    assert "content-length" not in found.headers


def test_parts_that_take_longer_than_the_deadline_in_total_still_come_whole():
    texts = [f"{i}\n" for i in range(12)]
    app = behind_deadline(lambda: slowly(texts, 0.15), deadline=1.0)
    with TestClient(app) as client:
        assert client.get("/").text == "".join(texts)


def test_a_part_that_does_not_come_cuts_the_answer_off():
    never = threading.Event()

    def parts():
        yield "a\n"
        never.wait(20)
        yield "b\n"

    with served(behind_deadline(parts, deadline=1.0)) as port:
        answer = ask(port, GET)
        never.set()
    assert answer.endswith(b"\r\n\r\n2\r\na\n\r\n")


def test_what_fails_on_the_way_cuts_the_answer_off():
    def parts():
        yield "a\n"
        raise OSError("the store is gone")

    with served(behind_deadline(parts, deadline=5)) as port:
        answer = ask(port, GET)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n2\r\na\n\r\n")


def test_an_answer_that_comes_too_late_does_not_begin():
    begun: list[int] = []
    made: list[int] = []
    late, ended = threading.Event(), threading.Event()

    def parts():
        made.append(1)
        yield "a"

    app = behind_deadline(
        parts,
        deadline=0.1,
        begun=lambda: begun.append(1),
        first=lambda _: late.wait(20),
        ended=ended.set,
    )
    with TestClient(app) as client:
        assert client.get("/").status_code == 503
        late.set()
        until(ended.is_set, seconds=20)
    assert (begun, made) == ([], [])


def test_what_asked_for_time_may_begin_after_the_deadline():
    begun: list[int] = []

    def first(scope):
        take_time(scope, 20)
        waited(1.5)

    app = behind_deadline(
        lambda: ["a", "b"], deadline=1.0, begun=lambda: begun.append(1), first=first
    )
    with TestClient(app) as client:
        assert client.get("/").text == "ab"
    assert begun == [1]


def test_little_of_a_long_answer_is_in_memory():
    with served(
        behind_deadline(lambda: (PART for _ in range(BIG // len(PART))), deadline=5)
    ) as port:
        tracemalloc.start()
        try:
            with connect(port) as connection:
                connection.sendall(GET)
                length = 0
                while part := connection.recv(65_536):
                    length += len(part)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert length > BIG
    assert most < 5_000_000


def test_r27_who_does_not_read_is_cut_and_no_more_is_made():
    made: list[int] = []
    ended = threading.Event()

    def parts():
        while True:
            made.append(1)
            yield PART

    app = behind_deadline(parts, deadline=1.0, ended=ended.set)
    with served(app) as port, connect(port) as connection:
        connection.sendall(GET)
        until(ended.is_set, seconds=20)
        count = len(made)
        assert not everything(connection).endswith(b"0\r\n\r\n")
        assert len(made) == count < 1000
