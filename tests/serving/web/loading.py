"""Clients in threads that ask a running service again and again, and keep count."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Look = Callable[[dict[str, Any]], None]


@dataclass
class Load:
    """Asks for customers over kept connections until it is stopped.

    A connection that the service ends between two answers is opened again, as any client does.
    """

    port: int
    token: str
    path: str = "/v1/customers/00004"
    clients: int = 4
    look: Look = lambda _answer: None
    statuses: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, daemon=True) for _ in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)

    @property
    def answers(self) -> int:
        return sum(self.statuses.values())

    def _ask(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                connection.request("GET", self.path, headers=headers)
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.statuses[type(error).__name__] += 1
                connection.close()
                continue
            self.took.append(time.monotonic() - started)
            self.statuses[str(response.status)] += 1
            if response.status == 200:
                self.look(json.loads(body))
        connection.close()
