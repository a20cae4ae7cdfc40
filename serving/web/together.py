"""Answers what waits at the same moment in one call: many small requests cost little more than one.

Scoring one customer or eight takes nearly the same time, which goes into the number of steps and
not into the rows. Those who were answered together ask again at nearly the same moment, so the next
call waits for them, but only for as long as it takes to read them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar, cast

from serving.web.threads import BoundedThreads

A = TypeVar("A")
R = TypeVar("R")
MOST = 32
GATHER_SECONDS = 0.004


class Together(Generic[A, R]):
    """Collects requests while others are in work.

    Parameters
    ----------
    threads : where the work is done
    answer : from requests to an answer or an error of each
    at_once : calls that run side by side
    most : requests of one call
    gather : seconds that a call waits for as many requests as the last one had
    """

    def __init__(
        self,
        threads: BoundedThreads,
        answer: Callable[[Sequence[A]], Sequence[R | Exception]],
        *,
        at_once: int = 1,
        most: int = MOST,
        gather: float = GATHER_SECONDS,
    ) -> None:
        self.threads, self.at_once, self.most, self.gather = threads, at_once, most, gather
        self._answer = answer
        self._line: deque[tuple[A, asyncio.Future[R]]] = deque()
        self._working: set[asyncio.Task[None]] = set()
        self._company, self._all_there = 1, asyncio.Event()

    async def run(self, asked: A) -> R:
        """Return the answer to one request.

        Raises
        ------
        Problem
            503 if too many wait already.
        Exception
            What the request is answered with.
        """
        if len(self._line) >= self.threads.waiting:
            raise self.threads.refusal()
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._line.append((asked, answer))
        if len(self._line) >= self._company:
            self._all_there.set()
        if len(self._working) < self.at_once:
            task = asyncio.create_task(self._work())
            self._working.add(task)
        return await answer

    async def _work(self) -> None:
        try:
            await self._answer_all()
        finally:
            # At once: whoever comes before a task's callbacks are run would find nobody to answer.
            self._working.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _answer_all(self) -> None:
        while self._line:
            await self._gathered()
            taken = self._next()
            if not taken:
                continue
            self._company = len(taken)
            try:
                answers = await self.threads.run(self._answer, [asked for asked, _ in taken])
            except Exception as error:  # noqa: BLE001 - whoever waits is told
                answers = [error] * len(taken)
            for (_, waiting), answer in zip(taken, answers, strict=True):
                if waiting.done():
                    continue
                if isinstance(answer, Exception):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)

    async def _gathered(self) -> None:
        """Wait a moment until as many have come as were answered together last time."""
        self._all_there.clear()
        if len(self._line) < self._company:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.gather):
                    await self._all_there.wait()

    def _next(self) -> list[tuple[A, "asyncio.Future[R]"]]:
        """The first in line whose requests have not ended yet."""
        taken: list[tuple[A, asyncio.Future[R]]] = []
        while self._line and len(taken) < self.most:
            asked, waiting = self._line.popleft()
            if not waiting.done():
                taken.append((asked, waiting))
        return taken
