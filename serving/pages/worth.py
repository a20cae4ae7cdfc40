"""What one customer is worth, as a panel of the customer's page."""

import re
from collections.abc import Mapping
from typing import Any

from serving.customer_value import card_of, customer_value
from serving.pages.portfolio import STEP_WORDS, SUMS
from serving.pages.state import Parts
from serving.pages.words import count_of, money, number, percent
from serving.store.batch import Batch

AMOUNTS = ("historic", "predicted", "total")
ACQUISITION = ("acquisition", "contribution_after_acquisition")
# What a ratio is called, and what its number is.
RATIOS = {
    "clv_to_acquisition_cost": (
        "CLV : acquisition cost",
        "contribution to date and expected, for each 1 that winning this customer cost",
    ),
    "payback_months": (
        "Payback",
        "from the first order until contribution covers what winning this customer cost",
    ),
    "first_order_share": (
        "First order",
        "its share of net revenue to date and expected",
    ),
}
# Said elsewhere on the page.
UNSAID = ("no_prediction",)
CODE = re.compile(r"`([^`]*)`")


def worth_panel(parts: Parts, batch: Batch, customer_id: str) -> dict[str, Any] | None:
    """What the panel shows; None where there is nothing to date either."""
    card = card_of(parts.holder.champion, batch)
    now = parts.clock()
    told = customer_value(parts.answers, parts.settings, card, batch, customer_id, now)
    if told is None or all(step["historic"] is None for step in told["steps"]):
        return None
    return {
        "steps": worth_steps(told),
        "days": told["value_horizon_days"],
        "ratios": [_ratio(name, told[name]) for name in RATIOS if told[name] is not None],
        "first": _first(told),
        "formula": formula_words(told),
        "costs": costs_words(told["economics"]),
        "because": [
            in_parts(each["sentence"]) for each in told["because"] if each["code"] not in UNSAID
        ],
    }


def worth_steps(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the ladder of which something is known, with their names.

    What is expected after acquisition is left out where the acquisition cost is not known: it
    would be the contribution again.
    """
    found = []
    for step in told["steps"]:
        name = step["step"]
        if all(step[amount] is None for amount in AMOUNTS):
            continue
        if name in ACQUISITION and step["historic"] is None:
            continue
        title, note = STEP_WORDS[name]
        found.append({**step, "title": title, "note": note, "is_sum": name in SUMS})
    return found


def formula_words(told: Mapping[str, Any]) -> list[str]:
    """The formula with its factors, what it says of the model's days, how far both were off."""
    formula, days = told["formula"], told["value_horizon_days"]
    if formula is None:
        return []
    factors = (
        f"{money(formula['average_order_value'])} an order × {formula['orders_a_year']:.2f} "
        f"orders a year × {formula['years_of_custom']:.2f} years of custom = "
        f"{money(told['simple_clv'])}"
    )
    capped = f"Years count up to {formula['cap']:.2f}."
    found = [f"{factors}. {capped}"]
    if formula["within_horizon"] is not None:
        found.append(
            f"Of the next {count_of(days, 'day')} it says {money(formula['within_horizon'])}, the "
            f"model {money(told['predicted_clv'])}."
        )
    bias = told["formula_bias"]
    return [*found, bias["sentence"]] if bias is not None else found


def costs_words(economics: Mapping[str, Any]) -> str:
    """What is taken off, in a sentence; empty without a margin."""
    if economics["margin"] is None:
        return ""
    serving, keeping = economics["serving_per_order"], economics["retention_per_year"]
    margin = f"Margin {percent(economics['margin'])} of net"
    if not serving and not keeping:
        return f"{margin}; no costs of serving an order or of keeping a customer are set."
    return (
        f"{margin}; an order costs {money(serving)} to serve, a year of keeping {money(keeping)}."
    )


def in_parts(sentence: str) -> list[tuple[bool, str]]:
    """A sentence as parts, each with whether it is the name of a setting, column or command."""
    parts = CODE.split(sentence)
    return [(k % 2 == 1, part) for k, part in enumerate(parts) if part]


def _ratio(name: str, value: float) -> dict[str, str]:
    title, note = RATIOS[name]
    text = percent(value) if name == "first_order_share" else number(value)
    if name == "payback_months":
        text = f"{text} months" if value != 1 else "1 month"
    return {"title": title, "note": note, "value": text}


def _first(told: Mapping[str, Any]) -> dict[str, Any] | None:
    if told["first_order"] is None:
        return None
    return {"on": told["first_ordered_on"], "amount": told["first_order"]}
