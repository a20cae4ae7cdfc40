"""Read a purchase log: every row accounted for, the good ones sorted by customer and time."""

import datetime as dt
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.errors import EmptyFileError
from features.line import SORT_KEYS
from features.reading.accounting import RowAccount, account_of, quarantine_of, refuse_too_many_bad
from features.reading.checking import parse
from features.reading.duplicates import known_sql, without_duplicates
from features.reading.facts import facts_of
from features.reading.notes import notes_on
from features.reading.parquet_files import ParquetDecoder
from features.reading.source import PurchaseSource
from features.reading.staging import StagedFile, file_digest, stage
from features.reading.survey import met

TYPED = "typed"
ALWAYS = {
    "file": "INTEGER",
    "row": "BIGINT",
    "customer_id": "VARCHAR",
    "ordered_at": "TIMESTAMP",
    "amount": "BIGINT",
    "reason": "VARCHAR",
}
OPTIONAL_LINE_COLUMNS = (
    *("cancelled", "order_id", "line_id", "refund_of", "product_id", "category", "channel"),
    *("quantity", "discount", "cost"),
)
# Memory of sorting and checking, bytes; what needs more goes to files.
MOST_MEMORY = 1_500_000_000


class ReadLog:
    """A purchase log as read; its lines are sorted as they are fetched.

    It holds a database of its own, which ends with the `with` block, or with the object.

    Attributes
    ----------
    account : RowAccount
    quarantine : DataFrame of file, row, column, reason
    notes : list of str, what was noticed
    facts : dict of figures for the data report, see `features.reading.facts`
    """

    def __init__(
        self,
        con: DuckDBPyConnection,
        lines: DuckDBPyRelation,
        *,
        account: RowAccount,
        quarantine: pd.DataFrame,
        notes: list[str],
        facts: dict[str, Any],
        room: Path,
    ) -> None:
        """Take over a connection in which `lines` can be run, and the folder that it uses."""
        self.account, self.quarantine, self.notes, self.facts = account, quarantine, notes, facts
        self._lines: DuckDBPyRelation | None = lines
        self._end = weakref.finalize(self, _end, con, room)

    def __enter__(self) -> "ReadLog":
        """Nothing is read that was not read before."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Free memory and files."""
        self.close()

    def close(self) -> None:
        """Free memory and files; lines can be fetched no more."""
        self._lines = None
        self._end()

    def batches(self, rows: int = 1_000_000) -> Iterator[pa.RecordBatch]:
        """Accepted lines, sorted, at most `rows` at a time."""
        if self._lines is None:
            raise ValueError("the log is closed; fetch its lines within the `with` block")
        yield from self._lines.to_arrow_reader(rows)

    @cached_property
    def lines(self) -> pa.Table:
        """All accepted lines, sorted: for logs that fit into memory."""
        if self._lines is None:
            raise ValueError("the log is closed; fetch its lines within the `with` block")
        return self._lines.to_arrow_table()


def _end(con: DuckDBPyConnection, room: Path) -> None:
    con.close()
    shutil.rmtree(room, ignore_errors=True)


def read_purchases(
    source: PurchaseSource,
    *,
    latest: dt.datetime | None = None,
    room: Path | None = None,
    files: Sequence[Path] | None = None,
) -> ReadLog:
    """Read and check the purchase log of `source`, in bounded memory.

    Parameters
    ----------
    source : PurchaseSource
    latest : naive local moment, optional
        Rows later than this are quarantined as `future_date`.
    room : folder for what does not fit into memory, by default that of the system
        Nothing stays in it.
    files : some of the source's files, by default all

    Returns
    -------
    ReadLog, to be used in a `with` block
        Its lines have `customer_id`, `ordered_at`, `known_at` (naive local time), `amount` (whole
        ten-thousandths), `cancelled` where the shop has a rule for it, and of the optional columns
        those that have a value; sorted by customer, time known and content.

    Raises
    ------
    DataError
        If a file or column is missing, nothing is usable, or too many rows are bad.
    """
    if room is not None:
        room.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix="reading-", dir=room))
    con = duckdb.connect()
    try:
        _settle_in(con, own)
        return _read(con, source, latest, own, files)
    except BaseException:
        _end(con, own)
        raise


def _settle_in(con: DuckDBPyConnection, room: Path) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute(f"SET memory_limit = '{min(MOST_MEMORY, machine // 2)}B'")
    con.execute("SET temp_directory = $1", [str(room)])
    # Rows carry their file and line, and are sorted at the end.
    con.execute("SET preserve_insertion_order = false")


def _read(
    con: DuckDBPyConnection,
    source: PurchaseSource,
    latest: dt.datetime | None,
    room: Path,
    files: Sequence[Path] | None,
) -> ReadLog:
    paths, copies = _distinct_files(source, files)
    staged, empty = _collect(con, source, paths, latest, room)
    typed = without_duplicates(con, con.table(TYPED))
    rows = {s.path: s.rows + s.misshapen for s in staged}
    copied = sum(rows.get(original, 0) for original in copies.values())
    account = account_of(typed, staged, copied)
    refuse_too_many_bad(source, account, typed, staged)
    accepted = typed.filter("reason IS NULL AND NOT duplicate")
    told = [note for one in staged for note in one.notes]
    notes = told + notes_on(source, staged, accepted, copies=copies, empty=empty)
    filled = _filled(accepted)
    return ReadLog(
        con,
        _sorted(accepted, filled),
        account=account,
        quarantine=quarantine_of(typed, staged),
        notes=notes,
        facts=facts_of(source, staged, accepted, account, filled, met(con)),
        room=room,
    )


def _distinct_files(
    source: PurchaseSource, files: Sequence[Path] | None
) -> tuple[list[Path | None], dict[Path, Path]]:
    """Files with distinct bytes, and each byte-identical copy with its original."""
    if source.is_database:
        return [None], {}
    paths = source.files() if files is None else list(files)
    seen: dict[str, Path] = {}
    copies: dict[Path, Path] = {}
    for path in paths:
        # One file alone has no copy.
        first = seen.setdefault(file_digest(path) if len(paths) > 1 else "", path)
        if first != path:
            copies[path] = first
    return list(seen.values()), copies


def _collect(
    con: DuckDBPyConnection,
    source: PurchaseSource,
    paths: list[Path | None],
    latest: dt.datetime | None,
    room: Path,
) -> tuple[list[StagedFile], list[Path]]:
    """Make the table of typed rows; the files that it holds, and those without lines.

    A day without orders is no fault among others.
    """
    staged: list[StagedFile] = []
    empty: list[Path] = []
    con.execute(f"CREATE TABLE {TYPED} ({', '.join(f'{n} {t}' for n, t in ALWAYS.items())})")
    with closing(ParquetDecoder()) as decoder:
        for number, path in enumerate(paths):
            try:
                one = stage(con, source, path, f"raw{number}", room=room, decoder=decoder)
            except EmptyFileError:
                if path is None or len(paths) == 1:
                    raise
                empty.append(path)
                continue
            if one.rows:
                _append(con, parse(con, source, one, latest).project(f"{len(staged)} AS file, *"))
            one.held.drop(con)
            staged.append(one)
    if not staged:
        raise EmptyFileError(f"all {len(paths)} files of {source.label} are without lines")
    return staged, empty


def _append(con: DuckDBPyConnection, rows: DuckDBPyRelation) -> None:
    there = set(con.table(TYPED).columns)
    for name, kind in zip(rows.columns, rows.types, strict=True):
        if name not in there:
            con.execute(f"ALTER TABLE {TYPED} ADD COLUMN {name} {kind}")
    rows.create_view("fresh")
    con.execute(f"INSERT INTO {TYPED} BY NAME FROM fresh")
    con.execute("DROP VIEW fresh")


def _filled(accepted: DuckDBPyRelation) -> dict[str, int]:
    """Accepted lines that have a value, for each optional column that a file has."""
    there = [c for c in (*OPTIONAL_LINE_COLUMNS, "known_at") if c in accepted.columns]
    counts = accepted.aggregate(", ".join(["count(*)", *(f"count({c})" for c in there)]))
    return dict(zip(there, counts.fetchall()[0][1:], strict=True))


def _sorted(accepted: DuckDBPyRelation, filled: dict[str, int]) -> DuckDBPyRelation:
    columns = ["customer_id", "ordered_at", "amount"]
    columns += [c for c in OPTIONAL_LINE_COLUMNS if filled.get(c)]
    known = known_sql(accepted.columns) if filled.get("known_at") else "ordered_at"
    kept = accepted.project(", ".join(columns) + f", {known} AS known_at")
    order = ["customer_id", *(k for k in SORT_KEYS if k in kept.columns)]
    return kept.order(", ".join(order))
