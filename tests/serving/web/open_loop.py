"""Requests at a fixed rate, whether the service keeps up or not, from a process of their own.

A closed loop slows down with the service it measures; here each request has its moment, and its
time to answer counts from that moment on.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvloop

MOST_CONNECTIONS = 2000
CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Plan:
    """What is sent: requests in turns, so many a second, for some seconds; from which core."""

    port: int
    requests: Sequence[bytes]
    rate: float
    seconds: float
    core: int | None = None


@dataclass
class Seen:
    """Answers by status (0: the connection ended without one), with when and how long."""

    status: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    retry_after: int = 0

    def of(self, *statuses: int) -> np.ndarray:
        """Seconds that the answers of some statuses took."""
        is_one = np.isin(self.status, statuses)
        return np.array(self.took)[is_one]

    def __str__(self) -> str:
        parts = []
        for status in sorted(set(self.status)):
            took = self.of(status) * 1000
            p50, p99 = np.percentile(took, [50, 99])
            parts.append(f"{status}: {len(took)} (p50 {p50:.1f} ms, p99 {p99:.1f} ms)")
        return ", ".join(parts)


class _Connection(asyncio.Protocol):
    """One request at a time; the answer ends where its length says."""

    def __init__(self, loop: "_Loop") -> None:
        self.loop, self.buffer, self.due = loop, b"", -1.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, due: float, request: bytes) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        names = head.lower()
        _, _, rest = names.partition(b"content-length: ")
        if len(body) < int(rest.partition(b"\r\n")[0] or 0):
            return
        self.buffer = b""
        self.loop.seen.retry_after += b"retry-after: " in names
        self.loop.note(int(head[9:12]), self.due)
        self.due = -1.0
        if b"connection: close" in names:
            self.transport.close()
        else:
            self.loop.free.append(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self.loop.open -= 1
        if self in self.loop.free:
            self.loop.free.remove(self)
        if self.due >= 0:
            self.loop.note(0, self.due)


class _Loop:
    """Sends what is due, on a free connection or a new one."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.seen = plan, Seen()
        self.free: list[_Connection] = []
        self.open = self.sent = 0

    def note(self, status: int, due: float) -> None:
        self.seen.status.append(status)
        self.seen.at.append(due)
        self.seen.took.append(self.clock() - self.begun - due)

    async def run(self) -> Seen:
        loop = asyncio.get_running_loop()
        self.clock, self.begun = loop.time, loop.time() + 0.2
        plan, working = self.plan, set()
        for number in range(int(plan.rate * plan.seconds)):
            due = number / plan.rate
            wait = self.begun + due - self.clock()
            if wait > 0:
                await asyncio.sleep(wait)
            elif number % 50 == 0:
                await asyncio.sleep(0)
            request = plan.requests[number % len(plan.requests)]
            self.sent += 1
            if self.free:
                self.free.pop().send(due, request)
            elif self.open < MOST_CONNECTIONS:
                self.open += 1
                task = loop.create_task(self._on_a_new_one(due, request))
                working.add(task)
                task.add_done_callback(working.discard)
            else:
                self.note(0, due)
        end = self.clock() + 10
        while len(self.seen.status) < self.sent and self.clock() < end:
            await asyncio.sleep(0.05)
        return self.seen

    async def _on_a_new_one(self, due: float, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(self), "127.0.0.1", self.plan.port
            )
        except OSError:
            self.open -= 1
            self.note(0, due)
            return
        connection.send(due, request)


def _in_process(plan: Plan, answers: Any) -> None:
    if plan.core is not None:
        os.sched_setaffinity(0, {plan.core})
    answers.send(uvloop.run(_Loop(plan).run()))


def sent(plan: Plan) -> Seen:
    """Send the requests of a plan from another process and return what came."""
    mine, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_in_process, args=(plan, theirs), daemon=True)
    process.start()
    try:
        assert mine.poll(plan.seconds + 60), "the load did not end in time"
        seen: Seen = mine.recv()
        return seen
    finally:
        process.kill()
        process.join(10)
