"""Threads with a bound: never more work than they can do, whatever becomes of the requests."""

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar, cast

from serving.web.problem import Problem

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple["Future[Any]", Callable[[], Any]]

WAIT_SECONDS = 1.0
# How much the newest counts in how long a function usually takes.
NEWEST = 0.2

log = logging.getLogger(__name__)


class BoundedThreads:
    """Runs functions in a few threads; what finds no place in the queue is 503 at once.

    A function goes on when its request ends early, and keeps its place until it is done: hung
    ones are never joined by more than there are threads. What it raises then is logged.

    Parameters
    ----------
    name : of the threads
    threads : functions that run at the same time
    waiting : functions that may wait for a thread
    seconds : how long one may have to wait, going by how long those before took
    """

    def __init__(
        self, name: str, *, threads: int, waiting: int, seconds: float = WAIT_SECONDS
    ) -> None:
        self.name, self.threads, self.waiting, self.seconds = name, threads, waiting, seconds
        self._usual = 0.0
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started: list[threading.Thread] = []
        self._taken = 0

    @property
    def taken(self) -> int:
        """Functions that run or wait."""
        return self._taken

    @property
    def is_full(self) -> bool:
        """Tell whether one more function would find no place, or would have to wait too long."""
        return self._is_beyond(1.0, self._taken)

    def is_half_full(self, coming: int = 0) -> bool:
        """Tell whether half of the places are taken, or the wait is half of what it may be.

        Where many ask at once, those who are sent away go by this: other functions may take a place
        in the meantime.

        Parameters
        ----------
        coming : functions that run, wait, or are about to
        """
        return self._is_beyond(0.5, max(self._taken, coming))

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns.

        Raises
        ------
        Problem
            503 if too many functions wait already.
        """
        context = contextvars.copy_context()
        job = self._submit(lambda: context.run(function, *args, **kwargs))
        try:
            return cast(T, await asyncio.wrap_future(job))
        except asyncio.CancelledError:
            job.add_done_callback(self._log_late)
            raise

    @staticmethod
    def refusal() -> Problem:
        """What is answered where there is no place left."""
        detail = "too many requests are in work; try again"
        return Problem(503, detail, headers={"retry-after": "1"})

    def close(self) -> None:
        """Let the threads end when they have done what waits; nobody waits for that."""
        for _ in self._started:
            self._queue.put(None)
        self._started = []

    def _is_beyond(self, part: float, taken: int) -> bool:
        line = taken - self.threads
        if line >= part * self.waiting:
            return True
        return line * self._usual > part * self.seconds * self.threads

    def _submit(self, function: Callable[[], Any]) -> "Future[Any]":
        with self._lock:
            if self.is_full:
                raise self.refusal()
            self._taken += 1
            if len(self._started) < min(self.threads, self._taken):
                name = f"{self.name}-{len(self._started)}"
                # Daemons: one that hangs does not keep the service from ending.
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._started.append(thread)
                thread.start()
        job: Future[Any] = Future()
        job.add_done_callback(self._release)
        self._queue.put((job, function))
        return job

    def _release(self, _job: "Future[Any]") -> None:
        with self._lock:
            self._taken -= 1

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            job, function = item
            if not job.set_running_or_notify_cancel():
                continue
            began = time.monotonic()
            try:
                job.set_result(function())
            except BaseException as error:  # noqa: BLE001 - whoever waits is told
                job.set_exception(error)
            # One long job among short ones tells little of the next.
            took = min(time.monotonic() - began, self.seconds)
            self._usual += NEWEST * (took - self._usual)

    def _log_late(self, job: "Future[Any]") -> None:
        if job.cancelled():
            return
        error = job.exception()
        if error is not None:
            told = f"work of {self.name} failed after its request had ended: {error!r}"
            log.error("%s", told, exc_info=error)
