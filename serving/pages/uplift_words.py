"""What uplift tells, in words: the verdict, the groups, what it learns from."""

import math
from collections.abc import Mapping
from typing import Any

from serving.lists.uplift_answer import EARNS, TOO_CLOSE
from serving.pages.lists_words import points
from serving.pages.words import MINUS, count_of, money, number, percent, plain, whole_money

FEATURES = {
    "return_probability": "chance to order again without a contact",
    "expected_spend": "spend if they do order",
    "predicted_clv": "predicted value",
    "predicted_number_of_orders": "expected orders",
    "historic_clv": "spent so far",
    "historic_number_of_orders": "orders so far",
    "average_order_value": "average order",
    "average_days_between_orders": "days between orders",
    "days_since_last": "days since the last order",
    "usual_churn_probability": "usual risk of customers with as many orders",
}
SHARES = ("return_probability", "usual_churn_probability")
AMOUNTS = ("expected_spend", "predicted_clv", "historic_clv", "average_order_value")
WHOLE = ("historic_number_of_orders", "days_since_last")
LEARNERS = {
    "x": "the X-learner",
    "t": "the T-learner",
    "class": "class transformation",
}


def verdict_words(switch: Mapping[str, Any], tests: int) -> tuple[str, str]:
    """A heading and a sentence on whether uplift ranks new lists, and why.

    Parameters
    ----------
    tests : number of lists that it was tested on
    """
    lists = "the test list" if tests == 1 else f"the {number(tests)} test lists"
    off = "Uplift does not rank new lists"
    if switch["reason"] == TOO_CLOSE:
        differ = count_of(switch["moved"], "customer")
        told = f"Its ranking and the one in use differ in {differ} of {lists}: too few to compare."
        return off, told
    gain, low = switch["gain"], whole_money(switch["low"])
    more = f"{whole_money(abs(gain))} {'more' if gain >= 0 else 'less'}"
    told = f"Ranked by it, {lists} would have earned {more} than as they were ranked"
    if switch["reason"] == EARNS:
        return "Uplift ranks new lists", f"{told}, at least {low} more with 99.9% confidence."
    sure = f"the lower bound at 99.9% confidence is {low}, and it must be above 0"
    return off, f"{told}. That is not sure enough: {sure}."


def group_words(group: Mapping[str, Any]) -> str:
    """Who is in a group: its ranges in words, or its name where it has none."""
    if not group["ranges"]:
        name = str(group["name"])
        return f"{name[:1].upper()}{name[1:]}"
    told = "; ".join(_range(each) for each in group["ranges"])
    return f"{told[:1].upper()}{told[1:]}"


def feature_words(name: str) -> str:
    """A field that uplift learns from, in words."""
    return FEATURES.get(name, plain(name))


def effect_words(effect: Mapping[str, Any] | None) -> tuple[str, str]:
    """A difference of return rates and its interval, in points."""
    if effect is None or effect["mean"] is None:
        return "–", ""
    if effect["low"] is None or effect["high"] is None:
        return points(effect["mean"]), ""
    low = points(effect["low"]).removesuffix(" points")
    return points(effect["mean"]), f"{low} to {points(effect['high'])}"


def qini_words(qini: Mapping[str, Any] | None) -> tuple[str, str]:
    """A Qini coefficient and its interval, in returns of 100 customers."""
    if qini is None or qini["mean"] is None:
        return "–", ""
    mean, low, high = (_signed(100 * qini[name]) for name in ("mean", "low", "high"))
    return mean, f"{low} to {high}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)


def _range(limits: Mapping[str, Any]) -> str:
    feature = str(limits["feature"])
    parts = []
    if limits["above"] is not None:
        parts.append(f"above {_value(feature, limits['above'])}")
    if limits["at_most"] is not None:
        parts.append(f"at most {_value(feature, limits['at_most'])}")
    return f"{feature_words(feature)} {' and '.join(parts)}"


def _value(feature: str, limit: float) -> str:
    if feature in SHARES:
        return percent(limit)
    if feature in AMOUNTS:
        return money(limit)
    # Above 149.5 whole days are those above 149.
    return number(math.floor(limit) if feature in WHOLE else limit)
