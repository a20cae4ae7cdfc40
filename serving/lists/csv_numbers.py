"""Numbers as spreadsheets write them: with a decimal point or a decimal comma, never guessed."""

import math
import re
from collections.abc import Iterable

POINT, COMMA = ".", ","
# Between groups of three digits some write a blank or an apostrophe.
_BLANKS = re.compile(r"(?<=\d)[ \u00a0\u202f'\u2019](?=\d{3}(?!\d))")
_SIGNED = re.compile(r"[+-]?\d[\d.,]*|[+-]?[.,]\d+")
_SCIENTIFIC = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")


class Ambiguous(ValueError):  # noqa: N818 - it names a state
    """A number of which it cannot be told whether its sign is that of decimals or of thousands."""


def decimal_sign(texts: Iterable[str], *, default: str | None = None) -> str | None:
    """The decimal sign of a file's numbers; None where both are in use.

    Parameters
    ----------
    default : where no number shows the sign
    """
    found = {sign for text in texts if (sign := _sign_of(_tidy(text))) is not None}
    if not found:
        return default
    return found.pop() if len(found) == 1 else None


def number_of(text: str, decimal: str | None) -> float:
    """The number that a text stands for.

    Parameters
    ----------
    decimal : sign of those numbers that could be read in two ways, such as 1,234; None where it is
        not known

    Raises
    ------
    Ambiguous
        If it could be read in two ways and the sign is not known.
    ValueError
        If it is no number.
    """
    plain = _tidy(text)
    if _SCIENTIFIC.fullmatch(plain):
        return _finite(plain)
    if not _SIGNED.fullmatch(plain):
        raise ValueError(text)
    if POINT not in plain and COMMA not in plain:
        return _finite(plain)
    sign = _sign_of(plain) or decimal
    if sign is None:
        raise Ambiguous(text)
    thousands = COMMA if sign == POINT else POINT
    whole, _, part = plain.partition(sign)
    if thousands in part or (thousands in whole and not _grouped_by(whole, thousands)):
        raise ValueError(text)
    return _finite(f"{whole.replace(thousands, '')}.{part}")


def _tidy(text: str) -> str:
    return _BLANKS.sub("", text.strip()).replace("\u2212", "-")


def _sign_of(text: str) -> str | None:
    """The decimal sign that a number shows by itself; None where it does not."""
    if not _SIGNED.fullmatch(text):
        return None
    there = [sign for sign in (POINT, COMMA) if sign in text]
    if len(there) == 2:
        return max(there, key=text.rindex)
    if not there:
        return None
    [sign] = there
    if text.count(sign) > 1:
        return COMMA if sign == POINT else POINT
    return None if _GROUPED.fullmatch(text) else sign


def _grouped_by(whole: str, thousands: str) -> bool:
    return bool(_GROUPED.fullmatch(whole)) and whole.count(thousands) == len(
        [sign for sign in whole if sign in (POINT, COMMA)]
    )


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
