"""Make the exports that were asked for, one after the other, in a thread of the service."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from serving.errors import ServeError, StoreDown
from serving.exports.asked import Asked
from serving.exports.emails import hashed_emails
from serving.exports.files import ExportFile, schema_of
from serving.exports.presets import EMAIL
from serving.scores import ScoreStore
from serving.store import export_jobs
from serving.store.batch import Batch
from serving.store.export_jobs import Job
from serving.store.export_rows import Values, export_chunks
from serving.store.postgres import patient
from serving.store.rows import OF_THE_BATCH

LOOK_SECONDS = 1.0
SWEEP_SECONDS = 60.0
ALIVE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Exporter:
    """Takes exports from the store's queue and writes their files.

    One that was in work when its process ended is taken up again, by whichever process is free.

    Parameters
    ----------
    store : holds the queue and the scores
    folder : of the files; made when the first is written
    rows_per_day : rows that one token may export in 24 hours
    emails : CSV with `customer_id` and `email`, if the shop keeps one
    clock : gives the present moment, with a time zone
    """

    def __init__(
        self,
        store: ScoreStore,
        *,
        folder: Path,
        rows_per_day: int,
        emails: Path | None = None,
        clock: Callable[[], datetime],
    ) -> None:
        self.store, self.folder, self.clock = store, folder, clock
        self.rows_per_day, self.emails = rows_per_day, emails
        self.owner = token_hex(6)
        self._database = store.database
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look for work, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="exports", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; an export in work is left to the next that looks."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def wake(self) -> None:
        """Look for work at once."""
        self._wake.set()

    def path_of(self, job: Job) -> Path:
        """Return where the file of an export stands; the name is made of what we drew alone."""
        return self.folder / f"{job.export_id}-{job.owner}.{Asked.of_text(job.asked).format}"

    def work(self) -> bool:
        """Make the next export; False if there is none."""
        job = export_jobs.claim(self._database, self.owner, self.clock())
        if job is None:
            return False
        try:
            self._make(job)
        except StoreDown:
            raise
        except ServeError as error:
            export_jobs.fail(self._database, job, str(error), self.clock())
        except Exception as error:
            log.error("export %s failed: %r", job.export_id, error, exc_info=error)
            why = "the file could not be written; the log of the service says why"
            export_jobs.fail(self._database, job, why, self.clock())
        return True

    def sweep(self) -> None:
        """Give up files older than a week; remove all that no export stands for any more."""
        export_jobs.expire(self._database, self.clock())
        there = self.folder.iterdir() if self.folder.is_dir() else ()
        found = {path for path in there if path.is_file()}
        for path in found - {self.path_of(job) for job in export_jobs.with_files(self._database)}:
            path.unlink(missing_ok=True)

    def _run(self) -> None:
        swept = -SWEEP_SECONDS
        while not self._stop.is_set():
            try:
                if time.monotonic() - swept >= SWEEP_SECONDS:
                    self.sweep()
                    swept = time.monotonic()
                while not self._stop.is_set() and self.work():
                    pass
            except (StoreDown, OSError) as error:
                log.warning("exports wait: %s", error)
            except Exception as error:
                log.error("an export failed: %s", type(error).__name__, exc_info=error)
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    @patient()
    def _make(self, job: Job) -> None:
        batch = self.store.batch(job.batch_id)
        if batch is None:
            raise ServeError(f"batch {job.batch_id} is no longer kept; export the current one")
        asked = Asked.of_text(job.asked)
        while not self._stop.is_set():
            before = export_jobs.erasures_so_far(self._database)
            file = self._written(job, asked, batch)
            if file is None:
                return
            is_done = export_jobs.finish(
                self._database,
                self._database.secret,
                job,
                erasures_before=before,
                rows=file.rows,
                size=file.size,
                sha256=file.sha256,
                now=self.clock(),
            )
            if is_done or not self._is_mine(job):
                return

    def _written(self, job: Job, asked: Asked, batch: Batch) -> ExportFile | None:
        """Write the file; None if the service stops or another worker has the export."""
        left = self.rows_per_day - self._rows_before(job)
        columns = _Columns(asked, batch, self._emails(asked))
        file = ExportFile(self.path_of(job), schema_of(asked.columns), asked.format)
        told = time.monotonic()
        try:
            chunks = export_chunks(
                self._database, batch.batch_id, columns.stored, asked.filters, asked.changed_since
            )
            for chunk in chunks:
                file.write(columns.of(chunk))
                if file.rows > left:
                    raise ServeError(
                        f"this token may export {self.rows_per_day} rows in 24 hours, and this "
                        "export has more than are left; narrow its filter, or go on tomorrow"
                    )
                if self._stop.is_set():
                    return None
                if time.monotonic() - told > ALIVE_SECONDS:
                    if not self._is_mine(job):
                        return None
                    told = time.monotonic()
            return file
        finally:
            file.close()

    def _is_mine(self, job: Job) -> bool:
        return export_jobs.say_alive(self._database, job, self.clock())

    def _rows_before(self, job: Job) -> int:
        with self._database.read() as connection:
            return export_jobs.rows_of_a_day(connection, job.token_prefix, self.clock())

    def _emails(self, asked: Asked) -> dict[str, str]:
        if not asked.hashed_email:
            return {}
        if self.emails is None:
            raise ServeError("hashed e-mails need the setting `exports.emails`; it is not set")
        return hashed_emails(self.emails)


class _Columns:
    """The columns of a file, made of chunks of stored values."""

    def __init__(self, asked: Asked, batch: Batch, emails: dict[str, str]) -> None:
        self._fields, self._emails = list(asked.columns.values()), emails
        self._same = {name: getattr(batch, name) for name in OF_THE_BATCH}
        own = (*OF_THE_BATCH, EMAIL)
        self.stored = [field for field in self._fields if field not in own]

    def of(self, chunk: list[Values]) -> list[list[Any]]:
        """Return the values of each column, in the order of the file."""
        values = dict(zip(self.stored, map(list, zip(*chunk, strict=True)), strict=True))
        ids = values["customer_id"]
        values[EMAIL] = (
            [self._emails.get(each) for each in ids] if self._emails else [None] * len(ids)
        )
        values.update({name: [same] * len(ids) for name, same in self._same.items()})
        return [values[field] for field in self._fields]
