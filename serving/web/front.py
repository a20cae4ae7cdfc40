"""Run the service under our own uvicorn, on a socket that is bound before anything is loaded."""

import errno
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from serving.errors import ServeError

GRACE_SECONDS = 10


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


class Server(uvicorn.Server):
    """A uvicorn server that calls back once it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()


def run(config_path: Path, bound: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, which end it in good order.

    Raises
    ------
    ServeError
        If the service does not start; its log says why.
    """
    from serving import service

    os.environ[service.CONFIG] = str(config_path)
    config = uvicorn.Config(
        service.asgi(),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config, ready)
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
