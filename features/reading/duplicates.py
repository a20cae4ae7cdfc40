"""Rows that say again what another row says: same line id, or an order delivered before."""

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.line import SORT_KEYS

TABLE = "again"


def without_duplicates(con: DuckDBPyConnection, rows: DuckDBPyRelation) -> DuckDBPyRelation:
    """The rows with `duplicate`: a line id seen before, or a line of an order delivered earlier.

    Lines are compared as they are kept, not as they are written. The n-th equal line of an order
    counts once, whichever files deliver it; so equal lines within one file all stay. Windows run
    over the rows in question alone: in most logs there are none.

    Parameters
    ----------
    rows : typed rows of all files, with `file`, `row` and `reason`
    """
    con.execute(f"CREATE OR REPLACE TABLE {TABLE} (file INTEGER, row BIGINT)")
    good = rows.filter("reason IS NULL")
    if "line_id" in rows.columns:
        _same_line(good).insert_into(TABLE)
    if "order_id" in rows.columns:
        _same_order(good).insert_into(TABLE)
    [(any_again,)] = con.table(TABLE).aggregate("count(*) > 0 AS some").fetchall()
    if not any_again:
        return rows.project("*, false AS duplicate")
    marked = con.table(TABLE).project("file, row, true AS found").set_alias("again")
    joined = rows.set_alias("rows").join(
        marked, "rows.file = again.file AND rows.row = again.row", how="left"
    )
    return joined.project("rows.*, coalesce(again.found, false) AS duplicate")


def _same_line(good: DuckDBPyRelation) -> DuckDBPyRelation:
    """Of the rows with one line id all but that which was known first: later takes nothing away."""
    # What is known at the same time is told apart by content before its place in the files.
    order = ", ".join([*_content(good), "file", "row"])
    doubtful = _of_keys(good, "line_id", "count(*) > 1")
    nth = doubtful.project(
        f"file, row, row_number() OVER (PARTITION BY line_id ORDER BY {order}) AS nth"
    )
    return nth.filter("nth > 1").project("file, row")


def _same_order(good: DuckDBPyRelation) -> DuckDBPyRelation:
    """Of the n-th equal lines of an order in several files all but that of the first file."""
    if "line_id" in good.columns:
        good = good.filter("line_id IS NULL")
    content = ", ".join(_content(good))
    doubtful = _of_keys(good, "order_id", "min(file) < max(file)")
    nth = doubtful.project(
        f"*, row_number() OVER (PARTITION BY file, {content} ORDER BY row) AS nth"
    )
    again = f"row_number() OVER (PARTITION BY {content}, nth ORDER BY file) AS delivery"
    return nth.project(f"file, row, {again}").filter("delivery > 1").project("file, row")


def _content(good: DuckDBPyRelation) -> list[str]:
    """The columns of a kept line, but for its line id, in the order of their sorting."""
    there = {c: c for c in SORT_KEYS if c in good.columns and c != "line_id"}
    there["known_at"] = known_sql(good.columns)
    kept = dict.fromkeys(["known_at", "ordered_at", "amount", "customer_id", *there])
    return [there.get(name, name) for name in kept]


def known_sql(columns: list[str]) -> str:
    """When a line is known: never before it is ordered, and then where nothing else is said."""
    if "known_at" not in columns:
        return "ordered_at"
    return "greatest(coalesce(known_at, ordered_at), ordered_at)"


def _of_keys(good: DuckDBPyRelation, key: str, doubt: str) -> DuckDBPyRelation:
    """Rows whose key is in doubt."""
    keys = good.filter(f"{key} IS NOT NULL").aggregate(f"{key}, {doubt} AS doubtful", key)
    doubtful = keys.filter("doubtful").project(key).set_alias("keys")
    return good.set_alias("good").join(doubtful, f"good.{key} = keys.{key}", how="semi")
