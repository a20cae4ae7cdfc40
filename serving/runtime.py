"""What the running service holds: settings, store, tokens, the champion bundle, the clock.

BentoML builds its middlewares when the module is imported and the service later, in each worker.
So they are given a `Runtime` that is filled when the worker opens it.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from configs.settings import Settings
from serving.answers import Answers
from serving.catch_up import CatchUp
from serving.errors import ServeError
from serving.exports.worker import Exporter
from serving.holder import ChampionHolder
from serving.scores import ScoreStore
from serving.store.lookup import Lookup
from serving.store.tokens import Tokens
from serving.store.usage import Usage, count_listed
from serving.warm import Warm
from serving.web.observe import QUOTA_REACHED
from serving.web.threads import BoundedThreads

BUSY_SECONDS = 1.0
# Below the deadline of a request, so that no hanging statement holds a thread beyond it.
STATEMENT_SECONDS = 4.0
# What runs at the same time, and what may wait for it, in one worker.
PREDICTING = {"threads": 2, "waiting": 64}
READING = {"threads": 4, "waiting": 256}

P = ParamSpec("P")
T = TypeVar("T")


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class CountedAnswers(Answers):
    """Answers of the service, whose lists count against the quota of the token that asks."""

    def customers(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return a page of the list, counted."""
        answer = super().customers(*args, **kwargs)
        count_listed(len(answer["items"]))
        return answer


class Runtime:
    """Parts of the service that requests share; empty until `open`.

    Parameters
    ----------
    clock : gives the present moment, with a time zone
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.workers = 1
        self.is_draining = self.is_file = False
        self._settings: Settings | None = None

    def open(self, settings: Settings) -> None:
        """Connect to the store and begin to watch for the champion.

        Raises
        ------
        StoreDown
            If the store cannot be opened.
        """
        # Requests end after five seconds, so a call of the store may not wait as long.
        self.store = ScoreStore(
            settings.store_url, busy_seconds=BUSY_SECONDS, statement_seconds=STATEMENT_SECONDS
        )
        database = self.store.database
        self.lookup = Lookup(database, self.store.batch)
        # A file answers in less time than it takes to go to a thread and back.
        self.is_file = database.engine.dialect.name == "sqlite"
        self.readers = BoundedThreads("readers", **READING)
        self.predicting = BoundedThreads("predicting", **PREDICTING)
        self.tokens = Tokens(database, self.clock)
        self.answers = CountedAnswers(
            self.store, stale_after_hours=settings.serve.stale_after_hours
        )
        self.holder = ChampionHolder(settings.models_dir)
        self.usage = Usage(
            database,
            rows_per_day=settings.serve.rows_per_day,
            clock=self.clock,
            alarm=lambda _prefix: QUOTA_REACHED.inc(),
        )
        self.workers = settings.serve.workers
        self.requests_per_minute = math.ceil(settings.serve.requests_per_minute / self.workers)
        emails = settings.exports.emails
        self.exporter = Exporter(
            self.store,
            folder=settings.exports_dir,
            rows_per_day=settings.serve.export_rows_per_day,
            emails=Path(emails.source) if emails else None,
            clock=self.clock,
        )
        self._settings = settings
        self.catch_up = CatchUp(self.store, settings)
        self.catch_up.start()
        self.warm = Warm(self.store, settings)
        self.warm.start()
        self.exporter.start()
        self.usage.start()
        self.holder.start()

    def close(self) -> None:
        """Stop watching and close the store; nothing happens where nothing is open."""
        if self._settings is not None:
            self.catch_up.stop()
            self.warm.stop()
            self.exporter.stop()
            self.holder.stop()
            self.usage.stop()
            self.readers.close()
            self.predicting.close()
            self.lookup.close()
            self.store.close()
            self._settings = None

    @property
    def settings(self) -> Settings:
        """The settings that the service runs with."""
        if self._settings is None:
            raise ServeError("the service is not open; call open(settings) before a request")
        return self._settings

    def share(self, most: int) -> int:
        """Return this worker's part of what all workers together may let through."""
        return max(1, most // self.workers)

    async def quickly(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a short read of the store returns; it runs here if the store is a file.

        Raises
        ------
        Problem
            503 if too many functions wait already.
        """
        if self.is_file:
            return function(*args, **kwargs)
        return await self.readers.run(function, *args, **kwargs)
