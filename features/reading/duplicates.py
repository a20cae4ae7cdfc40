"""Rows that say again what another row says: same line id, or an order delivered before."""

from duckdb import DuckDBPyConnection, DuckDBPyRelation

TABLE = "again"


def without_duplicates(con: DuckDBPyConnection, rows: DuckDBPyRelation) -> DuckDBPyRelation:
    """The rows with `duplicate`: a line id seen before, or a line of an order delivered earlier.

    The n-th equal line of an order counts once, whichever files deliver it; so equal lines within
    one file all stay. Windows run over the rows in question alone: in most logs there are none.

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
    known = [c for c in ("known_at", "ordered_at") if c in good.columns]
    order = ", ".join([f"coalesce({', '.join(known)})", "ordered_at", "amount", "file", "row"])
    doubtful = _of_keys(good, "line_id", "count(*) > 1")
    nth = doubtful.project(
        f"file, row, row_number() OVER (PARTITION BY line_id ORDER BY {order}) AS nth"
    )
    return nth.filter("nth > 1").project("file, row")


def _same_order(good: DuckDBPyRelation) -> DuckDBPyRelation:
    """Of the n-th equal lines of an order in several files all but that of the first file."""
    if "line_id" in good.columns:
        good = good.filter("line_id IS NULL")
    content = ", ".join(c for c in good.columns if c not in ("file", "row", "line_id"))
    doubtful = _of_keys(good, "order_id", "min(file) < max(file)")
    nth = doubtful.project(
        f"*, row_number() OVER (PARTITION BY file, {content} ORDER BY row) AS nth"
    )
    again = f"row_number() OVER (PARTITION BY {content}, nth ORDER BY file) AS delivery"
    return nth.project(f"file, row, {again}").filter("delivery > 1").project("file, row")


def _of_keys(good: DuckDBPyRelation, key: str, doubt: str) -> DuckDBPyRelation:
    """Rows whose key is in doubt."""
    keys = good.filter(f"{key} IS NOT NULL").aggregate(f"{key}, {doubt} AS doubtful", key)
    doubtful = keys.filter("doubtful").project(key).set_alias("keys")
    return good.set_alias("good").join(doubtful, f"good.{key} = keys.{key}", how="semi")
