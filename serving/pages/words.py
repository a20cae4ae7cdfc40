"""How numbers, shares and dates are written on the pages: the one place of formatting.

A shop's currency is not known, so amounts carry thousands separators and two decimals, no sign.
"""

from datetime import date, datetime

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"
SHORTEST_CUT = 8


def money(amount: float | None) -> str:
    """Amount with thousands separators and two decimals, `1,234.50`."""
    return _signed(amount, 2)


def whole_money(amount: float | None) -> str:
    """Amount without decimals, for pictures and totals, `1,235`."""
    return _signed(amount, 0)


def number(value: float | None) -> str:
    """Count or measure without needless decimals, `12,000` or `3.5`."""
    if value is None:
        return NOTHING
    if 0 < abs(value) < 1:
        return f"{value:.2g}".replace("-", MINUS)
    return _signed(value, 0 if float(value).is_integer() else 1)


def percent(share: float | None) -> str:
    """Share as a whole percentage; the ends are not rounded to certainty."""
    if share is None:
        return NOTHING
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{share * 100:.0f}%"


def of_100(share: float) -> str:
    """Share in the words of a headcount: `82 of 100`, `fewer than 1 of 100`."""
    if 0 < share < 0.005:
        return "fewer than 1 of 100"
    if 0.995 <= share < 1:
        return "more than 99 of 100"
    return f"{share * 100:.0f} of 100"


def day(text: str | None) -> str:
    """Day of an ISO date, `1 Jul 1998`; the text itself when it is no date."""
    if not text:
        return NOTHING
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return text
    return f"{found.day} {found:%b %Y}"


def moment(text: str | None) -> str:
    """Day and minute of an ISO moment in UTC, `1 Jul 1998, 09:30 UTC`."""
    if not text:
        return NOTHING
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.day} {found:%b %Y, %H:%M} UTC"


def days(count: float | None) -> str:
    """Number of days with its noun, `1 day`, `105 days`."""
    if count is None:
        return NOTHING
    return f"{number(count)} day{'' if count == 1 else 's'}"


def plain(code: str | None) -> str:
    """Code as words, `won_back` as `won back`."""
    return code.replace("_", " ") if code else NOTHING


def cut(text: str, longest: int = 48) -> str:
    """Text shortened in its middle to `longest` characters, so both ends still tell it apart."""
    if len(text) <= longest:
        return text
    kept = max(longest, SHORTEST_CUT) - 1
    tail = kept // 3
    return f"{text[: kept - tail]}…{text[-tail:]}"


def _signed(value: float | None, decimals: int) -> str:
    if value is None:
        return NOTHING
    text = f"{abs(value):,.{decimals}f}"
    is_zero = not text.strip("0,.")
    return text if value >= 0 or is_zero else MINUS + text
