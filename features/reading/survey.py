"""What can be told of a file only from all its rows: how stamps and ids are written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.errors import DataError
from features.reading.source import PurchaseSource
from features.reading.values import is_aware_sql, is_dotted_sql, naive_sql, quoted, text_sql

STAMPS = ("ordered_at", "known_at")
IDS = ("customer_id", "order_id", "line_id", "refund_of", "product_id")


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


@dataclass(frozen=True)
class Survey:
    """Our columns whose text has offsets, and ids that are all written like 13085.0."""

    aware: frozenset[str]
    dotted: frozenset[str]


def survey(con: DuckDBPyConnection, source: PurchaseSource, staged: StagedRows) -> Survey:
    """Look once through the rows of a file, and remember its currencies for the next one.

    Raises
    ------
    DataError
        If a column mixes stamps with and without a zone, or the lines are in several currencies
        and no rates are given.
    """
    rows = con.table(staged.table)
    texts = [n for n, kind in staged.types.items() if kind == "VARCHAR"]
    stamps = [c for c in STAMPS if source.theirs(c) in texts and not source.date_format]
    ids = [c for c in IDS if source.theirs(c) in texts]
    asked = {"n": "count(*)"}
    for name in stamps:
        asked[f"aware_{name}"] = f"count(*) FILTER ({is_aware_sql(quoted(source.theirs(name)))})"
    for name in ids:
        asked[f"dotted_{name}"] = f"count(*) FILTER (suffix({quoted(source.theirs(name))}, '.0'))"
    codes = source.theirs("currency")
    if codes in staged.types and not source.currency:
        code = f"upper({text_sql(quoted(codes), staged.types[codes])})"
        asked["codes"] = f"list_sort(list(DISTINCT {code}))"
    counts = dict(zip(asked, _first(rows, asked), strict=True))
    for name in stamps:
        _refuse_mixed(rows, source, staged, name, counts[f"aware_{name}"])
    _refuse_several(con, source, counts.get("codes") or [], staged.path)
    return Survey(
        frozenset(n for n in stamps if counts[f"aware_{n}"]),
        frozenset(n for n in ids if counts[f"dotted_{n}"] and _all_dotted(rows, source, n)),
    )


def _first(rows: DuckDBPyRelation, asked: dict[str, str]) -> tuple[Any, ...]:
    told = ", ".join(f"{sql} AS {name}" for name, sql in asked.items())
    [found] = rows.aggregate(told).fetchall()
    return tuple(found)


def _all_dotted(rows: DuckDBPyRelation, source: PurchaseSource, name: str) -> bool:
    """Every id ends in .0, but for as many as may be bad rows."""
    text = text_sql(quoted(source.theirs(name)), "VARCHAR")
    asked = {"filled": f"count({text})", "dotted": f"count(*) FILTER ({is_dotted_sql(text)})"}
    filled, dotted = _first(rows, asked)
    return bool(dotted > 0 and filled - dotted <= source.max_bad_rows * filled)


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


def _refuse_several(
    con: DuckDBPyConnection, source: PurchaseSource, codes: list[str | None], path: Path | str
) -> None:
    """Refuse a second currency, in this file or after another."""
    if not codes:
        return
    named = source.theirs("currency")
    con.execute("CREATE TABLE IF NOT EXISTS currencies_met (code VARCHAR PRIMARY KEY)")
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
