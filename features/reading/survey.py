"""What can be told of a log only from all its rows: how stamps are written, which currencies."""

from pathlib import Path
from typing import Any, Protocol

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.errors import DataError
from features.reading.source import PurchaseSource
from features.reading.values import has_zone, is_aware_sql, naive_sql, quoted, stamp_sql, text_sql

STAMPS = ("ordered_at", "known_at")


class StagedRows(Protocol):
    """Rows of one file or query in DuckDB: a table of source columns and `row`, with its types."""

    @property
    def path(self) -> Path | str:
        """The file, or what messages call the source."""

    @property
    def table(self) -> str:
        """Name of the table."""

    @property
    def types(self) -> dict[str, str]:
        """DuckDB's type of each source column."""


def survey(con: DuckDBPyConnection, source: PurchaseSource, staged: StagedRows) -> frozenset[str]:
    """Our columns whose text has offsets, from one look through the rows of a file.

    Its currencies, and whether its stamps have a zone, are remembered for the next file.

    Raises
    ------
    DataError
        If a column mixes stamps with and without a zone, in this file or with those before, or
        the lines are in several currencies and no rates are given.
    """
    rows = con.table(staged.table)
    texts = [n for n, kind in staged.types.items() if kind == "VARCHAR"]
    stamps = [c for c in STAMPS if source.theirs(c) in texts and not source.date_format]
    asked = {"n": "count(*)"}
    for name in stamps:
        asked[f"aware_{name}"] = f"count(*) FILTER ({is_aware_sql(quoted(source.theirs(name)))})"
    codes = source.theirs("currency")
    if codes in staged.types and not source.currency:
        code = f"upper({text_sql(quoted(codes), staged.types[codes])})"
        asked["codes"] = f"list_sort(list(DISTINCT {code}))"
    counts = dict(zip(asked, _first(rows, asked), strict=True))
    for name in stamps:
        _refuse_mixed(rows, source, staged, name, counts[f"aware_{name}"])
    _refuse_several(con, source, counts.get("codes") or [], staged.path)
    aware = frozenset(n for n in stamps if counts[f"aware_{n}"])
    for name in STAMPS:
        if source.theirs(name) in staged.types:
            _refuse_unlike(con, source, staged, name, aware)
    return aware


def met(con: DuckDBPyConnection) -> dict[str, Any]:
    """What the files read so far are alike in: `currencies` and `aware`, as in the facts."""
    _make_tables(con)
    codes = con.table("currencies_met").order("code").fetchall()
    aware = con.table("aware_met").project("name, aware").order("name").fetchall()
    return {"currencies": [code for (code,) in codes], "aware": dict(aware)}


def _make_tables(con: DuckDBPyConnection) -> None:
    """Tables of what the files of one read have shown so far."""
    con.execute("CREATE TABLE IF NOT EXISTS currencies_met (code VARCHAR PRIMARY KEY)")
    con.execute(
        "CREATE TABLE IF NOT EXISTS aware_met "
        "(name VARCHAR PRIMARY KEY, aware BOOLEAN, path VARCHAR)"
    )


def _first(rows: DuckDBPyRelation, asked: dict[str, str]) -> tuple[Any, ...]:
    told = ", ".join(f"{sql} AS {name}" for name, sql in asked.items())
    [found] = rows.aggregate(told).fetchall()
    return tuple(found)


def _refuse_mixed(
    rows: DuckDBPyRelation, source: PurchaseSource, staged: StagedRows, name: str, aware: int
) -> None:
    if not aware:
        return
    value = quoted(source.theirs(name))
    test = f"NOT {is_aware_sql(value)} AND {naive_sql(value)} IS NOT NULL"
    [(naive,)] = rows.aggregate(f"count(*) FILTER ({test}) AS naive").fetchall()
    if naive:
        raise DataError(
            f"{staged.path} mixes stamps with a time zone ({aware}) and without ({naive}) in "
            f"`{source.theirs(name)}`; write all of them in one way"
        )


def _refuse_unlike(
    con: DuckDBPyConnection,
    source: PurchaseSource,
    staged: StagedRows,
    name: str,
    aware: frozenset[str],
) -> None:
    """Refuse stamps with a zone after a file without, or the other way round."""
    now = _zoned(con.table(staged.table), source, staged, name, aware)
    if now is None:
        return
    _make_tables(con)
    known = con.execute("SELECT aware, path FROM aware_met WHERE name = $1", [name]).fetchall()
    if not known:
        con.execute("INSERT INTO aware_met VALUES ($1, $2, $3)", [name, now, str(staged.path)])
    elif known[0][0] != now:
        told = {True: "with a time zone", False: "without one"}
        raise DataError(
            f"the stamps in `{source.theirs(name)}` are {told[now]} in {staged.path} and "
            f"{told[not now]} in {known[0][1]}; write all of them in one way"
        )


def _zoned(
    rows: DuckDBPyRelation,
    source: PurchaseSource,
    staged: StagedRows,
    name: str,
    aware: frozenset[str],
) -> bool | None:
    """Whether the stamps of a file have a zone; None where it has none that can be read."""
    theirs = source.theirs(name)
    kind, value = staged.types[theirs], quoted(theirs)
    form = source.date_format if kind == "VARCHAR" else None
    zoned = has_zone(kind) or name in aware or "%z" in (form or "")
    stamp = stamp_sql(
        value,
        kind,
        zone=source.clock.timezone,
        date_format=source.date_format,
        aware=name in aware,
    )
    one = rows.filter(f"({stamp}) IS NOT NULL").project("row").limit(1).fetchall()
    return zoned if one else None


def _refuse_several(
    con: DuckDBPyConnection, source: PurchaseSource, codes: list[str | None], path: Path | str
) -> None:
    """Refuse a second currency, in this file or after another."""
    if not codes:
        return
    named = source.theirs("currency")
    _make_tables(con)
    for code in codes:
        # The name itself is a repeated line of names among the rows.
        if code and code != named.upper():
            con.execute("INSERT OR IGNORE INTO currencies_met VALUES ($1)", [code])
    found = [code for (code,) in con.table("currencies_met").order("code").fetchall()]
    if len(found) > 1:
        raise DataError(
            f"with {path} there are amounts in {len(found)} currencies ({', '.join(found[:5])}) in "
            f"`{named}`, which cannot be added up; set purchases.currency to {{column: {named}, "
            "to: ..., rates: FILE}"
        )
