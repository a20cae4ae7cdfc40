"""End a request at its deadline although a thread of it works on; what that raises is logged."""

import asyncio
import logging
from collections.abc import Callable

from anyio import from_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.web.problem import ALLOW, Problem

# A list of a million may have to be drawn, or held against its hash, before there is an answer.
LIST_SECONDS = 60.0
# In the state of a request whose deadline has passed.
OVER = "is_over"

log = logging.getLogger(__name__)


class PatienceMiddleware:
    """Stands in front of handlers that run in threads, which nobody can stop.

    When the deadline comes, the layer outside answers at once; the handler goes on, keeps its
    place among the threads, and can send no more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def unless_over(message: Message) -> None:
            if OVER not in state:
                await send(message)

        work: asyncio.Task[None] = asyncio.ensure_future(self.app(scope, receive, unless_over))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            state[OVER] = True
            self._late.add(work)
            work.add_done_callback(self._end)
            raise

    def _end(self, work: "asyncio.Task[None]") -> None:
        self._late.discard(work)
        error = None if work.cancelled() else work.exception()
        if error is not None and not (isinstance(error, Problem) and error.status < 500):
            log.error("a request failed after its deadline: %r", error, exc_info=error)


def is_over(scope: Scope) -> bool:
    """Tell whether the deadline of a request has passed, so that nothing it sends arrives."""
    return OVER in scope.get("state", {})


def take_time(scope: Scope, seconds: float = LIST_SECONDS) -> None:
    """Give a request so long from now until its answer begins; to be called from its thread."""
    allow: Callable[[float], None] | None = scope.get("state", {}).get(ALLOW)
    if allow is not None:
        from_thread.run_sync(allow, seconds)
