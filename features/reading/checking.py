"""Parse the source's columns into typed ones and give every unusable row a reason code."""

import datetime as dt

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.line import AMOUNT_SCALE, MOST_AMOUNT
from features.reading.currency import converted_sql, with_rates
from features.reading.quantity import COUNT_SQL, ODDITY_SQL
from features.reading.rules import cancelled_sql, refund_of_sql, why_sql
from features.reading.source import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, PurchaseSource
from features.reading.survey import StagedRows, survey
from features.reading.totals import total_sql
from features.reading.values import (
    bare_id_sql,
    money_sql,
    number_sql,
    quoted,
    stamp_sql,
    text_sql,
)

ID_LENGTH = 128
STAMPS = ("ordered_at", "known_at")
IDS = ("customer_id", "order_id", "line_id", "refund_of", "product_id")
MONEY = ("amount", "discount", "cost")

REASON = """
CASE WHEN {excluded} THEN 'excluded'
     WHEN customer_id IS NULL THEN 'anonymous'
     WHEN length(customer_id) > {length} THEN 'id_too_long'
     WHEN regexp_matches(customer_id, '[[:cntrl:]]') THEN 'bad_customer_id'
     WHEN ordered_at IS NULL OR ordered_at NOT BETWEEN {calendar} THEN 'bad_date'
     WHEN ordered_at > {latest} THEN 'future_date'
     WHEN amount IS NULL OR abs(amount) > {most} THEN 'bad_amount'
     WHEN quantity_unread THEN 'bad_quantity'
     WHEN discount_unread OR abs(discount) > {most} THEN 'bad_discount'
     WHEN cost_unread OR abs(cost) > {most} THEN 'bad_cost'
     WHEN known_at_unread OR known_at NOT BETWEEN {calendar} THEN 'bad_known_at'
     WHEN known_at > {latest} THEN 'future_known_at'
     {bad_currency}
END"""
CALENDAR = "TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31'"
# A sum too large to convert is null, and no comparison with it would hold.
BAD_CURRENCY = """
     WHEN rate IS NULL
       OR NOT coalesce(abs({amount}) <= {most}, false)
       OR NOT coalesce(abs({discount}) <= {most}, discount IS NULL)
       OR NOT coalesce(abs({cost}) <= {most}, cost IS NULL) THEN 'bad_currency'"""


def parse(
    con: DuckDBPyConnection, source: PurchaseSource, staged: StagedRows, latest: dt.datetime | None
) -> DuckDBPyRelation:
    """Typed rows of one staged file, what each row is, and nothing left out.

    Parameters
    ----------
    staged : the file's table of source columns and `row`
    latest : naive local moment; rows after it are `future_date`, those that become known after it
        `future_known_at`

    Returns
    -------
    relation of `row`, our columns that the file has, and
        cancelled : whether the shop's rule says so; only with such a rule
        refund_of : also where cancelled orders are marked by the first letters of their id
        why : why the row is left out by rule, else null; only with such rules
        oddity : what is odd about the quantity, else null (see `quantity`); only with quantities
        reason : null for a good row, `excluded`, `anonymous`, or the code of a fault

    Stamps are naive local time of the shop. Money is whole ten-thousandths, in the one currency of
    the settings where several are converted.

    Raises
    ------
    DataError
        If a needed column is missing, a column mixes stamps with and without a zone, or several
        currencies would be added up; also with files read before.
    """
    source.refuse_missing(staged.types, staged.path)
    rows = con.table(staged.table)
    aware = survey(con, source, staged)
    typed = _typed(rows, source, staged, aware)
    typed = _derived(typed, source, staged)
    if source.currency:
        typed = with_rates(con, typed, source.currency)
    return _judged(typed, source, latest)


def _present(source: PurchaseSource, types: dict[str, str]) -> list[str]:
    there = [c for c in OPTIONAL_COLUMNS if source.theirs(c) in types]
    return [*REQUIRED_COLUMNS, *there]


def _typed(
    rows: DuckDBPyRelation, source: PurchaseSource, staged: StagedRows, aware: frozenset[str]
) -> DuckDBPyRelation:
    """Our columns, whether each optional value could be read, and what the rules say."""
    types = staged.types
    columns = {name: _value(name, source, types, aware) for name in _present(source, types)}
    for name in ("quantity", "discount", "cost", "known_at"):
        columns[f"{name}_unread"] = _unread(name, source, types, columns.get(name))
    if cancelled := cancelled_sql(source, types):
        columns["cancelled"] = cancelled
    if why := why_sql(source, types):
        columns["why"] = why
    if source.currency:
        code = source.currency.column
        columns["code"] = f"upper({text_sql(quoted(code), types[code])})"
    told = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return rows.project(f"row, {told}")


def _value(name: str, source: PurchaseSource, types: dict[str, str], aware: frozenset[str]) -> str:
    if name == "amount" and source.amount is not None:
        return total_sql(source.amount, types)
    theirs = source.theirs(name)
    value, kind = quoted(theirs), types[theirs]
    if name in STAMPS:
        return stamp_sql(
            value,
            kind,
            zone=source.clock.timezone,
            date_format=source.date_format,
            aware=name in aware,
        )
    if name in MONEY:
        return money_sql(value, kind)
    if name == "quantity":
        return number_sql(value, kind)
    text = text_sql(value, kind)
    return bare_id_sql(text) if name in IDS else text


def _unread(name: str, source: PurchaseSource, types: dict[str, str], parsed: str | None) -> str:
    """True where the source has a value that could not be parsed; NaN of a float is none."""
    if parsed is None:
        return "false"
    theirs = source.theirs(name)
    return f"(({parsed}) IS NULL AND ({text_sql(quoted(theirs), types[theirs])}) IS NOT NULL)"


def _derived(
    rows: DuckDBPyRelation, source: PurchaseSource, staged: StagedRows
) -> DuckDBPyRelation:
    """Add what follows from our own columns: oddity, the order refunded, the shop's day."""
    changed, added = [], []
    if "quantity" in rows.columns:
        changed.append(f"{COUNT_SQL} AS quantity")
        added.append(f"{ODDITY_SQL} AS oddity")
    refund_of = refund_of_sql(source, staged.types)
    if refund_of and "refund_of" not in rows.columns:
        added.append(f"{refund_of} AS refund_of")
    if source.currency:
        shift = f"INTERVAL {source.clock.offset_minutes} MINUTE"
        added.append(f"TRY((ordered_at - {shift})::DATE) AS shop_day")
    star = f"* REPLACE ({', '.join(changed)})" if changed else "*"
    return rows.project(", ".join([star, *added]))


def _judged(
    rows: DuckDBPyRelation, source: PurchaseSource, latest: dt.datetime | None
) -> DuckDBPyRelation:
    """Give every row its reason, and drop what only the reason needed."""
    most = MOST_AMOUNT * AMOUNT_SCALE
    there = set(rows.columns)
    absent = {"discount": "BIGINT", "cost": "BIGINT", "known_at": "TIMESTAMP"}
    nulls = [f"NULL::{kind} AS {name}" for name, kind in absent.items() if name not in there]
    limit = "NULL::TIMESTAMP" if latest is None else f"TIMESTAMP '{latest:%Y-%m-%d %H:%M:%S}'"
    converts = source.currency is not None
    converted = {name: converted_sql(name) for name in MONEY}
    reason = REASON.format(
        excluded="why IS NOT NULL" if "why" in there else "false",
        length=ID_LENGTH,
        latest=limit,
        most=most,
        calendar=CALENDAR,
        bad_currency=BAD_CURRENCY.format(most=most, **converted) if converts else "",
    )
    kept = [c for c in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS) if c in there]
    kept += [c for c in ("cancelled", "why", "oddity") if c in there]
    values = [f"{converted_sql(c)} AS {c}" if converts and c in MONEY else quoted(c) for c in kept]
    whole = rows.project(", ".join(["*", *nulls]))
    return whole.project(f"row, {', '.join(values)}, {reason} AS reason")
