"""Checks of single settings that a type cannot express; each says what is allowed."""

import re
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones


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
