"""The exports that were asked for, and how far each is; whichever worker is free makes the next.

An export is `queued`, `running`, then `done` or `failed`; later `expired`, when its file is too
old, or `erased`, when a customer in it was erased. Only a `done` one has a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from serving.store import audit, postgres
from serving.store.batch import utc_text
from serving.store.database import Database
from serving.store.write_tables import erasures, exports

# A worker that is at an export says so more often than this.
LOST_AFTER = timedelta(seconds=30)
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Job:
    """One export, as the table `exports` has it; moments are texts in UTC."""

    export_id: str
    token_prefix: str
    batch_id: str
    asked: str
    status: str
    created_at: str
    finished_at: str | None
    owner: str | None
    seen_at: str | None
    rows: int | None
    bytes: int | None
    sha256: str | None
    error: str | None


def add(
    connection: Connection, *, asked: str, batch_id: str, token_prefix: str, now: datetime
) -> Job:
    """Queue an export in a transaction that writes."""
    row = {
        "export_id": token_hex(12),
        "token_prefix": token_prefix,
        "batch_id": batch_id,
        "asked": asked,
        "status": "queued",
        "created_at": utc_text(now),
    }
    connection.execute(insert(exports).values(**row))
    return _one(connection, row["export_id"])


def find(database: Database, export_id: str) -> Job | None:
    """Return an export, or None."""
    with database.read() as connection:
        found = _all(connection, exports.c.export_id == export_id)
    return found[0] if found else None


def claim(database: Database, owner: str, now: datetime) -> Job | None:
    """Take the oldest export that nobody is at, so that nobody else does; None if there is none."""
    free = _is_free(now)
    with database.read() as connection:
        waiting = [job.export_id for job in _all(connection, free)]
    for export_id in waiting:
        this = exports.c.export_id == export_id
        taken = {"status": "running", "owner": owner, "seen_at": utc_text(now)}
        with database.write() as connection:
            # Asked again here: of two that try, one changes no row.
            if connection.execute(update(exports).where(this, free).values(**taken)).rowcount:
                return _one(connection, export_id)
    return None


def say_alive(database: Database, job: Job, now: datetime) -> bool:
    """Note that its worker is at it; False if another has taken it over."""
    with database.write() as connection:
        return _change(connection, job, {"seen_at": utc_text(now)})


def erasures_so_far(database: Database) -> int:
    """Return how many customers were erased; an export made across an erasure is made anew."""
    with database.read() as connection:
        return _erasures(connection)


def finish(
    database: Database,
    secret: bytes,
    job: Job,
    *,
    erasures_before: int,
    rows: int,
    size: int,
    sha256: str,
    now: datetime,
) -> bool:
    """Call an export done; False if it must be made anew, or another worker has it."""
    with database.write() as connection:
        postgres.hold(connection, erasures)
        if _erasures(connection) != erasures_before:
            return False
        done = {"rows": rows, "bytes": size, "sha256": sha256}
        values = {**done, "status": "done", "finished_at": utc_text(now)}
        if not _change(connection, job, values):
            return False
        audit.record(
            connection,
            secret,
            at=now,
            who=job.token_prefix,
            what="export",
            count=rows,
            details={"export_id": job.export_id, "batch_id": job.batch_id},
        )
        return True


def fail(database: Database, job: Job, error: str, now: datetime) -> None:
    """Call an export failed, with one sentence on why."""
    values = {"status": "failed", "error": error, "finished_at": utc_text(now)}
    with database.write() as connection:
        _change(connection, job, values)


def expire(database: Database, now: datetime) -> None:
    """Give up the files that are older than a week."""
    old = (exports.c.status == "done") & (exports.c.finished_at < utc_text(now - KEPT))
    with database.read() as connection:
        if not _all(connection, old):
            return
    with database.write() as connection:
        connection.execute(update(exports).where(old).values(status="expired"))


def with_files(database: Database) -> list[Job]:
    """Return the exports whose files may stand: those that are done or in work."""
    with database.read() as connection:
        return _all(connection, exports.c.status.in_(("done", "running")))


def rows_of_a_day(connection: Connection, token_prefix: str, now: datetime) -> int:
    """Return how many rows a token exported within the last 24 hours."""
    since = utc_text(now - timedelta(hours=24))
    theirs = (exports.c.token_prefix == token_prefix) & (exports.c.created_at > since)
    return int(connection.scalar(select(func.sum(exports.c.rows)).where(theirs)) or 0)


def every(connection: Connection) -> Sequence[Job]:
    """Return all exports, the oldest first."""
    return _all(connection, exports.c.export_id.is_not(None))


def call_erased(connection: Connection, export_id: str, asked: str) -> None:
    """Give up a file in which an erased customer stands, and tell anew what was asked for."""
    this = exports.c.export_id == export_id
    connection.execute(update(exports).where(this).values(status="erased", asked=asked))


def _is_free(now: datetime) -> ColumnElement[bool]:
    lost = (exports.c.status == "running") & (exports.c.seen_at < utc_text(now - LOST_AFTER))
    return or_(exports.c.status == "queued", lost)


def _change(connection: Connection, job: Job, values: dict[str, Any]) -> bool:
    mine = (exports.c.export_id == job.export_id) & (exports.c.owner == job.owner)
    running = exports.c.status == "running"
    return connection.execute(update(exports).where(mine, running).values(**values)).rowcount == 1


def _erasures(connection: Connection) -> int:
    return int(connection.scalar(select(func.count()).select_from(erasures)) or 0)


def _all(connection: Connection, where: ColumnElement[bool]) -> list[Job]:
    query = select(exports).where(where).order_by(exports.c.created_at, exports.c.export_id)
    return [Job(**row) for row in connection.execute(query).mappings()]


def _one(connection: Connection, export_id: str) -> Job:
    return _all(connection, exports.c.export_id == export_id)[0]
