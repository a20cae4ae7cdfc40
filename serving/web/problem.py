"""Errors as one JSON object each (RFC 9457), wherever they come from; for browsers, as a page.

`ProblemMiddleware` stands outermost: it answers 500 without a word of what broke, ends a request
that takes too long, and turns BentoML's own error bodies into the same object.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import StoreDown
from serving.pages.refused import refused_page

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
DEADLINE_SECONDS = 4.5
LARGE = 1024 * 1024
# In the state of a request: gives it other seconds from now on.
ALLOW = "allow"
# Statuses of what may be asked for once more.
AGAIN = (429, 503)
SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
# Anybody may ask these, so their answers have no body at all.
PROBES = ("/livez", "/readyz")
# Of an answer that is translated, the headers that tell what to do.
KEPT_HEADERS = ("allow", "content-range")
# What BentoML says of itself.
UNSAID = (b"server", b"x-bentoml-request-id")
RAW_SAFE_HEADERS = [(name.encode(), value.encode()) for name, value in SAFE_HEADERS.items()]

log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818 - it is the RFC's word
    """An error answer: raise it anywhere below `ProblemMiddleware`.

    Parameters
    ----------
    status : HTTP status
    detail : one sentence: what was wrong and what to do
    errors : single faults of a body, each {"where", "what"}
    headers : further response headers
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.errors, self.headers = list(errors), dict(headers or {})

    def response(self) -> Response:
        """Return the answer as an ASGI response: the problem object."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return Response(
            orjson.dumps(body),
            status_code=self.status,
            headers=self._all_headers(),
            media_type=MEDIA_TYPE,
        )

    def response_to(self, scope: Scope) -> Response:
        """Return the answer that suits who asks: a page where a browser asked for one."""
        if not _is_for_people(scope):
            return self.response()
        headers = self._all_headers()
        link = ("/", "Open the dashboard")
        if self.status in AGAIN and scope["method"] == "GET":
            query = scope["query_string"].decode("latin-1")
            link = (quote(scope["path"]) + (f"?{query}" if query else ""), "Try again")
        answer = refused_page(
            self.status, self.detail, retry_after=headers.get("retry-after"), link=link
        )
        answer.headers.update(headers)
        return answer

    def _all_headers(self) -> dict[str, str]:
        if self.status in AGAIN:
            return {"retry-after": str(RETRY_SECONDS), **self.headers}
        return dict(self.headers)


def problem_of(error: Exception) -> Problem:
    """Return what is told about an exception; nothing about one that was not foreseen."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, StoreDown):
        log.error("%s", error)
        return Problem(503, "the score store does not answer; try again in a few seconds")
    if isinstance(error, TimeoutError):
        return Problem(
            503, f"no answer within {DEADLINE_SECONDS} seconds; ask for less, or try again"
        )
    log.error("unforeseen %s", type(error).__name__, exc_info=error)
    return Problem(500, "the service failed to answer; its log says why")


class ProblemMiddleware:
    """Outermost layer: every error is a problem object, or a page where a browser asked for one."""

    def __init__(self, app: ASGIApp, *, deadline: float = DEADLINE_SECONDS) -> None:
        self.app = app
        self.deadline = deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        answer = _Answer(send, scope, self.deadline)
        scope["state"][ALLOW] = answer.allow
        try:
            async with asyncio.timeout(self.deadline) as answer.limit:
                await self.app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - one that escapes hangs BentoML's timer
            problem = problem_of(error)
            if not answer.started:
                if _leaves_a_body(scope):
                    problem.headers["connection"] = "close"
                await problem.response_to(scope)(scope, receive, answer.send)


class _Answer:
    """Passes a response on; holds a foreign error back until its body can be translated.

    What is sent while it is made has its seconds for each part of it, without those that the
    reader takes.
    """

    def __init__(self, send: Send, scope: Scope, seconds: float) -> None:
        self._send, self._scope, self._seconds = send, scope, seconds
        self._state: Mapping[str, Any] = scope["state"]
        self._held: Message | None = None
        self._body = b""
        self._is_streamed = False
        self.started = False
        self.limit: asyncio.Timeout | None = None

    def allow(self, seconds: float | None) -> None:
        """End the request after so many seconds from now, or never; not if it has ended."""
        if self.limit is not None and not self.limit.expired():
            now = asyncio.get_running_loop().time()
            self.limit.reschedule(None if seconds is None else now + seconds)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self._scope["path"] not in PROBES and _is_foreign_error(message):
                self._held = message
                return
            headers = [h for h in message.get("headers", ()) if h[0] not in UNSAID]
            given = {name for name, _ in headers}
            headers += [header for header in RAW_SAFE_HEADERS if header[0] not in given]
            # Set by a layer behind this one: how much of a limit is left.
            headers += self._state.get("headers", ())
            message = {**message, "headers": headers}
            self.started = True
            length = _length_of(message)
            self._is_streamed = length is None
            if length is not None and length > LARGE:
                self.allow(None)
        elif self._held is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._translate(self._held, self._body)
            return
        if not self._is_streamed:
            await self._send(message)
            return
        # A file takes as long as its reader; one that does not read is cut off by the front door.
        self.allow(None)
        await self._send(message)
        self.allow(self._seconds)

    async def _translate(self, start: Message, body: bytes) -> None:
        self._held = None
        given = Headers(scope=start)
        kept = {name: given[name] for name in KEPT_HEADERS if name in given}
        status = start["status"]
        if status == 400 and "range" in Headers(scope=self._scope):
            status = 416
        response = translated(status, body, kept).response_to(self._scope)
        await self.send(
            {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": response.raw_headers,
            }
        )
        await self._send({"type": "http.response.body", "body": bytes(response.body)})


def _is_for_people(scope: Scope) -> bool:
    """Tell whether a page was asked for, and not by a program with a token."""
    rule = scope.get("state", {}).get("rule")
    return rule is not None and rule.is_page and "authorization" not in Headers(scope=scope)


def _leaves_a_body(scope: Scope) -> bool:
    """Tell whether a body comes that nobody has read, and nobody will."""
    headers = Headers(scope=scope)
    comes = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return comes and not scope["state"].get("body_is_read", False)


def _length_of(start: Message) -> int | None:
    for name, length in start["headers"]:
        if name == b"content-length":
            return int(length)
    return None


def _is_foreign_error(start: Message) -> bool:
    if start["status"] < 400:
        return False
    headers = Headers(scope=start)
    kind = headers.get("content-type", "")
    return not kind.startswith((MEDIA_TYPE, "text/html"))


def translated(status: int, body: bytes, headers: Mapping[str, str]) -> Problem:
    """Return BentoML's error answer as a problem; its 400 for a bad body becomes 422."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = {}
    if isinstance(content, list):
        content = content[0] if content and isinstance(content[0], dict) else {}
    if not isinstance(content, dict):
        content = {}
    faults = content.get("detail")
    if status == 400:
        errors = body_errors(faults) if isinstance(faults, list) else []
        return Problem(422, "the body does not fit; see /openapi.json for its shape", errors=errors)
    if status == 416:
        detail = "the file has no such range; ask without the header Range for all of it"
        return Problem(416, detail, headers=headers)
    if status == 504:
        return problem_of(TimeoutError())
    if status >= 500:
        return Problem(status, "the service failed to answer; its log says why", headers=headers)
    phrase = HTTPStatus(status).phrase.lower()
    return Problem(status, f"{phrase}; /openapi.json lists the routes", headers=headers)


def body_errors(faults: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return pydantic's faults as {"where", "what"}, at most 20, without the values received."""
    return [
        {"where": ".".join(map(str, fault.get("loc", ()))), "what": str(fault.get("msg", ""))}
        for fault in faults[:20]
    ]
