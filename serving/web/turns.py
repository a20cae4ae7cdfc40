"""At most a few requests of one token at a time; the others wait in line for a moment."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.web.problem import Problem

AT_ONCE = 4
MAX_WAITING = 64
WAIT_SECONDS = 1.0


@dataclass
class _Seats:
    taken: int = 0
    line: "deque[asyncio.Future[None]]" = field(default_factory=deque)


class Turns:
    """Who is in work and who waits, by name.

    Parameters
    ----------
    at_once : says how many requests of one name may be in work
    waiting : requests of one name in line
    seconds : how long a request waits
    """

    def __init__(
        self,
        *,
        at_once: Callable[[], int] = lambda: AT_ONCE,
        waiting: int = MAX_WAITING,
        seconds: float = WAIT_SECONDS,
    ) -> None:
        self.at_once, self.waiting, self.seconds = at_once, waiting, seconds
        self._seats: dict[str, _Seats] = {}

    def is_free(self, name: str) -> bool:
        """Tell whether a turn could be taken without waiting."""
        seats = self._seats.get(name)
        return seats is None or seats.taken < self.at_once()

    async def enter(self, name: str) -> None:
        """Take a turn, waiting for it if need be.

        Raises
        ------
        Problem
            429 if the line is full, or the turn does not come in time.
        """
        seats = self._seats.get(name)
        if seats is None:
            seats = self._seats[name] = _Seats()
        if seats.taken < self.at_once():
            seats.taken += 1
            return
        if len(seats.line) >= self.waiting:
            raise self._too_many()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        seats.line.append(turn)
        try:
            async with asyncio.timeout(self.seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # The turn came in the same moment as the end.
                self.leave(name)
            else:
                with suppress(ValueError):
                    seats.line.remove(turn)
            if isinstance(error, TimeoutError):
                raise self._too_many() from None
            raise

    def leave(self, name: str) -> None:
        """Give the turn back, or to the next in line."""
        seats = self._seats[name]
        while seats.line:
            turn = seats.line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        seats.taken -= 1
        if not seats.taken:
            del self._seats[name]

    def _too_many(self) -> Problem:
        return Problem(
            429,
            f"more than {self.at_once()} requests of this token at once; send fewer side by side",
            headers={"retry-after": "1"},
        )


class TurnMiddleware:
    """Stands behind `AuthMiddleware`: a token, or an address without one, has its turns.

    Without a token only bodies count: a form that is sent slowly holds on to the service.

    Parameters
    ----------
    turns : who is in work
    """

    def __init__(self, app: ASGIApp, *, turns: Turns) -> None:
        self.app = app
        self.turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = _name(scope)
        if name is None:
            await self.app(scope, receive, send)
            return
        await self.turns.enter(name)
        try:
            await self.app(scope, receive, send)
        finally:
            self.turns.leave(name)


def _name(scope: Scope) -> str | None:
    if scope["type"] != "http":
        return None
    principal = scope["state"].get("principal")
    if principal is not None:
        return str(principal.prefix)
    if scope["method"] == "POST":
        return f"from {(scope.get('client') or ('',))[0]}"
    return None
