"""What the store does on SQLite only: file modes, pragmas, the start of a transaction."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event

WRITES = "perennial_writes"
WAIT_SECONDS = 0.01
# Enough for the upper pages of the index of some million scores.
CACHE_KIB = 16_384


def prepare_file(url: URL) -> None:
    """Create the database file for its owner alone (0600), and its folder if missing."""
    if not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    # Another that opens the store at the same time may have made either meanwhile.
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def tune(engine: Engine, *, busy_seconds: float) -> None:
    """Set the pragmas of every connection: WAL, full sync, foreign keys, a bounded wait."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late for reads; on_begin sends it instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        _keep_a_log(cursor, busy_seconds)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        # What is deleted is overwritten: a page that is free still would hold an erased id.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading a read later fails without waiting.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _keep_a_log(cursor: sqlite3.Cursor, busy_seconds: float) -> None:
    """Switch to the write-ahead log; while others do the same SQLite says "locked" at once."""
    end = time.monotonic() + busy_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(WAIT_SECONDS)
        else:
            return


def empty_log(engine: Engine) -> None:
    """Move what stands in the write-ahead log into the file and cut the log to nothing.

    Readers that are at it are waited for a moment; the next call makes up for one that failed.
    """
    with engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
