"""Checks of single settings that a type cannot express; each says what is allowed."""

import re
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import duckdb

# A longer pattern is no rule a person can check.
LONGEST_PATTERN = 1000


def shop_name(value: str) -> str:
    """Return the name if it can be a folder's, a database's and a model's name."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", value):
        raise ValueError(
            f"must be 1 to 64 letters A-Z, digits, `.`, `_` or `-`, not beginning with a dot, "
            f"got {value!r} (when absent, the file's name is taken); set `name`"
        )
    return value


def folder(value: Path) -> Path:
    """Return the folder if its path can stand in a database URL."""
    marks = sorted(set("?#%") & set(str(value.absolute())))
    if marks:
        raise ValueError(
            f"must not contain {' '.join(marks)} in its full path, which is part of the "
            "addresses of the databases in it; choose another folder"
        )
    return value


def time_zone(value: str) -> str:
    """Return the time zone if the IANA database has it."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        close = get_close_matches(value, available_timezones(), n=1)
        hint = f"did you mean `{close[0]}`?" if close else "e.g. `Europe/Berlin` or `UTC`"
        raise ValueError(f"must be a time zone of the IANA list, got {value!r}; {hint}") from None
    return value


def count_or_auto(value: object) -> object:
    """Return the value if it is `auto` or a whole number from 1."""
    if value == "auto" or (type(value) is int and value >= 1):
        return value
    raise ValueError(f"must be `auto` or a whole number from 1, got {value!r}")


def database_url(value: str) -> str:
    """Return the address if it has a scheme; it is not repeated, since it may hold a password."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        raise ValueError("must be a URL, e.g. `sqlite:////folder/file.db`")
    return value


def is_database(source: str) -> bool:
    """Whether a source is the URL of a database."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) is not None


def days_or_auto(value: object) -> object:
    """Return the value if it is `auto` or a number of days from 0."""
    if value == "auto" or (type(value) is int and 0 <= value <= 3650):
        return value
    raise ValueError(f"must be `auto` or a number of days from 0 to 3650, got {value!r}")


def currency_code(value: str) -> str:
    """Return the code if it is three capitals, as ISO 4217 has them."""
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"must be a currency code of three capitals, e.g. `EUR`, got {value!r}")
    return value


def pattern(value: str) -> str:
    """Return the regular expression if DuckDB, which runs it, can read it."""
    if not value or len(value) > LONGEST_PATTERN:
        raise ValueError(f"must be a regular expression of 1 to {LONGEST_PATTERN} characters")
    fault = _fault_of_pattern(value)
    if fault:
        raise ValueError(
            f"must be a regular expression in the syntax of RE2 (no look-around, no "
            f"back-references), got {value!r}: {fault}"
        )
    return value


def dates_pattern(value: str) -> str:
    """Return the format if a date can be read by it."""
    marks = re.findall(r"%(-?.?)", value)
    wrong = [m for m in marks if not re.fullmatch(r"-?[aAbBcdfgGHIjmMnpSUuVwWxXyYzZ%]", m)]
    if not marks or wrong:
        named = f"not %{wrong[0]}, " if wrong else ""
        raise ValueError(
            f'must be a format with % signs in quotes, e.g. "%Y-%m-%d", {named}got {value!r}'
        )
    return value


def _fault_of_pattern(value: str) -> str | None:
    with duckdb.connect() as con:
        try:
            con.execute("SELECT regexp_matches('', $1)", [value]).fetchall()
        except duckdb.Error as error:
            return str(error).strip().splitlines()[0].removeprefix("Invalid Input Error: ")
    return None


def formula(value: str) -> str:
    """Return the formula if it has only what a formula can have; its reader checks the rest."""
    if not value.strip():
        raise ValueError("must be a formula of source columns, e.g. `Quantity * Price`")
    return value
