"""The front door's protocol: what is late, too long or too much is cut; others feel nothing."""

import asyncio
import contextlib
import json
import threading
import time

import pytest

from serving.web.overload import Overload
from tests.serving.made import until
from tests.serving.web.served import BIG, ask, connect, everything, served, small_app

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: "
CLOSE = b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def port():
    with served() as port:
        yield port


def problem(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    status = int(head.split()[1])
    assert json.loads(body)["status"] == status
    return status


def dripped(port, begin, drip):
    """Send slowly until the other side ends it; return the seconds and the answer."""
    started = time.monotonic()
    with connect(port) as connection:
        connection.sendall(begin)
        connection.settimeout(0.2)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < started + 20:
                if drip:
                    connection.sendall(drip)
                try:
                    part = connection.recv(65536)
                except TimeoutError:
                    continue
                if not part:
                    break
                answer += part
        return time.monotonic() - started, answer


SLOW = {
    "headers": (GET, b"a: b\r\n"),
    "first line": (b"GET /", b"x"),
    "blank lines": (b"\r\n", b"\r\n"),
    "body": (b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", b"x"),
    "chunks": (
        b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n",
    ),
    "nothing": (b"", b""),
}


def test_r27_slow_headers_and_bodies_are_cut_within_five_seconds(port):
    found: dict[str, tuple[float, bytes]] = {}

    def work(name):
        begin, drip = SLOW[name]
        found[name] = dripped(port, begin, drip)

    threads = [threading.Thread(target=work, args=[name], daemon=True) for name in SLOW]
    for thread in threads:
        thread.start()
    slowest = 0.0
    while any(thread.is_alive() for thread in threads):
        started = time.monotonic()
        assert ask(port, GET + CLOSE).endswith(b"/a")
        slowest = max(slowest, time.monotonic() - started)
        threads[0].join(timeout=0.1)
    assert slowest < 1
    assert set(found) == set(SLOW)
    for name, (seconds, answer) in found.items():
        assert seconds < 5.5, name
        assert answer == b"" if name == "nothing" else problem(answer) == 408, name


def test_r27_a_slow_reader_is_cut(port):
    pause = threading.Event()
    with connect(port) as connection:
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(60):
            connection.recv(10)
            pause.wait(0.1)
        # What the kernels held on the way is still there, and no more comes.
        assert len(everything(connection)) < BIG


def test_who_reads_steadily_gets_all(port):
    with connect(port) as connection:
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n" + CLOSE)
        assert len(everything(connection)) > BIG


def test_headers_too_long_or_too_many_are_431(port):
    started = time.monotonic()
    assert problem(ask(port, GET + b"a: " + b"x" * 40_000 + b"\r\n\r\n")) == 431
    assert problem(ask(port, b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n")) == 431
    assert problem(ask(port, GET + b"a: b\r\n" * 101 + b"\r\n")) == 431
    assert problem(ask(port, GET + b"a: " + b"x" * 40_000)) == 431
    assert time.monotonic() - started < 4


def test_r28_trailers_are_bounded_like_headers(port):
    begin = b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    few = b"1\r\nx\r\n0\r\na: b\r\n\r\n"
    assert ask(port, begin + b"Connection: close\r\n\r\n" + few).endswith(b"/read")
    assert problem(ask(port, begin + b"\r\n0\r\n" + b"a: b\r\n" * 40_000)) == 431


@pytest.mark.parametrize(
    "junk", [b"\x16\x03\x01\x02\x00\x01", b"HELLO\r\n\r\n", b"GET / FTP/1\r\n\r\n"]
)
def test_what_is_no_http_is_400(port, junk):
    assert problem(ask(port, junk)) == 400


def test_an_unread_body_ends_the_connection_and_the_answer_arrives(port):
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n"
    with connect(port) as connection:
        connection.sendall(head + b"x" * 1_000_000)
        assert everything(connection).endswith(b"/a")


def test_nobody_is_asked_to_send_a_body_that_is_not_read(port):
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    assert ask(port, head).startswith(b"HTTP/1.1 200")
    with connect(port) as connection:
        connection.sendall(head.replace(b"/a", b"/read"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100")


def test_requests_in_one_go_are_answered_in_order(port):
    second = GET.replace(b"/a", b"/second") + CLOSE
    answer = ask(port, GET + b"\r\n" + second)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b"/a") < answer.index(b"/second")


def test_a_connection_serves_request_after_request(port):
    with connect(port) as connection:
        for _ in range(50):
            connection.sendall(GET + b"\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def test_an_upgrade_is_an_ordinary_request(port):
    answer = ask(port, GET + b"Upgrade: websocket\r\nConnection: upgrade, close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


def test_r26_more_than_the_worker_can_do_is_503_at_once():
    hold = threading.Event()

    async def held(scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/hold":
            while not hold.is_set():
                await asyncio.sleep(0.01)
        await small_app(scope, receive, send)

    with served(held, overload=Overload(2)) as port:
        holding = [connect(port) for _ in range(2)]
        for connection in holding:
            connection.sendall(GET.replace(b"/a", b"/hold") + CLOSE)

        def is_full():
            return ask(port, GET + CLOSE).startswith(b"HTTP/1.1 503")

        until(is_full, seconds=5)
        started = time.monotonic()
        answer = ask(port, GET + CLOSE)
        assert time.monotonic() - started < 0.5
        assert b"retry-after: 1" in answer
        assert b"application/problem+json" in answer
        with connect(port) as kept:
            # A connection whose request was not let in serves on; a long body ends it.
            for request in (GET + b"\r\n", POST + b"5\r\n\r\nxxxxx", GET + b"\r\n"):
                kept.sendall(request)
                assert kept.recv(1000).startswith(b"HTTP/1.1 503")
            kept.sendall(POST + b"70000\r\n\r\n" + b"x" * 70_000)
            assert b"connection: close" in everything(kept)
        assert ask(port, GET.replace(b"/a", b"/livez") + CLOSE).startswith(b"HTTP/1.1 200")
        hold.set()
        for connection in holding:
            assert everything(connection).endswith(b"/hold")
            connection.close()
        assert ask(port, GET + CLOSE).startswith(b"HTTP/1.1 200")


async def whence(scope, receive, send):
    if scope["type"] == "lifespan":
        await small_app(scope, receive, send)
        return
    body = scope["client"][0].encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(("behind_proxy", "address"), [(False, "127.0.0.1"), (True, "203.0.113.9")])
def test_s12_only_behind_a_proxy_a_header_says_whence_a_request_comes(behind_proxy, address):
    with served(whence, behind_proxy=behind_proxy) as port, connect(port) as connection:
        connection.sendall(
            b"GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 203.0.113.9\r\n"
            b"connection: close\r\n\r\n"
        )
        assert everything(connection).endswith(address.encode())


def test_r26_what_finds_no_thread_is_503_before_any_app_and_other_targets_are_served():
    with served(bounded=b"/read", is_full=lambda _let_in: True) as port, connect(port) as kept:
        for request, answer in (
            (POST + b"5\r\n\r\nxxxxx", b"HTTP/1.1 503"),
            (GET + b"\r\n", b"HTTP/1.1 200"),
            (POST + b"5\r\n\r\nxxxxx", b"HTTP/1.1 503"),
        ):
            kept.sendall(request)
            assert kept.recv(1000).startswith(answer)


def test_r26_the_answer_to_another_request_of_a_connection_frees_no_place():
    go_on, seen = threading.Event(), []

    async def waiting(scope, receive, send):
        if scope.get("path") == "/read":
            await asyncio.to_thread(go_on.wait, 10)
        await small_app(scope, receive, send)

    def is_full(let_in):
        seen.append(let_in)
        return False

    with served(waiting, bounded=b"/read", is_full=is_full) as port, connect(port) as kept:
        kept.sendall(GET + b"\r\n" + POST + b"5\r\n\r\nxxxxx")
        assert kept.recv(1000).startswith(b"HTTP/1.1 200")
        until(lambda: len(seen) == 1)
        with connect(port) as other:
            other.sendall(POST + b"5\r\n\r\nxxxxx")
            until(lambda: len(seen) == 2)
            go_on.set()
            assert other.recv(1000).startswith(b"HTTP/1.1 200")
    assert seen == [0, 1]


def test_r26_who_is_let_in_counts_until_answered_or_gone():
    seen = []

    def is_full(let_in):
        seen.append(let_in)
        return False

    with served(bounded=b"/read", is_full=is_full) as port:
        with connect(port) as kept:
            for _ in range(2):
                kept.sendall(POST + b"5\r\n\r\nxxxxx")
                assert kept.recv(1000).startswith(b"HTTP/1.1 200")
        with connect(port) as unread, connect(port) as other:
            unread.sendall(POST + b"5\r\n\r\n")
            until(lambda: len(seen) == 3)
            other.sendall(POST + b"5\r\n\r\nxxxxx")
            assert other.recv(1000).startswith(b"HTTP/1.1 200")
            # Whoever goes before the body is there is counted no more.
            unread.close()

            def nobody():
                other.sendall(POST + b"5\r\n\r\nxxxxx")
                assert other.recv(1000).startswith(b"HTTP/1.1 200")
                return seen[-1] == 0

            until(nobody)
    assert seen[:4] == [0, 0, 0, 1]
