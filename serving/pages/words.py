"""How numbers, shares and dates are written on the pages: the one place of formatting.

The shop's settings name the locale and the currency; a view writes within `written_as`. Without a
currency, amounts carry the locale's separators and two decimals, and no sign.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_currency, format_compact_decimal, format_currency
from babel.numbers import format_decimal as decimal_text

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"
SHORTEST_CUT = 8
DEFAULT_LOCALE = "en-GB"
# From here on amounts in pictures are written short, as 12K.
LONG_AMOUNT = 100_000


@dataclass(frozen=True)
class Writing:
    """Locale as in `de-DE`, and the currency's ISO 4217 code."""

    locale: str = DEFAULT_LOCALE
    currency: str | None = None


PLAIN = Writing()
_writing: ContextVar[Writing] = ContextVar("writing", default=PLAIN)


@contextmanager
def written_as(writing: Writing) -> Iterator[None]:
    """Write numbers and dates in this way for as long as the context lasts."""
    token = _writing.set(writing)
    try:
        yield
    finally:
        _writing.reset(token)


def money(amount: float | None) -> str:
    """Amount with thousands separators and two decimals, `1,234.50` or `€1,234.50`."""
    return _amount(amount, 2)


def whole_money(amount: float | None) -> str:
    """Amount without decimals, for totals, `1,235`."""
    return _amount(amount, 0)


def short_money(amount: float | None) -> str:
    """Amount for pictures: without decimals, and from six digits on as `123K`."""
    if amount is None or abs(amount) < LONG_AMOUNT:
        return whole_money(amount)
    writing = _writing.get()
    locale, size = _locale(writing.locale), abs(amount)
    if writing.currency:
        text = format_compact_currency(size, writing.currency, locale=locale, fraction_digits=1)
    else:
        text = format_compact_decimal(size, locale=locale, fraction_digits=1)
    return f"{MINUS}{text}" if amount < 0 else text


def number(value: float | None) -> str:
    """Count or measure without needless decimals, `12,000` or `3.5`."""
    if value is None:
        return NOTHING
    if 0 < abs(value) < 1:
        return _decimal(float(f"{value:.2g}"), "0.####")
    return _decimal(value, "#,##0" if float(value).is_integer() else "#,##0.0")


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
    return _day(found)


def month(text: str) -> str:
    """Month of an ISO date, `Jul 1998`."""
    locale = _locale(_writing.get().locale)
    return format_date(date.fromisoformat(text), format="MMM y", locale=locale)


def moment(text: str | None) -> str:
    """Day and minute of an ISO moment in UTC, `1 Jul 1998, 09:30 UTC`."""
    if not text:
        return NOTHING
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{_day(found)}, {found:%H:%M} UTC"


def days(count: float | None) -> str:
    """Number of days with its noun, `1 day`, `105 days`."""
    return count_of(count, "day")


def count_of(count: float | None, noun: str) -> str:
    """Number with its noun, `1 customer`, `12,000 customers`."""
    if count is None:
        return NOTHING
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


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


def _amount(amount: float | None, decimals: int) -> str:
    if amount is None:
        return NOTHING
    writing = _writing.get()
    # Rounded first, so that what is written as 0.00 has no minus.
    size = round(abs(amount), decimals)
    sign = MINUS if amount < 0 and size else ""
    if writing.currency is None:
        return sign + _decimal(size, f"#,##0.{'0' * decimals}".rstrip("."))
    text = format_currency(
        size,
        writing.currency,
        format=_currency_pattern(writing.locale, decimals),
        locale=_locale(writing.locale),
        currency_digits=False,
    )
    return sign + text


def _decimal(value: float, pattern: str) -> str:
    text = decimal_text(abs(value), format=pattern, locale=_locale(_writing.get().locale))
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def _day(found: date) -> str:
    text: str = format_date(found, format="medium", locale=_locale(_writing.get().locale))
    return text


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name, sep="-")


@cache
def _currency_pattern(locale: str, decimals: int) -> str:
    """The locale's way to place the sign of a currency, with this number of decimals."""
    pattern: str = _locale(locale).currency_formats["standard"].pattern.split(";")[0]
    whole = pattern.replace(".00", "")
    at = max(whole.rfind(sign) for sign in "0#") + 1
    return whole[:at] + (f".{'0' * decimals}" if decimals else "") + whole[at:]
