"""Scores in sentences."""

from collections.abc import Mapping
from typing import Any

from serving.pages.words import days, money

# Below this an amount is written as 0.00.
NEXT_TO_NOTHING = 0.005


def value_sentence(row: Mapping[str, Any]) -> str:
    """Say what the quantiles of a scored row's predicted value mean for customers like it."""
    low, median, high = (row.get(name) for name in ("clv_p10", "clv_p50", "clv_p90"))
    if low is None or median is None or high is None:
        return ""
    within = f"in the next {days(row['value_horizon_days'])}"
    back = low <= -NEXT_TO_NOTHING
    returned = f" 1 in 10 gets back {money(-low)} or more." if back else ""
    if high < NEXT_TO_NOTHING:
        sure = f"Almost surely nothing: at least 9 of 10 such customers spend nothing {within}."
        return sure + returned
    if median < NEXT_TO_NOTHING:
        return (
            f"Most likely nothing: at least half of such customers spend nothing {within}. "
            f"1 in 10 spends more than {money(high)}.{returned}"
        )
    if back:
        return (
            f"Half of such customers spend more than {money(median)} {within}, 1 in 10 more than "
            f"{money(high)}.{returned}"
        )
    return (
        f"8 of 10 such customers spend between {money(low)} and {money(high)} {within}; "
        f"half spend more than {money(median)}."
    )
