"""A small app behind the front door's protocol, in a thread, and plain sockets to it."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.web.front import bind
from serving.web.overload import Overload
from serving.web.protocol import FrontProtocol
from serving.web.server import FrontServer, config_of
from tests.serving.made import until

BIG = 32 * 1024 * 1024


async def small_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once; `/read` reads the body first, `/big` answers with 32 MB."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    if scope["path"] == "/read":
        while True:
            message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
    body = b"x" * BIG if scope["path"] == "/big" else scope["path"].encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def served(
    app: ASGIApp = small_app,
    protocol: type[FrontProtocol] = FrontProtocol,
    *,
    behind_proxy: bool = False,
    overload: Overload | None = None,
    bounded: bytes = b"",
    is_full: Callable[[int], bool] = lambda _let_in: False,
) -> Iterator[int]:
    """Serve an app on a free port of this machine; give the port."""
    with bind("127.0.0.1", 0) as bound:
        config = config_of(lambda: app, protocol, behind_proxy=behind_proxy)
        server = FrontServer(config, drain=lambda: None)
        if overload is not None:
            server.server_state.overload = overload
        server.server_state.bounded, server.server_state.is_full = bounded, is_full
        thread = threading.Thread(target=server.run, args=[[bound]], daemon=True)
        thread.start()
        try:
            until(lambda: server.started)
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def connect(port: int, seconds: float = 10.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=seconds)


def everything(connection: socket.socket) -> bytes:
    """Read until the other side ends the connection."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def ask(port: int, request: bytes) -> bytes:
    with connect(port) as connection:
        connection.sendall(request)
        return everything(connection)


def in_threads(work: list[Callable[[], None]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    return threads
