"""Answers that are given without any app: to what is late, too long, too much or no HTTP."""

from http import HTTPStatus

import orjson
from starlette.types import Receive, Scope, Send

from serving.web.observe import REFUSED
from serving.web.problem import MEDIA_TYPE, SAFE_HEADERS


class RawAnswer:
    """One fixed problem object, as bytes for a connection that ends and as an ASGI app.

    Parameters
    ----------
    status : HTTP status
    detail : one sentence: what was wrong and what to do
    retry_after : seconds after which to try again, where that helps
    """

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        title = HTTPStatus(status).phrase
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        self.status, self.body = status, orjson.dumps(body)
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(self.body))}
        headers |= SAFE_HEADERS
        if retry_after is not None:
            headers["retry-after"] = str(retry_after)
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        lines = [f"HTTP/1.1 {status} {title}", *(f"{n}: {v}" for n, v in headers.items())]
        # For a connection that goes on, and for one that ends with this answer.
        self.kept = "\r\n".join([*lines, "", ""]).encode() + self.body
        self.content = "\r\n".join([*lines, "connection: close", "", ""]).encode() + self.body

    def count(self) -> None:
        """Count the answer in the metrics."""
        REFUSED.labels(str(self.status)).inc()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer; the connection can serve on."""
        self.count()
        start = {"type": "http.response.start", "status": self.status, "headers": self._headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


INVALID = RawAnswer(400, "this is no HTTP/1.1 request; send one")
TOO_SLOW = RawAnswer(408, "the request did not arrive within 5 seconds; send it faster")
HEADERS_TOO_LONG = RawAnswer(431, "the headers are too long or too many; send fewer")
OVERLOADED = RawAnswer(503, "too many requests are in work; try again", retry_after=1)
