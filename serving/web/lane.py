"""The short way of one customer's reads: all that the layers do for them, in one go.

Taken where nothing stands in the way: a token that was checked in the last two seconds, a limit
not reached, a free turn, a store that is a file. Whatever is not so goes through the layers, which
share what is counted here.
"""

import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.runtime import Runtime
from serving.store.tokens import Principal
from serving.web.answer import read_messages
from serving.web.lookups import Read, customer, history, orders
from serving.web.observe import observe
from serving.web.problem import RAW_SAFE_HEADERS, problem_of
from serving.web.rates import RawHeaders, told
from serving.web.rules import RULES, Rule
from serving.web.shared import Shared

ONE = "/v1/customers/{customer_id:path}"
BEGINS = "/v1/customers/"
# The longer ends first: an id may hold slashes.
READS: tuple[tuple[str, Read], ...] = (("/orders", orders), ("/history", history), ("", customer))
# It takes longer than a look-up: not for the loop that serves everybody.
SLOW = "/value"
RULES_OF = {rule.path: rule for rule in RULES}
BODY_HEADERS = (b"content-length", b"transfer-encoding")


class ShortWay:
    """Answers one customer's reads at once; all else is the layers'.

    Parameters
    ----------
    layered : the service behind its layers
    runtime : parts of the service
    shared : what the layers count and remember
    """

    def __init__(self, layered: ASGIApp, *, runtime: Runtime, shared: Shared) -> None:
        self.layered, self.runtime, self.shared = layered, runtime, shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            messages = self._messages(scope)
            if messages is not None:
                for message in messages:
                    await send(message)
                return
        await self.layered(scope, receive, send)

    def _messages(self, scope: Scope) -> tuple[Message, Message] | None:
        path = scope["path"]
        # A path with a line end fits no rule.
        if not path.startswith(BEGINS) or "\n" in path or not self.runtime.is_file:
            return None
        asked = path[len(BEGINS) :]
        if asked.endswith(SLOW):
            return None
        end, read = next(each for each in READS if asked.endswith(each[0]))
        rule = RULES_OF[ONE + end]
        principal = self._principal(scope, rule)
        if principal is None or not self.shared.turns.is_free(principal.prefix):
            return None
        limit = self.runtime.requests_per_minute
        if self.shared.windows.get(principal.prefix).events >= limit:
            return None
        started = time.perf_counter()
        headers = told(limit, *self.shared.windows.add(principal.prefix))
        scope["path_params"] = {"customer_id": asked.removesuffix(end)}
        messages = self._answer(read, scope, headers)
        observe("GET", rule.path, messages[0]["status"], time.perf_counter() - started)
        return messages

    def _principal(self, scope: Scope, rule: Rule) -> Principal | None:
        bearer = None
        for name, value in scope["headers"]:
            if name in BODY_HEADERS:
                return None
            if name == b"authorization" and bearer is None:
                bearer = value
        if bearer is None or bearer[:7].lower() != b"bearer ":
            return None
        principal = self.shared.tokens.known(bearer[7:].decode("latin-1").strip())
        if principal is None or rule.scope not in principal.scopes:
            return None
        return principal

    def _answer(self, read: Read, scope: Scope, rates: RawHeaders) -> tuple[Message, Message]:
        try:
            start, body = read_messages(scope, read(self.runtime, scope))
        except Exception as error:  # noqa: BLE001 - told as the layers tell it
            response = problem_of(error).response()
            headers: list[Any] = list(response.raw_headers)
            status = response.status_code
            start = {"type": "http.response.start", "status": status, "headers": headers}
            body = {"type": "http.response.body", "body": bytes(response.body)}
        given = {name for name, _ in start["headers"]}
        start["headers"] += [each for each in RAW_SAFE_HEADERS if each[0] not in given]
        start["headers"] += rates
        return start, body
