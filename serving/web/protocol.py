"""The HTTP protocol of the front door: deadlines and sizes that hold before any app runs.

uvicorn waits for ever for headers, bodies and readers, and takes headers of any length. Here each
connection has a deadline for what it is about; one look every quarter of a second, at all
connections of the worker, cuts those that are late, so that a request itself pays for no timer.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.web.overload import BEAT_SECONDS, Overload
from serving.web.raw_answers import HEADERS_TOO_LONG, INVALID, OVERLOADED, TOO_SLOW, RawAnswer
from serving.web.transport import LingeringTransport

# With the look every quarter of a second all of these stay below five seconds.
HEADER_SECONDS = 4.5
BODY_SECONDS = 4.5
READ_SECONDS = 4.5
IDLE_SECONDS = 30.0
LINGER_SECONDS = 1.0
LOOK_SECONDS = 0.25
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100
# A reader is slow who takes less than this within READ_SECONDS.
LEAST_READ = 64 * 1024
MAX_CONNECTIONS = 4000
# The body of a request that is not let in is read and thrown away up to this.
LITTLE_BODY = 64 * 1024

PROBES = (b"/livez", b"/readyz")

IDLE, HEADERS, BODY, WORK, OVER = range(5)


class FrontState(ServerState):
    """What the connections of a worker share; while it drains, each serves one request more.

    Parameters
    ----------
    bounded : target of requests of which only some are let in at a time
    is_full : tells by how many of them are let in and not answered whether there is no place for
        one more
    """

    def __init__(
        self, bounded: bytes = b"", is_full: Callable[[int], bool] = lambda _let_in: False
    ) -> None:
        super().__init__()
        self.is_draining = False
        self.bounded, self.is_full, self.let_in = bounded, is_full, 0
        self.overload = Overload()
        self._is_looking = self._is_beating = False

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at all connections every quarter of a second, as long as there are some."""
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(LOOK_SECONDS, self._look_now, loop)
        if not self._is_beating:
            self._is_beating = True
            self._beat(loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self.overload.beat()
        if self.connections:
            loop.call_later(BEAT_SECONDS, self._beat, loop)
        else:
            self._is_beating = False
            self.overload.rest()

    def takes(self, url: bytes) -> bool:
        """Tell whether one more request is let in: the probes always are."""
        if url in PROBES:
            return True
        if not self.overload.takes(len(self.tasks)):
            return False
        return url != self.bounded or not self.is_full(self.let_in)

    def _look_now(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_looking = False
        now = loop.time()
        for connection in list(self.connections):
            cast(FrontProtocol, connection).look(now)
        if self.connections:
            self.look(loop)


class FrontProtocol(HttpToolsProtocol):
    """One connection: what it is about (`phase`) and until when that must be done (`due`)."""

    server_state: FrontState
    transport: LingeringTransport  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers; one connection too many is closed with 503."""
        self.raw = transport
        lingering = LingeringTransport(transport, self.is_unread, self.linger)
        super().connection_made(cast(asyncio.Transport, lingering))
        self.phase, self.due = HEADERS, self.loop.time() + HEADER_SECONDS
        self.header_bytes = 0
        self.is_shed = False
        # Of each request that is not answered yet, in their order, whether it is a bounded one.
        self.let_in: deque[bool] = deque()
        self.slow_since, self.left, self.has_read = 0.0, 0, False
        if len(self.connections) > MAX_CONNECTIONS:
            self.refuse(OVERLOADED)
        self.server_state.look(self.loop)

    def data_received(self, data: bytes) -> None:
        """Take what came; nothing more once the connection is given up."""
        if self.phase == OVER:
            return
        if self.phase in (IDLE, HEADERS):
            self.header_bytes += len(data)
        super().data_received(data)
        if self.phase in (IDLE, HEADERS) and self.header_bytes > MAX_HEADER_BYTES:
            self.refuse(HEADERS_TOO_LONG)

    def on_message_begin(self) -> None:
        """Headers begin."""
        super().on_message_begin()
        if self.phase != HEADERS:
            self.phase, self.due = HEADERS, self.loop.time() + HEADER_SECONDS

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers of a chunked body are dropped, and bounded like headers."""
        if self.phase in (IDLE, HEADERS):
            super().on_header(name, value)
            return
        self.header_bytes += len(name) + len(value)
        if self.header_bytes > MAX_HEADER_BYTES:
            self.refuse(HEADERS_TOO_LONG)

    def on_headers_complete(self) -> None:
        """Hand the request to the app, unless its headers are too many or the worker is full."""
        length = len(self.url) + sum([len(name) + len(value) for name, value in self.headers])
        if length > MAX_HEADER_BYTES or len(self.headers) > MAX_HEADERS:
            self.refuse(HEADERS_TOO_LONG)
            return
        self.phase, self.due = BODY, self.loop.time() + BODY_SECONDS
        self.header_bytes = 0
        is_let_in = self.server_state.takes(self.url)
        if not is_let_in and self._shed():
            return
        self.app = self.config.loaded_app if is_let_in else OVERLOADED
        is_bounded = is_let_in and self.url == self.server_state.bounded
        self.let_in.append(is_bounded)
        self.server_state.let_in += is_bounded
        super().on_headers_complete()
        if self.server_state.is_draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body, unless the connection is given up or the request not let in."""
        if self.phase != OVER and not self.is_shed:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """From here on the app's own deadline counts."""
        if self.is_shed:
            self.is_shed = False
            if self.phase != OVER:
                OVERLOADED.count()
                self.raw.write(OVERLOADED.kept)
                self.phase, self.due = IDLE, self.loop.time() + IDLE_SECONDS
        elif self.phase != OVER:
            self.phase = WORK
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more; what is in work for it goes on, and has its place."""
        self.server_state.let_in -= sum(self.let_in)
        self.let_in.clear()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request; with some of the body unread there can be none."""
        if self.let_in:
            self.server_state.let_in -= self.let_in.popleft()
        if self.is_unread():
            self.linger()
        super().on_response_complete()
        if self.phase == WORK and not self.pipeline:
            self.phase, self.due = IDLE, self.loop.time() + IDLE_SECONDS

    def resume_writing(self) -> None:
        """Note that the client took most of what was waiting for it."""
        self.has_read = True
        super().resume_writing()

    def shutdown(self) -> None:
        """Close what is idle; whoever has begun to ask is answered first."""
        if self.phase in (IDLE, OVER):
            self.raw.close()
        elif self.cycle is not None:
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self.refuse(INVALID)

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: anybody may send such a header."""

    def _shed(self) -> bool:
        """Answer 503 without any app, which would cost more; False where only an app can."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False  # the answer to an earlier request of the connection comes first
        named = dict(self.headers)
        length = named.get(b"content-length", b"0")
        is_little = length.isdigit() and int(length) <= LITTLE_BODY
        goes_on = self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive()
        if (
            not (goes_on and is_little)
            or self.server_state.is_draining
            or self.expect_100_continue
            or b"transfer-encoding" in named
            or self.parser.get_method() == b"HEAD"
        ):
            self.refuse(OVERLOADED)
        else:
            self.is_shed = True
        return True

    def is_unread(self) -> bool:
        """Tell whether the last request is answered and its body has not all been received."""
        cycle = self.cycle
        return cycle is not None and cycle.response_complete and cycle.more_body

    def refuse(self, answer: RawAnswer) -> None:
        """Answer in place of the app, if no answer has begun, and give the connection up."""
        if self.phase == OVER:
            return
        answer.count()
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.raw.write(answer.content)
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.linger()

    def linger(self) -> None:
        """Say that nothing more will come, and throw away for a moment what still arrives."""
        if self.phase == OVER:
            return
        self.phase, self.due = OVER, self.loop.time() + LINGER_SECONDS
        self.transport.is_over = True
        if not self.raw.is_closing():
            self.flow.resume_reading()
            self.raw.write_eof()

    def look(self, now: float) -> None:
        """Cut the connection if it is late."""
        if self._reads_too_slowly(now) or (self.phase == OVER and now > self.due):
            self.raw.abort()
        elif self.phase in (IDLE, HEADERS, BODY) and now > self.due:
            if self.phase == BODY or self.header_bytes > 0:
                self.refuse(TOO_SLOW)
            else:
                self.raw.close()

    def _reads_too_slowly(self, now: float) -> bool:
        waiting = self.raw.get_write_buffer_size()
        if not waiting:
            self.slow_since = 0.0
        elif not self.slow_since:
            self.slow_since, self.left, self.has_read = now, waiting, False
        elif now - self.slow_since > READ_SECONDS:
            if not self.has_read and self.left - waiting < LEAST_READ:
                return True
            self.slow_since, self.left, self.has_read = now, waiting, False
        return False
