"""What a body may be: JSON (or a form where one is meant) and not too long.

The body is read here, up to its limit, and handed on whole: BentoML must never see another kind
of content, and would turn an error raised while it reads into 500.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.web.problem import Problem
from serving.web.rules import MIB, Rule

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class LimitMiddleware:
    """Stands behind `AuthMiddleware`, which puts the rule of the path into the state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        rule: Rule | None = scope["state"]["rule"]
        headers = Headers(scope=scope)
        _check_kind(headers, form=rule is not None and rule.form)
        body = await _read(headers, receive, rule.max_body if rule else MIB)
        scope["state"]["body_is_read"] = True
        await self.app(scope, _Replay(body, receive), send)


class _Replay:
    """Gives the body that was read, then what the connection says."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        if self._message is None:
            return await self._receive()
        message, self._message = self._message, None
        return message


def _check_kind(headers: Headers, *, form: bool) -> None:
    wanted = FORM if form else JSON
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        raise Problem(415, f"the body must be {wanted}; set the Content-Type header")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "the body must not be compressed; leave Content-Encoding out")


async def _read(headers: Headers, receive: Receive, limit: int) -> bytes:
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > limit:
        raise _too_long(limit)
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(422, "the connection ended before the body did")
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > limit:
            raise _too_long(limit)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_long(limit: int) -> Problem:
    # The rest of the body is not read, so the connection cannot serve another request.
    return Problem(
        413, f"the body is longer than {limit} bytes; send less", headers={"connection": "close"}
    )
