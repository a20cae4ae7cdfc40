"""Send a JSON answer; a read that the client has already is 304 without a body."""

from hashlib import blake2b

from starlette.types import Message, Scope, Send

TYPE = (b"content-type", b"application/json")
# The client may keep an answer, and asks each time whether it still holds.
KEPT = (b"cache-control", b"private, no-cache")
NOT_MODIFIED = 304


async def send_json(send: Send, body: bytes) -> None:
    """Send a body that nobody keeps."""
    headers = [TYPE, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_read(scope: Scope, send: Send, body: bytes) -> None:
    """Send the body of a read with its tag, or 304 where the client's tag is the same."""
    for message in read_messages(scope, body):
        await send(message)


def read_messages(scope: Scope, body: bytes) -> tuple[Message, Message]:
    """Return the two messages of a read; without a body where the client's tag is the same.

    The tag is a digest of the body, so it changes with whatever the answer depends on.
    """
    tag = b'"%s"' % blake2b(body, digest_size=16).hexdigest().encode()
    headers = [(b"etag", tag), KEPT]
    status = 200
    if _has(scope, tag):
        status, body = NOT_MODIFIED, b""
    else:
        headers += [TYPE, (b"content-length", b"%d" % len(body))]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


def _has(scope: Scope, tag: bytes) -> bool:
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            theirs = [part.strip().removeprefix(b"W/") for part in value.split(b",")]
            if tag in theirs or b"*" in theirs:
                return True
    return False
