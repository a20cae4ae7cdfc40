"""Bring the files of a source into DuckDB, untouched: source columns, file and row number."""

import gzip
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import numpy as np
from duckdb import ColumnExpression, DuckDBPyConnection, DuckDBPyRelation
from numpy.typing import NDArray

from features.errors import DataError, EmptyFileError
from features.reading.source import REQUIRED_COLUMNS, PurchaseSource

# A separator that no text file holds, so that a line arrives whole.
NO_SEPARATOR = "\x1f"
# Bytes of the longest line that is still read; its row is then quarantined, not the file refused.
LONGEST_LINE = 16_000_000


@dataclass(frozen=True)
class StagedFile:
    """One file as read: its table, column types, and the rows that could not be split.

    Attributes
    ----------
    rows : rows in `table`, whose `row` counts them from 1
    misshapen : line and reason of each row that is not in `table`
    first_line : line of the file at which row 1 would stand
    left_out : lines among the rows that were not counted by `row`, ascending
    """

    path: Path
    table: str
    types: dict[str, str]
    rows: int
    misshapen: list[tuple[int, str]] = field(default_factory=list)
    first_line: int = 1
    left_out: tuple[int, ...] = ()

    def lines(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lines of the file at which rows stand; a Parquet file's rows are its lines."""
        before = np.array(self.left_out, dtype=np.int64) - np.arange(len(self.left_out))
        place = rows + self.first_line - 1
        return place + np.searchsorted(before, place, side="right")


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stage(
    con: DuckDBPyConnection,
    source: PurchaseSource,
    path: Path,
    table: str,
    *,
    check_columns: bool = True,
) -> StagedFile:
    """Load one file into `table` with its own columns and `row`, its rows counted from 1.

    Raises
    ------
    DataError
        If the file is empty, cannot be read in its format, or lacks a mapped column.
    """
    if _is_empty(path):
        raise EmptyFileError(f"{path} is empty; deliver a file with at least one purchase")
    kind = source.kind_of(path)
    try:
        if kind == "parquet":
            staged = _stage_parquet(con, path, table)
        elif source.separator == "whitespace" or (kind == "text" and not source.separator):
            staged = _stage_blank_separated(con, source, path, table)
        else:
            staged = _stage_csv(con, source, path, table)
    except duckdb.Error as error:
        raise DataError(
            f"{path} cannot be read as {kind}: {_cause(error)}; check purchases.format, or mend "
            "the file"
        ) from error
    if staged.rows + len(staged.misshapen) == 0:
        raise EmptyFileError(f"{path} holds no purchase lines; deliver a file with at least one")
    if check_columns:
        _check_columns(source, staged)
    return staged


def _is_empty(path: Path) -> bool:
    if path.stat().st_size == 0:
        return True
    if path.suffix != ".gz":
        return False
    try:
        with gzip.open(path) as stream:
            return not stream.read(1)
    except OSError:
        return False  # not gzip at all: the reader says so


def _cause(error: duckdb.Error) -> str:
    first = str(error).strip().splitlines()[0]
    if "sniffing" in first:
        return "its columns cannot be told apart; one separator and one kind of line end are needed"
    return first


def _finish(
    con: DuckDBPyConnection, relation: DuckDBPyRelation, path: Path, table: str
) -> StagedFile:
    relation.create(table)
    stored = con.table(table)
    types = {n: str(t) for n, t in zip(stored.columns, stored.types, strict=True) if n != "row"}
    [(rows,)] = stored.aggregate("count(*) AS n").fetchall()
    return StagedFile(path, table, types, rows)


def _stage_parquet(con: DuckDBPyConnection, path: Path, table: str) -> StagedFile:
    rows = con.from_parquet(str(path), file_row_number=True)
    names = [n for n in rows.columns if n != "file_row_number"]
    kept = rows.select(
        (ColumnExpression("file_row_number") + 1).alias("row"), *map(ColumnExpression, names)
    )
    return _finish(con, kept, path, table)


def _stage_csv(
    con: DuckDBPyConnection, source: PurchaseSource, path: Path, table: str
) -> StagedFile:
    _forget_rejects(con)
    rows = con.read_csv(
        str(path),
        all_varchar=True,
        header=source.header,
        delimiter="\t" if source.separator == "tab" else source.separator,
        store_rejects=True,
        max_line_size=LONGEST_LINE,
        buffer_size=2 * LONGEST_LINE,
    )
    if not source.header:
        theirs = list(rows.columns)
        rows = rows.select(*(ColumnExpression(n).alias(f"column{i}") for i, n in enumerate(theirs)))
    staged = _finish(con, rows.project("row_number() OVER () AS row, *"), path, table)
    rejected = _rejects(con)
    return replace(
        staged,
        misshapen=rejected,
        first_line=2 if source.header else 1,
        left_out=tuple(line for line, _ in rejected),
    )


def _forget_rejects(con: DuckDBPyConnection) -> None:
    con.execute("DROP TABLE IF EXISTS reject_errors")
    con.execute("DROP TABLE IF EXISTS reject_scans")


def _rejects(con: DuckDBPyConnection) -> list[tuple[int, str]]:
    """Line and reason of each row that the latest scan of a text left out."""
    rejects = con.execute(
        "SELECT line, min(error_type::VARCHAR) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    return [(int(line), str(kind).lower().replace(" ", "_")) for line, kind in rejects]


def _stage_blank_separated(
    con: DuckDBPyConnection, source: PurchaseSource, path: Path, table: str
) -> StagedFile:
    _forget_rejects(con)
    lines = con.read_csv(
        str(path),
        header=False,
        columns={"text": "VARCHAR"},
        delimiter=NO_SEPARATOR,
        quotechar="",
        escapechar="",
        strict_mode=False,
        store_rejects=True,
        max_line_size=LONGEST_LINE,
        buffer_size=2 * LONGEST_LINE,
    )
    split = lines.project(
        r"row_number() OVER () AS row, text, string_split_regex(trim(text), '\s+') AS fields"
    )
    split.create("split_lines")
    first = con.table("split_lines").filter("row = 1").project("fields").fetchall()
    if not first:
        return StagedFile(path, table, {}, 0)
    names = list(first[0][0]) if source.header else [f"column{i}" for i in range(len(first[0][0]))]
    body = con.table("split_lines")
    if source.header:
        body = body.filter("row > 1")
    body = body.filter("trim(text) <> ''")
    whole = body.filter(f"len(fields) = {len(names)}")
    columns = [
        duckdb.FunctionExpression(
            "list_extract", ColumnExpression("fields"), duckdb.ConstantExpression(i + 1)
        ).alias(name)
        for i, name in enumerate(names)
    ]
    staged = _finish(con, whole.select(ColumnExpression("row"), *columns), path, table)
    odd = body.filter(f"len(fields) <> {len(names)}").project("row, len(fields) AS n").fetchall()
    con.execute("DROP TABLE split_lines")
    rejected = _rejects(con)
    staged = replace(staged, left_out=tuple(line for line, _ in rejected))
    places = staged.lines(np.array([row for row, _ in odd], dtype=np.int64))
    for line, (_, n) in zip(places.tolist(), odd, strict=True):
        rejected.append((line, "missing_columns" if n < len(names) else "extra_columns"))
    return replace(staged, misshapen=sorted(rejected))


def _check_columns(source: PurchaseSource, staged: StagedFile) -> None:
    wanted = {ours: source.theirs(ours) for ours in (*REQUIRED_COLUMNS, *source.columns)}
    missing = {ours: theirs for ours, theirs in wanted.items() if theirs not in staged.types}
    if missing:
        named = ", ".join(
            f"`{theirs}`" + (f" (for {ours})" if ours != theirs else "")
            for ours, theirs in missing.items()
        )
        raise DataError(
            f"{staged.path} lacks the column{'s' if len(missing) > 1 else ''} {named}; "
            f"it has {', '.join(f'`{n}`' for n in staged.types)}; "
            "say in purchases.columns which column of the file is which of ours"
        )
