"""Parse the source's columns into typed ones and give every unusable row a reason code."""

import datetime as dt

from duckdb import (
    ColumnExpression,
    ConstantExpression,
    DuckDBPyConnection,
    DuckDBPyRelation,
    Expression,
    FunctionExpression,
    SQLExpression,
)

from features.errors import DataError
from features.line import AMOUNT_SCALE, AWARE, MOST_AMOUNT
from features.reading.source import OPTIONAL_COLUMNS, PurchaseSource
from features.reading.staging import StagedFile

ID_LENGTH = 128
TEXT_COLUMNS = ("order_id", "line_id", "product_id", "category", "channel", "currency")
NUMBER_COLUMNS = ("quantity", "discount", "cost")

DECIMAL_COMMA = r"-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}"
THOUSANDS = r"-?\d{1,3}(,\d{3})+\.\d{1,4}"

REASON = """
CASE WHEN customer_id IS NULL THEN 'anonymous'
     WHEN length(customer_id) > {length} THEN 'id_too_long'
     WHEN regexp_matches(customer_id, '[[:cntrl:]]') THEN 'bad_customer_id'
     WHEN ordered_at IS NULL OR ordered_at NOT BETWEEN {calendar} THEN 'bad_date'
     WHEN ordered_at > {latest} THEN 'future_date'
     WHEN amount IS NULL OR abs(amount) > {most} THEN 'bad_amount'
     WHEN quantity_unread THEN 'bad_quantity'
     WHEN known_unread OR known NOT BETWEEN {calendar} THEN 'bad_known_at'
     WHEN known > {latest} THEN 'future_known_at'
END"""
CALENDAR = "TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31'"


def parse(
    con: DuckDBPyConnection, source: PurchaseSource, staged: StagedFile, latest: dt.datetime | None
) -> DuckDBPyRelation:
    """Typed rows of one staged file: our columns, `row` and `reason` (null where the row is good).

    Stamps come out as naive local time of the shop, amounts as whole ten-thousandths. Rows after
    the local moment `latest` are `future_date`, those that become known after it `future_known_at`.
    """
    raw = con.table(staged.table)
    present = [c for c in OPTIONAL_COLUMNS if source.theirs(c) in staged.types]
    columns = ["customer_id", "ordered_at", "amount", *present]
    renamed = raw.select(
        ColumnExpression("row"), *(ColumnExpression(source.theirs(c)).alias(c) for c in columns)
    )
    types = {c: staged.types[source.theirs(c)] for c in columns}
    _refuse_mixed_stamps(renamed, types, source, staged)
    parsed = {
        "customer_id": _text("customer_id", types),
        "ordered_at": _stamp(renamed, "ordered_at", types, source),
        "amount": _money("amount", types),
    }
    for name in present:
        if name in TEXT_COLUMNS:
            parsed[name] = _text(name, types)
        elif name in NUMBER_COLUMNS:
            parsed[name] = _number(name)
        elif name == "known_at":
            parsed[name] = _stamp(renamed, name, types, source)
    unread = [
        _unread("quantity", types, parsed).alias("quantity_unread"),
        _unread("known_at", types, parsed).alias("known_unread"),
        parsed.get("known_at", SQLExpression("NULL::TIMESTAMP")).alias("known"),
    ]
    typed = renamed.select(
        ColumnExpression("row"), *(e.alias(n) for n, e in parsed.items()), *unread
    )
    limit = "NULL::TIMESTAMP" if latest is None else f"TIMESTAMP '{latest:%Y-%m-%d %H:%M:%S}'"
    most = MOST_AMOUNT * AMOUNT_SCALE
    reason = SQLExpression(
        REASON.format(length=ID_LENGTH, latest=limit, most=most, calendar=CALENDAR)
    )
    return typed.select(
        ColumnExpression("row"), *map(ColumnExpression, parsed), reason.alias("reason")
    )


def _unread(name: str, types: dict[str, str], parsed: dict[str, Expression]) -> Expression:
    """True where the source has a value that could not be parsed; NaN of a float is none."""
    if name not in parsed:
        return ConstantExpression(False)
    given = _text(name, types)
    return given.isnotnull() & parsed[name].isnull()


def _as_text(name: str) -> Expression:
    return ColumnExpression(name).cast("VARCHAR")


def _text(name: str, types: dict[str, str]) -> Expression:
    if types[name] in ("DOUBLE", "FLOAT"):
        # A column of whole numbers with gaps arrives as 17850.0, the gaps as nulls or NaN.
        return SQLExpression(
            f"CASE WHEN isnan({name}) THEN NULL WHEN {name} = trunc({name}) "
            f"THEN printf('%.0f', {name}::DOUBLE) ELSE {name}::VARCHAR END"
        )
    trimmed = FunctionExpression("trim", _as_text(name))
    return FunctionExpression("nullif", trimmed, ConstantExpression(""))


def _number(name: str) -> Expression:
    value = f"TRY_CAST(trim({name}::VARCHAR) AS DOUBLE)"
    return SQLExpression(f"CASE WHEN isfinite({value}) THEN {value} END")


def _money(name: str, types: dict[str, str]) -> Expression:
    if types[name] in ("DOUBLE", "FLOAT"):
        scaled = f"TRY_CAST(round({name}::DOUBLE * {AMOUNT_SCALE}) AS BIGINT)"
        return SQLExpression(f"CASE WHEN isfinite({name}::DOUBLE) THEN {scaled} END")
    text = f"trim({name}::VARCHAR)"
    # 39,50 and 1.234,50 have a decimal comma; 1,234.50 has commas between thousands.
    plain = (
        f"CASE WHEN regexp_full_match({text}, '{DECIMAL_COMMA}')"
        f" THEN replace(replace({text}, '.', ''), ',', '.')"
        f" WHEN regexp_full_match({text}, '{THOUSANDS}') THEN replace({text}, ',', '')"
        f" ELSE {text} END"
    )
    exact = f"TRY_CAST({plain} AS DECIMAL(18, 4))"
    return SQLExpression(f"TRY_CAST({exact}::DECIMAL(28, 4) * {AMOUNT_SCALE} AS BIGINT)")


def _stamp(
    rows: DuckDBPyRelation, name: str, types: dict[str, str], source: PurchaseSource
) -> Expression:
    zone = ConstantExpression(source.clock.timezone)
    kind = types[name]
    if kind == "TIMESTAMP WITH TIME ZONE" or kind.startswith("TIMESTAMPTZ"):
        moment = ColumnExpression(name).cast("TIMESTAMPTZ")
        return FunctionExpression("timezone", zone, moment)
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return ColumnExpression(name).cast("TIMESTAMP")
    text = FunctionExpression("trim", _as_text(name))
    if source.date_format:
        read = FunctionExpression("try_strptime", text, ConstantExpression(source.date_format))
        aware = "%z" in source.date_format
        return FunctionExpression("timezone", zone, read) if aware else read
    if _count_aware(rows, name)[0]:
        read = SQLExpression(f"TRY_CAST(trim({name}::VARCHAR) AS TIMESTAMPTZ)")
        return FunctionExpression("timezone", zone, read)
    return SQLExpression(f"TRY_CAST(trim({name}::VARCHAR) AS TIMESTAMP)")


def _count_aware(rows: DuckDBPyRelation, name: str) -> tuple[int, int]:
    [(aware, naive)] = rows.aggregate(
        f"count(*) FILTER (regexp_matches(trim({name}::VARCHAR), '{AWARE}')) AS aware,"
        f"count(*) FILTER (NOT regexp_matches(trim({name}::VARCHAR), '{AWARE}')"
        f" AND TRY_CAST(trim({name}::VARCHAR) AS TIMESTAMP) IS NOT NULL) AS naive"
    ).fetchall()
    return aware, naive


def _refuse_mixed_stamps(
    rows: DuckDBPyRelation, types: dict[str, str], source: PurchaseSource, staged: StagedFile
) -> None:
    for name in ("ordered_at", "known_at"):
        if types.get(name) != "VARCHAR" or source.date_format:
            continue
        aware, naive = _count_aware(rows, name)
        if aware and naive:
            raise DataError(
                f"{staged.path} mixes stamps with a time zone ({aware}) and without ({naive}) in "
                f"`{source.theirs(name)}`; write all of them in one way"
            )
