"""SQL that reads one source value as text, number, money or stamp; null where it cannot be read.

Every function takes the SQL of a value and its DuckDB type, and gives SQL.
"""

from features.line import AMOUNT_SCALE, AWARE

# Casts and searches leave blanks around a value alone; to trim every value costs more than they do.
AWARE_TEXT = AWARE.removesuffix("$") + r"\s*$"
DECIMAL_COMMA = r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}"
THOUSANDS = r"[-+]?\d{1,3}(,\d{3})+\.\d{1,4}"
FLOATS = ("DOUBLE", "FLOAT")
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


def quoted(name: str) -> str:
    """The name of a column as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"


def text_sql(value: str, kind: str) -> str:
    """Trimmed text, null where nothing is left; whole numbers are written without .0."""
    if kind in FLOATS:
        # A column of whole numbers with gaps arrives as 17850.0, the gaps as nulls or NaN.
        return (
            f"CASE WHEN isnan({value}) THEN NULL WHEN {value} = trunc({value}) "
            f"THEN printf('%.0f', {value}::DOUBLE) ELSE {value}::VARCHAR END"
        )
    if kind.startswith("DECIMAL"):
        return (
            f"CASE WHEN {value} = trunc({value}) THEN {value}::HUGEINT::VARCHAR "
            f"ELSE {value}::VARCHAR END"
        )
    return f"nullif(trim({value}::VARCHAR), '')"


def bare_id_sql(text: str) -> str:
    """An id written 13085.0 as 13085."""
    # Few texts end in .0, and to look at the end costs less than a pattern.
    dotted = rf"suffix({text}, '.0') AND regexp_full_match({text}, '\d+\.0')"
    return f"CASE WHEN {dotted} THEN left({text}, length({text}) - 2) ELSE {text} END"


def number_sql(value: str, kind: str) -> str:
    """A finite DOUBLE."""
    if kind in FLOATS or kind in WHOLE or kind.startswith("DECIMAL"):
        number = f"{value}::DOUBLE"
    else:
        number = _cast_number(value, "DOUBLE")
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def exact_sql(value: str, kind: str, scale: int) -> str:
    """A DECIMAL of 38 digits, `scale` of them decimals; halves round away from zero."""
    wanted = f"DECIMAL(38, {scale})"
    if kind in WHOLE or kind.startswith("DECIMAL"):
        return f"TRY_CAST({value} AS {wanted})"
    if kind in FLOATS:
        # 1.1 is no binary fraction; its shortest text is what the source meant.
        return f"CASE WHEN isfinite({value}) THEN TRY_CAST({value}::VARCHAR AS {wanted}) END"
    return _cast_number(value, wanted)


def money_sql(value: str, kind: str) -> str:
    """Whole ten-thousandths; halves round away from zero."""
    if kind in FLOATS:
        # Far from a half the product is right; near one the text of the number decides.
        scaled = f"({value}::DOUBLE * {AMOUNT_SCALE})"
        text = ten_thousandths_sql(f"TRY_CAST({value}::VARCHAR AS DECIMAL(18, 4))")
        return (
            f"CASE WHEN isfinite({value}) THEN CASE WHEN abs({scaled} - round({scaled})) < 0.4 "
            f"THEN TRY_CAST(round({scaled}) AS BIGINT) ELSE {text} END END"
        )
    if kind in WHOLE or kind.startswith("DECIMAL"):
        return _fast_money(value, f"TRY_CAST({value} AS DECIMAL(18, 4))")
    return _fast_money(f"{value}::VARCHAR", _cast_number(value, "DECIMAL(18, 4)"))


def _fast_money(value: str, exact: str) -> str:
    """Below a thousand millions the product stays within 64 bits, which is six times faster."""
    small = (
        f"TRY_CAST(TRY_CAST({value} AS DECIMAL(13, 4)) * {AMOUNT_SCALE}::DECIMAL(5, 0) AS BIGINT)"
    )
    return f"coalesce({small}, {ten_thousandths_sql(exact)})"


def ten_thousandths_sql(money: str) -> str:
    """A DECIMAL(18, 4) as whole ten-thousandths."""
    return f"TRY_CAST(({money})::DECIMAL(28, 4) * {AMOUNT_SCALE} AS BIGINT)"


def _cast_number(value: str, wanted: str) -> str:
    """A number of text: as it stands, else trimmed and with its commas understood."""
    return (
        f"coalesce(TRY_CAST({value}::VARCHAR AS {wanted}), TRY_CAST({_plain(value)} AS {wanted}))"
    )


def _plain(value: str) -> str:
    """Text of a number with a decimal point: 39,50 and 1.234,50 have a decimal comma."""
    text = f"trim({value}::VARCHAR)"
    # 1,234.50 has commas between thousands; 1,234 could be either and stays as it is.
    return (
        f"CASE WHEN regexp_full_match({text}, '{DECIMAL_COMMA}')"
        f" THEN replace(replace({text}, '.', ''), ',', '.')"
        f" WHEN regexp_full_match({text}, '{THOUSANDS}') THEN replace({text}, ',', '')"
        f" ELSE {text} END"
    )


def has_zone(kind: str) -> bool:
    """Whether a type of stamps is one of moments with a time zone."""
    return kind == "TIMESTAMP WITH TIME ZONE" or kind.startswith("TIMESTAMPTZ")


def is_aware_sql(value: str) -> str:
    """Whether the text of a stamp has an offset or names a zone."""
    return f"(length({value}::VARCHAR) > 10 AND regexp_matches({value}::VARCHAR, '{AWARE_TEXT}'))"


def naive_sql(value: str) -> str:
    """The text of a stamp without a zone as TIMESTAMP."""
    return _trimmed_if_null("TRY_CAST", value, " AS TIMESTAMP")


def _trimmed_if_null(function: str, value: str, rest: str) -> str:
    text = f"{value}::VARCHAR"
    return f"coalesce({function}({text}{rest}), {function}(trim({text}){rest}))"


def stamp_sql(value: str, kind: str, *, zone: str, date_format: str | None, aware: bool) -> str:
    """Naive local time of the shop; `aware` says whether text without a format has offsets."""
    local = f"timezone({literal(zone)}, {{}})"
    if has_zone(kind):
        return local.format(f"{value}::TIMESTAMPTZ")
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"{value}::TIMESTAMP"
    if date_format:
        read = _trimmed_if_null("try_strptime", value, f", {literal(date_format)}")
        return local.format(read) if "%z" in date_format else read
    if aware:
        return local.format(_trimmed_if_null("TRY_CAST", value, " AS TIMESTAMPTZ"))
    return naive_sql(value)
