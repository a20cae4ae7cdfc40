"""Load from a process of its own: connections that ask again as soon as they are answered.

`python -m benchmarks.serving_load PLAN` reads a plan in JSON and prints what it measured in JSON.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

ROOT = Path(__file__).parents[1]
WARM_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What to ask: requests that differ in `{}` of path or body, filled with one of `values`.

    Connections take turns with the bearer `tokens`, where there are any.
    """

    port: int
    connections: int
    seconds: float
    path: str
    values: list[str] = field(default_factory=lambda: [""])
    body: str | None = None
    tokens: list[str] = field(default_factory=list)

    def requests(self, connection: int) -> list[bytes]:
        """Return the requests as a connection sends them."""
        headers = {"Host": "127.0.0.1"}
        if self.tokens:
            token = self.tokens[connection % len(self.tokens)]
            headers["Authorization"] = f"Bearer {token}"
        return [self._request(value, headers) for value in self.values]

    def _request(self, value: str, headers: dict[str, str]) -> bytes:
        body = (self.body or "").replace("{}", value).encode()
        method = "GET" if self.body is None else "POST"
        if self.body is not None:
            length = str(len(body))
            headers = {**headers, "Content-Type": "application/json", "Content-Length": length}
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        return f"{method} {self.path.replace('{}', value)} HTTP/1.1\r\n{lines}\r\n".encode() + body


@dataclass(frozen=True)
class Measured:
    """Answers a second, milliseconds to the answer, and answers that were not 2xx."""

    rate: float
    p50: float
    p99: float
    worst: float
    answers: int
    bad: dict[str, int]


def load(plan: Plan) -> Measured:
    """Run a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving_load", json.dumps(asdict(plan))],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the load ended with {done.returncode}: {done.stderr[-1500:]}")
    return Measured(**json.loads(done.stdout))


class Asker(asyncio.Protocol):
    """One connection: sends a request, waits for all of the answer, sends the next."""

    def __init__(self, requests: list[bytes], seed: int, end: float) -> None:
        self.requests, self.end = requests, end
        self.draw = random.Random(seed)  # noqa: S311 - which customer is asked for
        self.took: list[float] = []
        self.bad: Counter[str] = Counter()
        self.done = asyncio.get_running_loop().create_future()
        self.received, self.wanted = b"", -1
        self.begun = 0.0

    def connection_made(self, transport: Any) -> None:
        """Send the first request."""
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Count an answer when it is whole."""
        self.received += data
        if self.wanted < 0:
            head = self.received.find(b"\r\n\r\n")
            if head < 0:
                return
            lower = self.received[:head].lower()
            place = lower.find(b"content-length:")
            length = int(lower[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            self.wanted = head + 4 + length
        if len(self.received) < self.wanted:
            return
        now = time.perf_counter()
        if self.received[9:10] != b"2":
            self.bad[self.received[9:12].decode()] += 1
        self.took.append(now - self.begun)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """Count an end that was not ours."""
        if not self.done.done():
            self.bad["lost"] += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        self.received, self.wanted = b"", -1
        self.begun = time.perf_counter()
        if self.begun > self.end:
            self.done.set_result(None)
            self.transport.close()
            return
        self.transport.write(self.draw.choice(self.requests))


async def measured(plan: Plan, seconds: float) -> Measured:
    """Ask for some seconds."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    end = begun + seconds
    askers = [Asker(plan.requests(seed), seed, end) for seed in range(plan.connections)]
    waiting = iter(askers)
    for _ in askers:
        await loop.create_connection(lambda: next(waiting), "127.0.0.1", plan.port)
    await asyncio.gather(*(asker.done for asker in askers))
    took = np.array([each for asker in askers for each in asker.took])
    p50, p99 = np.quantile(took, [0.5, 0.99]) * 1000
    bad = sum((asker.bad for asker in askers), Counter())
    passed = time.perf_counter() - begun
    return Measured(
        rate=len(took) / passed,
        p50=float(p50),
        p99=float(p99),
        worst=float(took.max() * 1000),
        answers=len(took),
        bad=dict(bad),
    )


async def _main(plan: Plan) -> Measured:
    await measured(plan, WARM_SECONDS)
    return await measured(plan, plan.seconds)


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_main(Plan(**json.loads(sys.argv[1])))))))
