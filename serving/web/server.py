"""Our uvicorn server: the front door's protocol, and an end that loses no request."""

import asyncio
import signal
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from serving.web.protocol import IDLE_SECONDS, FrontProtocol, FrontState

GRACE_SECONDS = 10
# Told to end, a worker answers on for at least a second: long enough to be seen as not ready.
DRAIN_SECONDS = 1.0
MOST_DRAIN_SECONDS = 10.0
LOOK_SECONDS = 0.05
PREDICT = b"/predict"


def config_of(
    app: str | Callable[[], ASGIApp],
    protocol: type[FrontProtocol] = FrontProtocol,
    *,
    behind_proxy: bool = False,
) -> uvicorn.Config:
    """Return uvicorn's settings for the factory of an app, which may be named by its path.

    Only behind a proxy do headers say from which address a request comes: anybody can send them.
    """
    return uvicorn.Config(
        app,
        factory=True,
        http=protocol,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=behind_proxy,
        lifespan="on",
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def no_longer_ready() -> None:
    """Let the service of this process answer `/readyz` with 503."""
    from serving import service

    service.RUNTIME.is_draining = True


def is_full(let_in: int) -> bool:
    """Tell whether there is no thread in good time for one more request to score purchases.

    Parameters
    ----------
    let_in : such requests that are read, wait or are in work
    """
    from serving import service

    return service.RUNTIME.predicting.is_half_full(let_in)


class FrontServer(uvicorn.Server):
    """A server that calls back once it answers, and drains before it ends.

    Parameters
    ----------
    config : uvicorn's settings
    ready : called once it answers
    drain : called when it is told to end, while it still answers
    """

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None] = lambda: None,
        drain: Callable[[], None] = no_longer_ready,
    ) -> None:
        super().__init__(config)
        self.server_state: FrontState = FrontState(PREDICT, is_full)
        self._ready, self._begin_drain = ready, drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """After SIGTERM say "not ready" at once, answer what comes meanwhile, then close."""
        self._begin_drain()
        self.server_state.is_draining = True
        if signal.SIGTERM in self._captured_signals:
            await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while loop.time() < begun + MOST_DRAIN_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            if loop.time() > begun + DRAIN_SECONDS and not self.server_state.tasks:
                return
