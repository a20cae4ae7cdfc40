"""How many customers each token listed today, counted over restarts and workers.

Counts are kept in memory and written every few seconds: a request never waits for them.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select, update

from serving.errors import StoreDown
from serving.store.database import Database
from serving.store.insert_new import insert_new
from serving.store.tables import usage

FLUSH_SECONDS = 3.0

# Rows that a request listed so far; one number, so that threads of the request can add to it.
LISTED: ContextVar[list[int]] = ContextVar("LISTED")

log = logging.getLogger(__name__)


def count_listed(rows: int) -> None:
    """Count rows of a list that a request answers with; nothing happens outside of a request."""
    counter = LISTED.get(None)
    if counter is not None:
        counter[0] += rows


class Usage:
    """Rows listed by each token since midnight (UTC).

    Parameters
    ----------
    database : the store's
    rows_per_day : quota of a token
    clock : gives the present moment, with a time zone
    alarm : called with the prefix of a token when it has used up its quota, once a day and worker
    """

    def __init__(
        self,
        database: Database,
        *,
        rows_per_day: int,
        clock: Callable[[], datetime],
        alarm: Callable[[str], None] = lambda _prefix: None,
    ) -> None:
        self.rows_per_day = rows_per_day
        self._database, self._clock, self._alarm = database, clock, alarm
        self._lock = threading.Lock()
        self._day = ""
        self._saved: Counter[str] = Counter()
        self._unsaved: Counter[str] = Counter()
        self._told: set[str] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read what was counted before, then go on in a thread of its own."""
        self.flush()
        self._thread = threading.Thread(target=self._watch, name="usage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is counted and end the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.flush()

    def add(self, prefix: str, rows: int) -> None:
        """Count rows that a token listed; sound the alarm when they are too many."""
        if not rows:
            return
        with self._lock:
            self._begin_day()
            self._unsaved[prefix] += rows
            tell = prefix not in self._told and self._count(prefix) >= self.rows_per_day
            if tell:
                self._told.add(prefix)
        if tell:
            log.warning(
                "token %s has listed all of the %d rows a day that serve.rows_per_day allows",
                prefix,
                self.rows_per_day,
            )
            self._alarm(prefix)

    def seconds_to_wait(self, prefix: str) -> int | None:
        """Return None while the token may list, else the seconds until midnight."""
        with self._lock:
            self._begin_day()
            if self._count(prefix) < self.rows_per_day:
                return None
        now = self._clock().astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return int((midnight - now).total_seconds()) + 1

    def flush(self) -> None:
        """Add what was counted here to the store, and read what all workers counted."""
        with self._lock:
            self._begin_day()
            day, mine = self._day, self._unsaved
            self._unsaved = Counter()
        try:
            saved = self._exchange(day, mine)
        except StoreDown as error:
            with self._lock:
                self._unsaved.update(mine)
            log.warning("the rows listed are counted in memory until the store answers: %s", error)
            return
        with self._lock:
            if day == self._day:
                self._saved = saved

    def _count(self, prefix: str) -> int:
        return self._saved[prefix] + self._unsaved[prefix]

    def _begin_day(self) -> None:
        today = self._clock().astimezone(UTC).date().isoformat()
        if today != self._day:
            self._day = today
            self._saved, self._unsaved = Counter(), Counter()
            self._told.clear()

    def _exchange(self, day: str, mine: Counter[str]) -> Counter[str]:
        if mine:
            # All or none: a part that is written would be added again.
            with self._database.write() as connection:
                for prefix, rows in mine.items():
                    _add(connection, day, prefix, rows)
        today = select(usage.c.token_prefix, usage.c.rows).where(usage.c.day == day)
        with self._database.read() as connection:
            found = connection.execute(today).all()
        return Counter({str(prefix): int(rows) for prefix, rows in found})

    def _watch(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self.flush()


def _add(connection: Connection, day: str, prefix: str, rows: int) -> None:
    insert_new(connection, usage, {"day": day, "token_prefix": prefix, "rows": 0})
    this = (usage.c.day == day) & (usage.c.token_prefix == prefix)
    connection.execute(update(usage).where(this).values(rows=usage.c.rows + rows))
