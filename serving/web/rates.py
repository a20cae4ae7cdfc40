"""Limits per minute: requests of a token, wrong tokens from an address.

Each worker counts for itself, so each has its share of what all of them may let through.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.runtime import Runtime
from serving.web.problem import Problem

MINUTE = 60.0
WRONG_TOKENS = 10
NAMES = 10_000

RawHeaders = list[tuple[bytes, bytes]]


class Tally(NamedTuple):
    """Events in a window, and the seconds to its end."""

    events: int
    left: float


class Windows:
    """Counts by name, each from its first event on for a minute; the oldest names go first.

    Parameters
    ----------
    clock : seconds that never run back
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, name: str, events: int = 1) -> Tally:
        """Count events of a name."""
        now = self._clock()
        ends, count = self._windows.get(name, (0.0, 0))
        if now >= ends:
            ends, count = now + MINUTE, 0
            self._windows.pop(name, None)
            if len(self._windows) >= NAMES:
                self._windows.popitem(last=False)
        count += events
        self._windows[name] = ends, count
        return Tally(count, ends - now)

    def get(self, name: str) -> Tally:
        """Return what was counted of a name."""
        ends, count = self._windows.get(name, (0.0, 0))
        left = ends - self._clock()
        return Tally(count, left) if left > 0 else Tally(0, 0.0)


class RateMiddleware:
    """Stands behind `AuthMiddleware`: a token has its requests per minute, and is told how many.

    Parameters
    ----------
    runtime : says how many
    windows : counts them
    """

    def __init__(self, app: ASGIApp, *, runtime: Runtime, windows: Windows) -> None:
        self.app = app
        self.runtime = runtime
        self.windows = windows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = scope["state"].get("principal") if scope["type"] == "http" else None
        if principal is not None:
            limit = self.runtime.requests_per_minute
            count, left = self.windows.add(principal.prefix)
            headers = told(limit, count, left)
            if count > limit:
                again = {"retry-after": str(math.ceil(left))}
                named = {name.decode(): value.decode() for name, value in headers}
                raise Problem(
                    429,
                    f"more than {limit} requests of this token in a minute; ask less often",
                    headers=named | again,
                )
            scope["state"]["headers"] = headers
        await self.app(scope, receive, send)


class WrongTokens:
    """Wrong tokens by the address they came from; what is valid passes all the same."""

    def __init__(
        self, most: Callable[[], int] = lambda: WRONG_TOKENS, windows: Windows | None = None
    ) -> None:
        self.most = most
        self.windows = windows or Windows()

    def check(self, scope: Scope) -> None:
        """Count a wrong token.

        Raises
        ------
        Problem
            429 if too many came from this address within a minute.
        """
        count, left = self.windows.add(source_of(scope))
        if count > self.most():
            raise Problem(
                429,
                "too many wrong tokens came from this address; wait a minute",
                headers={"retry-after": str(math.ceil(left))},
            )


def source_of(scope: Scope) -> str:
    """Return the address that a request came from; of an IPv6 address the network."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def told(limit: int, count: int, left: float) -> RawHeaders:
    """Return the headers that say how much of a limit is left."""
    return [
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-remaining", b"%d" % max(0, limit - count)),
        (b"ratelimit-reset", b"%d" % math.ceil(left)),
    ]
