"""The front door: the service under our own uvicorn, on a socket bound before anything is loaded.

Requests meet our protocol and our layers first. Look-ups are answered there; only `/predict` goes
on to BentoML, and pages to the app that it mounts.
"""

import errno
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.errors import ServeError
from serving.web.server import FrontServer, config_of
from serving.web.supervise import Supervisor

PREDICT = "/predict"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MOST_FILES = 65_536


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address.

    Raises
    ------
    ServeError
        If the port is in use, or the address is not this machine's; the sentence says which.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServeError(
            f"the host {host} is not known: {error.strerror}; set serve.host"
        ) from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        # Without this, a second program could bind the same port until uvicorn listens.
        bound.listen(socket.SOMAXCONN)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            what = (
                f"port {port} on {host} is in use; stop the other program or choose another --port"
            )
        else:
            what = (
                f"cannot listen on {host}:{port}: {error.strerror}; choose another --host or --port"
            )
        raise ServeError(what) from error
    return bound


class FrontApp:
    """Our layers, then the app that has the route.

    Parameters
    ----------
    bento : the service as BentoML builds it; it opens and closes the runtime
    layered : puts the layers in front of an app
    pages : app with every route but `/predict`
    mark : key of the scope that tells the layers within BentoML that they have run
    """

    def __init__(
        self,
        bento: ASGIApp,
        pages: ASGIApp,
        *,
        layered: Callable[[ASGIApp], ASGIApp],
        mark: str,
    ) -> None:
        self.bento, self.pages, self.mark = bento, pages, mark
        self.layered = layered(self._inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.bento(scope, receive, send)
        else:
            scope[self.mark] = True
            await self.layered(scope, receive, send)

    async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.bento if scope["path"] == PREDICT else self.pages
        await app(scope, receive, send)


def app() -> ASGIApp:
    """Return the whole service behind the front door, in the process that serves it."""
    from serving import service
    from serving.web.app import LAYERS_RAN, with_layers

    return FrontApp(
        service.asgi(),
        service.PAGES,
        layered=lambda inner: with_layers(inner, service.RUNTIME),
        mark=LAYERS_RAN,
    )


def run(
    config_path: Path,
    bound: socket.socket,
    *,
    ready: Callable[[], None],
    workers: int = 1,
    behind_proxy: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM, which end it in good order.

    Raises
    ------
    ServeError
        If the service does not start, or its workers end again and again; the log says why.
    """
    os.environ["PERENNIAL_CONFIG"] = str(config_path)
    _allow_many_files()
    config = config_of("serving.web.front:app", behind_proxy=behind_proxy)
    if workers > 1:
        with tempfile.TemporaryDirectory(prefix="perennial-metrics-") as folder:
            os.environ[METRICS_FOLDER] = folder
            Supervisor(config, [bound], workers=workers, ready=ready).run()
        return
    server = FrontServer(config, ready)
    # uvicorn sends the signal once more when it is done; here it has nothing left to end.
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
    if not server.started:
        raise ServeError("the service did not start; the lines above say why")


def _allow_many_files() -> None:
    """Each connection is an open file; the usual limit of 1,024 is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
