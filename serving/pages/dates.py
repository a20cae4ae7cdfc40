"""When a customer orders next, and when silence becomes a risk, in sentences."""

from collections.abc import Mapping
from typing import Any

from retention.dates import NEXT_ORDER, SILENCE
from serving.pages.words import day, days

# What the sentences below say already needs no line among what cannot be given.
SAID = frozenset((*NEXT_ORDER, *SILENCE))
NO_DATE = {
    "return_unlikely": "An order {within} is less likely than not, so no day is given.",
    "too_few_returners": "Too few customers of this shop have come back so far to tell a day.",
}
ALREADY = "already_above"
NOT_SOON = "not_within_365_days"
SEARCHED = "within the next 365 days"


def next_order_sentence(row: Mapping[str, Any]) -> str:
    """Say when a scored customer orders next if they do, with the range; else why no day is given.

    Empty where the row tells neither, as in batches of an earlier version.
    """
    within = f"in the next {days(row['value_horizon_days'])}"
    middle, early, late = (row.get(name) for name in NEXT_ORDER)
    if not middle:
        code = row.get("missing", {}).get(NEXT_ORDER[0])
        return NO_DATE.get(code, "").format(within=within)
    if not early or not late or early == late:
        return f"If an order comes {within}, it is as likely by {day(middle)} as later."
    return (
        f"If an order comes {within}, it is as likely by {day(middle)} as later, "
        f"and for 8 of 10 such customers between {day(early)} and {day(late)}."
    )


def silence_sentence(row: Mapping[str, Any]) -> str:
    """Say when the risk becomes medium, and high, if no order comes; empty where it is not told."""
    codes = row.get("missing", {})
    medium, high = (row.get(name) for name in SILENCE)
    medium_code, high_code = (codes.get(name) for name in SILENCE)
    if high_code == ALREADY:
        return "The risk is high already."
    if medium and high:
        if medium == high:
            return f"Without an order the risk becomes high on {day(high)}."
        return f"Without an order the risk becomes medium on {day(medium)} and high on {day(high)}."
    if high:
        return f"The risk is medium already; without an order it becomes high on {day(high)}."
    if high_code != NOT_SOON:
        return ""
    if medium:
        return (
            f"Without an order the risk becomes medium on {day(medium)}; it does not become high "
            f"{SEARCHED}."
        )
    if medium_code == ALREADY:
        return f"The risk is medium already; it does not become high {SEARCHED}, even in silence."
    return f"The risk stays low {SEARCHED}, even without an order."
