"""Read a purchase log: every row accounted for, the good ones sorted by customer and time."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.errors import DataError, EmptyFileError
from features.line import SORT_KEYS
from features.reading.checking import parse
from features.reading.notes import notes_on
from features.reading.source import PurchaseSource
from features.reading.staging import StagedFile, file_digest, stage

OPTIONAL_KEPT = ("known_at", "quantity", "order_id", "product_id", "category")
COLUMN_OF_REASON = {
    "id_too_long": "customer_id",
    "bad_customer_id": "customer_id",
    "bad_date": "ordered_at",
    "future_date": "ordered_at",
    "future_known_at": "known_at",
    "bad_amount": "amount",
    "bad_quantity": "quantity",
    "bad_known_at": "known_at",
}
ADVICE = {
    "bad_date": "the date cannot be read; say how it is written in purchases.format.date_format",
    "bad_amount": "the amount is not a number, or beyond all measure",
    "bad_quantity": "the quantity is not a number",
    "bad_known_at": "the time known cannot be read",
    "future_date": "the date lies in the future",
    "future_known_at": "the time known lies in the future",
    "missing_columns": "too few fields",
    "extra_columns": "too many fields",
    "too_many_columns": "too many fields",
    "invalid_encoding": "the row is not UTF-8 text",
    "unquoted_value": "a quotation mark is opened and not closed",
    "line_size_over_maximum": "the line is too long",
    "id_too_long": "the customer id is longer than 128 characters",
    "bad_customer_id": "the customer id holds control characters",
}


@dataclass(frozen=True)
class RowAccount:
    """What became of each row: rows = accepted + duplicate + anonymous + excluded + quarantined."""

    rows: int
    accepted: int
    duplicate: int
    anonymous: int
    excluded: int
    quarantined: int
    reasons: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Counts by name, and quarantined rows by reason code."""
        return asdict(self)


@dataclass(frozen=True)
class ReadLog:
    """Result of reading: sorted lines, the account of rows, the quarantine and what was noticed."""

    lines: pa.Table
    account: RowAccount
    quarantine: pd.DataFrame
    notes: list[str]


def read_purchases(source: PurchaseSource, *, latest: dt.datetime | None = None) -> ReadLog:
    """Read, check and sort the purchase log of `source`.

    Parameters
    ----------
    source : PurchaseSource
    latest : naive local moment, optional
        Rows later than this are quarantined as `future_date`.

    Returns
    -------
    ReadLog
        `lines` has `customer_id`, `ordered_at`, `known_at` (naive local time), `amount` (whole
        ten-thousandths), and `quantity`, `order_id`, `product_id` where the source has them;
        sorted by customer, time known and content.

    Raises
    ------
    DataError
        If a file or column is missing, nothing is usable, or too many rows are bad.
    """
    files, copies = _distinct_files(source)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET autoinstall_known_extensions = false")
        staged, empty = _stage_all(con, source, files)
        _collect(con, source, staged, latest)
        account, quarantine = _account(con, staged, _copied_rows(copies, staged))
        _refuse_too_many_bad(source, account, quarantine)
        lines = _sorted_lines(con)
        notes = notes_on(source, staged, lines, copies=copies, empty=empty)
        return ReadLog(lines, account, quarantine, notes)


def _stage_all(
    con: DuckDBPyConnection, source: PurchaseSource, files: list[Path]
) -> tuple[list[StagedFile], list[Path]]:
    """Files with lines, and those without; a day without orders is no fault among others."""
    staged: list[StagedFile] = []
    empty: list[Path] = []
    for number, path in enumerate(files):
        try:
            staged.append(stage(con, source, path, f"raw{number}"))
        except EmptyFileError:
            if len(files) == 1:
                raise
            empty.append(path)
    if not staged:
        raise EmptyFileError(f"all {len(files)} files of {source.source} are without lines")
    return staged, empty


def _distinct_files(source: PurchaseSource) -> tuple[list[Path], dict[Path, Path]]:
    """Files with distinct bytes, and each byte-identical copy with its original."""
    seen: dict[str, Path] = {}
    copies: dict[Path, Path] = {}
    for path in source.files():
        first = seen.setdefault(file_digest(path), path)
        if first != path:
            copies[path] = first
    return list(seen.values()), copies


def _copied_rows(copies: dict[Path, Path], staged: list[StagedFile]) -> int:
    rows = {s.path: s.rows + len(s.misshapen) for s in staged}
    return sum(rows.get(original, 0) for original in copies.values())


def _collect(
    con: DuckDBPyConnection,
    source: PurchaseSource,
    staged: list[StagedFile],
    latest: dt.datetime | None,
) -> None:
    """Make table `parsed`: the typed rows of all files, with `file` and `duplicate`."""
    for i, one in enumerate(staged):
        parse(con, source, one, latest).project(f"{i} AS file, *").create(f"typed{i}")
    rows = con.table("typed0")
    if len(staged) > 1:
        tables = " UNION ALL BY NAME ".join(f"FROM typed{i}" for i in range(len(staged)))
        con.execute(f"CREATE TABLE typed AS {tables}")
        rows = con.table("typed")
    _mark_duplicates(rows, many_files=len(staged) > 1).create("parsed")


def _mark_duplicates(rows: DuckDBPyRelation, *, many_files: bool) -> DuckDBPyRelation:
    """Add `duplicate`: a line id seen before, or a line of an order delivered in an earlier file.

    The n-th equal line of an order counts once, whichever files deliver it; so equal lines within
    one file all stay.
    """
    tests = []
    lines = "line_id" in rows.columns
    if lines:
        # The line as it was first known stays: what comes later takes nothing away.
        known = [c for c in ("known_at", "ordered_at") if c in rows.columns]
        order = ", ".join([f"coalesce({', '.join(known)})", "ordered_at", "amount", "file", "row"])
        again = f"row_number() OVER (PARTITION BY line_id, reason IS NULL ORDER BY {order}) > 1"
        tests.append(f"(line_id IS NOT NULL AND {again})")
    if "order_id" in rows.columns and many_files:
        content = ", ".join(c for c in rows.columns if c not in ("file", "row", "line_id"))
        nth = f"row_number() OVER (PARTITION BY file, {content} ORDER BY row)"
        rows = rows.project(f"*, {nth} AS nth")
        again = f"row_number() OVER (PARTITION BY {content}, nth ORDER BY file) > 1"
        no_line = " AND line_id IS NULL" if lines else ""
        tests.append(f"(order_id IS NOT NULL{no_line} AND {again})")
    if not tests:
        return rows.project("*, false AS duplicate")
    return rows.project(f"*, reason IS NULL AND ({' OR '.join(tests)}) AS duplicate")


def _account(
    con: DuckDBPyConnection, staged: list[StagedFile], copied: int
) -> tuple[RowAccount, pd.DataFrame]:
    parsed = con.table("parsed")
    [(accepted, duplicate, anonymous, bad)] = parsed.aggregate(
        "count(*) FILTER (reason IS NULL AND NOT duplicate) AS accepted,"
        "count(*) FILTER (duplicate) AS duplicate,"
        "count(*) FILTER (reason = 'anonymous') AS anonymous,"
        "count(*) FILTER (reason <> 'anonymous') AS bad"
    ).fetchall()
    quarantine = _quarantine(parsed, staged)
    misshapen = sum(len(s.misshapen) for s in staged)
    account = RowAccount(
        rows=sum(s.rows for s in staged) + misshapen + copied,
        accepted=accepted,
        duplicate=duplicate + copied,
        anonymous=anonymous,
        excluded=0,
        quarantined=bad + misshapen,
        reasons={str(k): int(v) for k, v in quarantine["reason"].value_counts().items()},
    )
    return account, quarantine


def _quarantine(parsed: DuckDBPyRelation, staged: list[StagedFile]) -> pd.DataFrame:
    """Bad rows with file, line, column and reason code, and nothing of their content."""
    bad = parsed.filter("reason <> 'anonymous'").project("file, row, reason").fetchnumpy()
    found = [(s.path.name, line, why) for s in staged for line, why in s.misshapen]
    for i, one in enumerate(staged):
        here = bad["file"] == i
        lines = one.lines(bad["row"][here]).tolist()
        found += [(one.path.name, n, w) for n, w in zip(lines, bad["reason"][here], strict=True)]
    whole = pd.DataFrame(sorted(found), columns=["file", "row", "reason"])
    whole["column"] = whole["reason"].map(COLUMN_OF_REASON).astype(object)
    return whole


def _refuse_too_many_bad(
    source: PurchaseSource, account: RowAccount, quarantine: pd.DataFrame
) -> None:
    if account.quarantined > source.max_bad_rows * account.rows:
        raise DataError(
            f"{account.quarantined} of {account.rows} rows of {source.source} cannot be used "
            f"({_first_bad(source, quarantine)}), more than "
            f"purchases.max_bad_rows = {source.max_bad_rows:g} allows; mend the file or the "
            "settings of its format"
        )
    if not account.accepted:
        bad = f" ({_first_bad(source, quarantine)})" if account.quarantined else ""
        raise DataError(
            f"{source.source} has no usable purchase: of {account.rows} rows {account.anonymous} "
            f"have no customer and {account.quarantined} cannot be used{bad}; check "
            "purchases.columns"
        )


def _first_bad(source: PurchaseSource, quarantine: pd.DataFrame) -> str:
    first = quarantine.iloc[0]
    ours, reason = COLUMN_OF_REASON.get(first["reason"]), str(first["reason"])
    where = f"{first['file']}, row {first['row']}"
    where += f", column `{source.theirs(ours)}`" if ours else ""
    return f"first: {where}: {ADVICE.get(reason, reason)}"


def _sorted_lines(con: DuckDBPyConnection) -> pa.Table:
    good = con.table("parsed").filter("reason IS NULL AND NOT duplicate")
    filled = good.aggregate(
        ", ".join(f"count({c}) AS {c}" for c in OPTIONAL_KEPT if c in good.columns) or "1 AS one"
    )
    counts = dict(zip(filled.columns, filled.fetchall()[0], strict=True))
    columns = ["customer_id", "ordered_at", "amount"]
    columns += [c for c in OPTIONAL_KEPT if counts.get(c) and c != "known_at"]
    known = "greatest(coalesce(known_at, ordered_at), ordered_at)"
    known = known if counts.get("known_at") else "ordered_at"
    kept = good.project(", ".join(columns) + f", {known} AS known_at")
    order = ["customer_id", *(k for k in SORT_KEYS if k in kept.columns)]
    return kept.order(", ".join(order)).to_arrow_table()
