"""Bring what a source holds into DuckDB, untouched: its columns in use, its rows numbered."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from duckdb import ColumnExpression, DuckDBPyConnection
from numpy.typing import NDArray

from features.errors import DataError, EmptyFileError, UnreadableError
from features.reading.database import DatabaseRows, rows_digest
from features.reading.held import HeldRows
from features.reading.parquet_files import ParquetDecoder
from features.reading.source import PurchaseSource
from features.reading.text_fields import TextFields
from features.reading.text_files import WINDOWS, is_empty, says_utf8
from features.reading.text_layout import NotUtf8Error

DAMAGED = (OSError, EOFError, zlib.error, pa.ArrowException, UnreadableError)
Needed = Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class StagedFile:
    """One file, table or query as read.

    Attributes
    ----------
    path : the file, or the URL of the database without its password
    name : what the quarantine calls it
    types : DuckDB's type of every column of the file, empty where the column is not in `table`
    held : its rows
    faults : lines that could not be split into fields, by reason; they are not in `table`
    notes : what a person should know of it
    """

    path: Path | str
    name: str
    types: dict[str, str]
    held: HeldRows
    faults: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Its rows in DuckDB: the columns in use, and `row`.

        `row` is the line of a text file; of other sources it counts from 1.
        """
        return self.held.name

    @property
    def rows(self) -> int:
        """Rows in `table`."""
        return self.held.rows

    @property
    def misshapen(self) -> int:
        """Lines that could not be split into fields."""
        return _count(self.faults)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def source_digests(source: PurchaseSource) -> list[tuple[str, str]]:
    """Name and digest of everything that a source is read from, in order of name.

    Files by their bytes, a database by its rows whatever their order, and the files beside the log
    that decide how it is read.
    """
    for path in source.side_files:
        if not path.is_file():
            raise DataError(f"no file of rates at {path.absolute()}; mend purchases.currency.rates")
    files = [*source.files(), *source.side_files]
    found = [(path.name, file_digest(path)) for path in files]
    return [*found, (source.label, rows_digest(source))] if source.is_database else found


def stage(
    con: DuckDBPyConnection,
    source: PurchaseSource,
    path: Path | None,
    table: str,
    *,
    check_columns: bool = True,
    room: Path | None = None,
    decoder: ParquetDecoder | None = None,
) -> StagedFile:
    """Make one file the table `table`, with its own columns and `row`.

    Parameters
    ----------
    path : the file; None for a database
    check_columns : refuse a file without a column that is needed, and keep those in use only
    room : folder for many rows; without one they stay in memory
    decoder : reads Parquet; without one the file gets one of its own

    Raises
    ------
    DataError
        If the file is empty, cannot be read in its format, or lacks a mapped column.
    """
    held = HeldRows(room, table)
    where = source.label if path is None else path

    def needed(there: list[str]) -> list[str]:
        if not check_columns:
            return there
        source.refuse_missing(there, where)
        return [name for name in there if name in source.used()]

    if path is None:
        return _stage_database(con, source, held, needed)
    kind = source.kind_of(path)
    if is_empty(path):
        raise EmptyFileError(f"{path} is empty; deliver a file with at least one purchase")
    try:
        if kind != "parquet":
            return _stage_text(con, source, path, held, needed)
        with closing(ParquetDecoder()) if decoder is None else nullcontext(decoder) as one:
            return _stage_parquet(con, path, held, needed, one)
    except DAMAGED as error:
        raise DataError(
            f"{path} cannot be read as {kind}: {_cause(error)}; check purchases.format, or mend "
            "the file"
        ) from error


def _stage_text(
    con: DuckDBPyConnection, source: PurchaseSource, path: Path, held: HeldRows, needed: Needed
) -> StagedFile:
    text = TextFields(source, path, needed)
    try:
        held.fill(text)
        foreign = len(text.faults.get("invalid_encoding", ()))
        windows = foreign > source.max_bad_rows * (held.rows + _count(text.faults))
        windows = windows and not says_utf8(path)
    except NotUtf8Error:
        windows = True
    if windows:
        held.clear()
        text = TextFields(source, path, needed, WINDOWS)
        held.fill(text)
    if held.rows + _count(text.faults) == 0:
        raise _without_lines(path)
    types = _register(con, held, text.names)
    notes = (f"{path.name} is not UTF-8 and was read as Windows-1252",) if windows else ()
    return StagedFile(path, path.name, types, held, text.faults, notes)


def _stage_parquet(
    con: DuckDBPyConnection, path: Path, held: HeldRows, needed: Needed, decoder: ParquetDecoder
) -> StagedFile:
    names: list[str] = []

    def noted(there: list[str]) -> list[str]:
        names.extend(there)
        return needed(there)

    held.fill(decoder.tables(path, noted))
    if not held.rows:
        raise _without_lines(path)
    return StagedFile(path, path.name, _register(con, held, names), held)


def _stage_database(
    con: DuckDBPyConnection, source: PurchaseSource, held: HeldRows, needed: Needed
) -> StagedFile:
    rows = DatabaseRows(source, needed)
    held.fill(rows)
    if not held.rows:
        raise _without_lines(source.label)
    types = _register(con, held, rows.names, rows.casts())
    return StagedFile(source.label, source.label, types, held)


def _register(
    con: DuckDBPyConnection,
    held: HeldRows,
    names: list[str],
    casts: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Make the table of the rows; DuckDB's type of each column of `names`, empty if not kept."""
    if not held.rows:
        return dict.fromkeys(names, "")
    rows = held.register(con)
    kept = [
        ColumnExpression(n).cast(casts[n]) if n in casts else ColumnExpression(n)
        for n in rows.columns
    ]
    view = rows.select(*(e.alias(n) for e, n in zip(kept, rows.columns, strict=True)))
    view.create_view(held.name)
    types = dict(zip(view.columns, map(str, view.types), strict=True))
    return {name: types.get(name, "") for name in names}


def _count(faults: dict[str, NDArray[np.int64]]) -> int:
    return sum(map(len, faults.values()))


def _without_lines(where: Path | str) -> EmptyFileError:
    return EmptyFileError(f"{where} holds no purchase lines; deliver a file with at least one")


def _cause(error: BaseException) -> str:
    if isinstance(error, gzip.BadGzipFile):
        return "it is not a GZIP stream, or a damaged one"
    if isinstance(error, EOFError):
        return "its compressed stream ends too early"
    if isinstance(error, zlib.error):
        return "its compressed stream is damaged"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__
