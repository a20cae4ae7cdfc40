"""`/livez` and `/readyz`: a status and no content, without a token.

They are answered ahead of BentoML, whose own probes know nothing of the store.
"""

import asyncio
import logging

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.errors import StoreDown
from serving.runtime import Runtime
from serving.web.problem import RETRY_SECONDS, Problem
from serving.web.rules import find

ANSWER_SECONDS = 1.0
PATHS = ("/livez", "/readyz")

log = logging.getLogger(__name__)


class ProbeMiddleware:
    """Answers the probes: live always, ready once a batch is published and the store answers.

    A service that was told to end is not ready any more, though it still answers.
    """

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self.app = app
        self.runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self.app(scope, receive, send)
            return
        rule = find(scope["method"], scope["path"]).rule
        if rule is None:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["rule"] = rule
        ready = scope["path"] == "/livez" or await self._is_ready()
        headers = {} if ready else {"retry-after": str(RETRY_SECONDS)}
        await Response(status_code=200 if ready else 503, headers=headers)(scope, receive, send)

    async def _is_ready(self) -> bool:
        if self.runtime.is_draining:
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.runtime.quickly(self.runtime.lookup.batch) is not None
        except StoreDown as error:
            log.error("%s", error)
        except (Problem, TimeoutError):
            log.error("the store did not answer within %s seconds", ANSWER_SECONDS)
        return False
