"""Read an optional table: every row accounted for, the good ones typed."""

import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from features.errors import DataError, EmptyFileError, TooManyBadError
from features.line import AMOUNT_SCALE
from features.reading.parquet_files import ParquetDecoder
from features.reading.staging import StagedFile, stage
from features.reading.values import quoted
from features.tables.source import Shape, TableSource
from features.tables.typed import aware_columns, judged

TYPES = {"stamp": "datetime64[us]", "money": "float64", "number": "float64"}
WORDS = {
    "no_customer_id": "there is no customer id",
    "id_too_long": "the customer id is longer than 128 characters",
    "bad_customer_id": "the customer id holds control characters",
}
KINDS_IN_WORDS = {
    "stamp": "the date cannot be read; say how it is written in {part}.format.date_format",
    "money": "it is not an amount of money from 0",
    "number": "it is not a number",
    "flag": "it is neither yes nor no (true/false, yes/no, 1/0)",
    "arm": "it is neither `contacted` nor `held_out`",
}


@dataclass(frozen=True)
class TableAccount:
    """What became of each row: rows = accepted + duplicate + quarantined.

    Attributes
    ----------
    reasons : quarantined rows by reason code
    """

    rows: int
    accepted: int
    duplicate: int
    quarantined: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Counts by name, quarantined rows by reason code."""
        return asdict(self)


@dataclass(frozen=True)
class TypedRows:
    """Rows of a table as read, before what is peculiar to the table.

    Attributes
    ----------
    rows : DataFrame of `file`, `row`, columns of ours (money in currency), attributes as text, and
        `reason`, None for a good row; in the order of the files
    attributes : names of the columns that are no columns of ours
    misshapen : `file`, `row`, `reason` of lines that could not be split into fields
    notes : what a person should know of it
    """

    rows: pd.DataFrame
    attributes: tuple[str, ...]
    misshapen: pd.DataFrame
    notes: tuple[str, ...]


def typed_rows(source: TableSource, latest: dt.datetime | None = None) -> TypedRows:
    """Read all rows of an optional table.

    Parameters
    ----------
    latest : naive local moment; a stamp after it is a fault

    Raises
    ------
    DataError
        If a file cannot be read, or lacks a column that is needed.
    EmptyFileError
        If there is no row at all.
    """
    paths: list[Path | None] = [None] if source.is_database else [*source.files()]
    parts: list[pd.DataFrame] = []
    wrong: list[tuple[str, int, str]] = []
    attributes: dict[str, None] = {}
    notes: list[str] = []
    with duckdb.connect() as con, closing(ParquetDecoder()) as decoder:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET autoinstall_known_extensions = false")
        for number, path in enumerate(paths):
            try:
                staged = stage(
                    con,
                    source,
                    path,
                    f"raw{number}",
                    check_columns=not source.shape.open,
                    decoder=decoder,
                )
            except EmptyFileError as error:
                if len(paths) == 1:
                    raise source.in_own_words(error) from None
                notes.append(f"{path.name if path else source.label} holds no rows")
                continue
            except DataError as error:
                raise source.in_own_words(error) from error
            notes += staged.notes
            wrong += [
                (staged.name, int(n), code) for code, rows in staged.faults.items() for n in rows
            ]
            if staged.rows:
                own = _attributes(source, staged)
                attributes |= dict.fromkeys(own)
                parts.append(_typed(con, source, staged, own, latest))
            staged.held.drop(con)
    if not parts and not wrong:
        raise source.in_own_words(EmptyFileError())
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"reason": []})
    misshapen = pd.DataFrame(wrong, columns=["file", "row", "reason"])
    empty = [f"`{n}`" for n in rows.columns if n != "reason" and len(rows) and rows[n].isna().all()]
    if empty:
        # Nested columns of Parquet are not read either.
        notes.append(f"columns without a value that can be read: {', '.join(empty)}")
    return TypedRows(rows, tuple(attributes), misshapen, tuple(notes))


def _attributes(source: TableSource, staged: StagedFile) -> list[str]:
    """Source columns that are attributes; names of ours are never one."""
    if not source.shape.open:
        return []
    source.refuse_missing(staged.types, staged.path)
    taken = source.used() | set(source.shape.kinds) | {"file", "row", "reason"}
    return [name for name in staged.types if name not in taken]


def _typed(
    con: duckdb.DuckDBPyConnection,
    source: TableSource,
    staged: StagedFile,
    attributes: list[str],
    latest: dt.datetime | None,
) -> pd.DataFrame:
    aware = aware_columns(con, source, staged)
    limit = "NULL::TIMESTAMP" if latest is None else f"TIMESTAMP '{latest:%Y-%m-%d %H:%M:%S}'"
    told = judged(
        con.table(staged.table),
        source,
        staged,
        aware=aware,
        latest=limit,
        attributes=attributes,
    )
    table = told.order(quoted("row")).to_arrow_table()
    frame = pd.DataFrame({"file": np.full(table.num_rows, staged.name, object)})
    kinds = dict(source.shape.kinds)
    for name in table.column_names:
        frame[name] = _column(table[name], kinds.get(name, "row" if name == "row" else "text"))
    return frame


def _column(values: Any, kind: str) -> Any:
    """Arrow values in the type that frames have: text as objects with None, money in currency."""
    if kind == "stamp":
        return values.cast("timestamp[us]").to_pandas().to_numpy("datetime64[us]")
    if kind == "money":
        return values.cast("float64").to_numpy() / AMOUNT_SCALE
    if kind == "number":
        return values.cast("float64").to_numpy()
    if kind == "row":
        return values.to_numpy()
    return pd.Series(values.to_pylist(), dtype=object)


def with_every_column(rows: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    """The rows with every column of ours, in its type; what the source lacks is unknown."""
    rows = rows.copy()
    for name, kind in shape.kinds.items():
        if name not in rows:
            rows[name] = pd.Series([None] * len(rows), index=rows.index, dtype="object")
        rows[name] = rows[name].astype(np.dtype(TYPES.get(kind, "object")))
    return rows


def quarantine_of(source: TableSource, read: TypedRows) -> pd.DataFrame:
    """Rows that cannot be used: file, row, column, reason code; nothing of their content."""
    parts = [read.misshapen]
    if "file" in read.rows:
        parts.insert(0, read.rows.loc[read.rows["reason"].notna(), ["file", "row", "reason"]])
    bad = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    named = [column_of(source.shape, reason) for reason in bad["reason"]]
    bad["column"] = pd.Series(named, dtype=object)
    return bad.sort_values(["file", "row"], ignore_index=True)[["file", "row", "column", "reason"]]


def column_of(shape: Shape, reason: str) -> str | None:
    """The column of ours that a reason code speaks of."""
    if reason in WORDS or reason == "repeated_customer":
        return "customer_id"
    name = reason.removeprefix("bad_").removeprefix("future_")
    return name if name in shape.kinds else None


def account_of(source: TableSource, read: TypedRows, duplicate: int) -> TableAccount:
    """Count what became of each row, and refuse a table with too many bad ones.

    Raises
    ------
    TooManyBadError
        If more rows are bad than `max_bad_rows` allows.
    """
    bad = quarantine_of(source, read)
    rows = len(read.rows) + len(read.misshapen)
    part = source.shape.name
    if len(bad) > source.max_bad_rows * rows:
        raise TooManyBadError(
            f"{len(bad)} of {rows} rows of {source.label} cannot be used (first: "
            f"{_place(source, bad.iloc[0])}), more than {part}.max_bad_rows = "
            f"{source.max_bad_rows:g} allows; mend the table or the settings of its format",
            len(bad),
        )
    counts = bad["reason"].value_counts()
    reasons = dict(sorted(((str(k), int(v)) for k, v in counts.items()), key=lambda i: (-i[1], i)))
    return TableAccount(rows, rows - len(bad) - duplicate, duplicate, len(bad), reasons)


def _place(source: TableSource, bad: pd.Series) -> str:
    ours, reason = bad["column"], str(bad["reason"])
    where = f"{bad['file']}, row {bad['row']}"
    if ours:
        where += f", column `{source.theirs(str(ours))}`"
    return f"{where}: {_words(source.shape, reason)}"


def _words(shape: Shape, reason: str) -> str:
    if reason in WORDS:
        return WORDS[reason]
    if reason.startswith("future_"):
        return "the date lies in the future"
    kind = shape.kinds.get(reason.removeprefix("bad_"), "")
    return KINDS_IN_WORDS.get(kind, reason).format(part=shape.name)
