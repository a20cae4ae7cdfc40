"""SQL that reads the columns of an optional table as typed values, with a reason for bad rows."""

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.errors import DataError
from features.line import AMOUNT_SCALE, MOST_AMOUNT
from features.reading.checking import CALENDAR, ID_LENGTH
from features.reading.staging import StagedFile
from features.reading.values import (
    bare_id_sql,
    is_aware_sql,
    money_sql,
    naive_sql,
    number_sql,
    quoted,
    stamp_sql,
    text_sql,
)
from features.tables.source import TableSource

YES = ("true", "t", "yes", "y", "1", "x")
NO = ("false", "f", "no", "n", "0")
# Words for the two arms of a list; null is a contact, for a row of contacts tells of one.
CONTACTED = ("contacted", "contact", "treated", "treatment", "1")
HELD_OUT = ("held_out", "held out", "hold_out", "hold-out", "holdout", "control", "0")
NEVER_NEGATIVE = ("acquisition_cost", "cost")


def typed_sql(source: TableSource, staged: StagedFile, aware: frozenset[str]) -> dict[str, str]:
    """SQL of each column that the file has: name of ours -> value; null where it is unreadable."""
    found = {}
    for ours, kind in source.shape.kinds.items():
        theirs = source.theirs(ours)
        if theirs in staged.types:
            found[ours] = _value(kind, quoted(theirs), staged.types[theirs], source, ours in aware)
    return found


def _value(kind: str, value: str, type_: str, source: TableSource, aware: bool) -> str:
    text = text_sql(value, type_)
    if kind == "id":
        return bare_id_sql(text)
    if kind == "stamp":
        return stamp_sql(
            value,
            type_,
            zone=source.clock.timezone,
            date_format=source.date_format,
            aware=aware,
        )
    if kind == "money":
        return money_sql(value, type_)
    if kind == "number":
        return number_sql(value, type_)
    if kind == "flag":
        # What is said and cannot be read counts as yes: a wish is never lost.
        return f"CASE WHEN {_among(text, NO)} THEN false WHEN ({text}) IS NOT NULL THEN true END"
    if kind == "arm":
        return (
            f"CASE WHEN {_among(text, CONTACTED)} THEN 'contacted' "
            f"WHEN {_among(text, HELD_OUT)} THEN 'held_out' END"
        )
    return text


def _among(text: str, words: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"lower(({text})::VARCHAR) IN ({listed})"


def aware_columns(
    con: DuckDBPyConnection, source: TableSource, staged: StagedFile
) -> frozenset[str]:
    """Columns of stamps whose text has offsets.

    Raises
    ------
    DataError
        If a column has stamps with an offset and stamps without one.
    """
    stamps = [
        ours
        for ours, kind in source.shape.kinds.items()
        if kind == "stamp" and staged.types.get(source.theirs(ours)) == "VARCHAR"
    ]
    if source.date_format or not stamps:
        return frozenset()
    found = set()
    for ours in stamps:
        value = quoted(source.theirs(ours))
        naive = f"NOT {is_aware_sql(value)} AND {naive_sql(value)} IS NOT NULL"
        counted = f"count(*) FILTER ({is_aware_sql(value)}), count(*) FILTER ({naive})"
        [(with_zone, without)] = con.table(staged.table).aggregate(counted).fetchall()
        if with_zone and without:
            raise DataError(
                f"{staged.path} mixes stamps with a time zone ({with_zone}) and without "
                f"({without}) in `{source.theirs(ours)}`; write all of them in one way"
            )
        if with_zone:
            found.add(ours)
    return frozenset(found)


def judged(
    rows: DuckDBPyRelation,
    source: TableSource,
    staged: StagedFile,
    *,
    aware: frozenset[str],
    latest: str,
    attributes: list[str],
) -> DuckDBPyRelation:
    """Rows of `row`, columns of ours, attributes as text, and `reason`: null, or a fault's code.

    Parameters
    ----------
    latest : SQL of the last moment that is not in the future
    attributes : source columns that are kept as trimmed text under their own names
    """
    values = typed_sql(source, staged, aware)
    told = [f"{sql} AS {quoted(name)}" for name, sql in values.items()]
    kept = [f"{text_sql(quoted(n), staged.types[n])} AS {quoted(n)}" for n in attributes]
    unread = [
        f"{_unread(name, sql, source, staged)} AS {quoted(f'{name} unread')}"
        for name, sql in values.items()
    ]
    typed = rows.project(", ".join(["row", *told, *kept, *unread]))
    columns = ", ".join(["row", *map(quoted, values), *map(quoted, attributes)])
    return typed.project(f"{columns}, {_reason(source, list(values), latest)} AS reason")


def _unread(ours: str, value: str, source: TableSource, staged: StagedFile) -> str:
    """True where the source says something that is no value of the column."""
    theirs = source.theirs(ours)
    text = text_sql(quoted(theirs), staged.types[theirs])
    if source.shape.kinds[ours] == "flag":
        return f"(({text}) IS NOT NULL AND NOT {_among(text, (*YES, *NO))})"
    return f"(({value}) IS NULL AND ({text}) IS NOT NULL)"


def _reason(source: TableSource, there: list[str], latest: str) -> str:
    cases = [
        ("customer_id IS NULL", "no_customer_id"),
        (f"length(customer_id) > {ID_LENGTH}", "id_too_long"),
        ("regexp_matches(customer_id, '[[:cntrl:]]')", "bad_customer_id"),
    ]
    for name in there:
        kind, column = source.shape.kinds[name], quoted(name)
        if name == "customer_id" or kind in ("id", "text"):
            continue
        bad = [quoted(f"{name} unread")]
        if kind == "stamp":
            bad.append(f"{column} NOT BETWEEN {CALENDAR}")
        if name in source.shape.required and kind != "arm":
            bad.append(f"{column} IS NULL")
        if kind == "money":
            bad.append(f"abs({column}) > {MOST_AMOUNT * AMOUNT_SCALE}")
        if name in NEVER_NEGATIVE:
            bad.append(f"{column} < 0")
        cases.append((" OR ".join(f"coalesce({test}, false)" for test in bad), f"bad_{name}"))
        if kind == "stamp":
            cases.append((f"{column} > {latest}", f"future_{name}"))
    listed = " ".join(f"WHEN {test} THEN '{code}'" for test, code in cases)
    return f"CASE {listed} END"
