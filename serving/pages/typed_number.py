"""Numbers that a person types, by the custom of one country or another."""

import math
import re

from serving.pages.words import cut

# Commas between groups of three part thousands; any other comma is that of decimals.
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


def number_of(text: str) -> float:
    """Return a number as people write it: 1,000 or 2.50 or 2,5, a trailing % allowed.

    Raises
    ------
    ValueError
        If it is none; the message says so to the person.
    """
    plain = text.removesuffix("%").replace("\u00a0", "").replace(" ", "")
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    elif plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in plain:
        raise ValueError(f"“{cut(text, 20)}” is no number; write it as in 2.50.")
    return number
