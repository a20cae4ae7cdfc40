"""Checks of how the dashboard is to write: a locale, a currency."""

import re


def known_locale(value: str) -> str:
    """Return the locale if the ways of its numbers and days are known, as `en-GB` or `de-DE`."""
    from babel import Locale, UnknownLocaleError

    fault = f"must be a language and a country as in en-GB, en-US or de-DE, got {value!r}"
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", value):
        raise ValueError(fault)
    try:
        Locale.parse(value, sep="-")
    except UnknownLocaleError:
        raise ValueError(fault) from None
    return value


def currency_code(value: str) -> str:
    """Return the code if it looks like one of ISO 4217, as `EUR`."""
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"must be three capital letters as in EUR or USD, got {value!r}")
    return value
