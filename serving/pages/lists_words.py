"""Contact lists in words: who is left out and why, what was declared, what an outcome is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from serving.pages.words import (
    MINUS,
    count_of,
    day,
    money,
    number,
    of_100,
    plain,
    whole_money,
)

LEFT_OUT = {
    "not_scored": "not scored: silent for too long, only refunds, or no profile wanted",
    "too_new": "too new to be scored",
    "no_contact": "do not want to be contacted",
    "unreachable": "cannot be reached, or not by this channel",
    "reach_unknown": "not known to be reached by this channel",
    "held_out_elsewhere": "held out by another list that runs at the same time",
    "global_control": "in the standing control group",
    "contact_cap": "contacted as often as is allowed already",
    "lapsed": "lapsed: silent for far longer than usual",
    "value_unknown": "without a value, so nothing can be expected of a contact",
    "filtered_out": "not asked for: other tiers, stages or amounts",
}
ARMS = {"contacted": "to be contacted", "held_out": "held out"}
FINAL = "final"
OUTCOME_NAMES = {"return_rate": "Return rate", "revenue": "Revenue", "profit": "Profit"}
OUTCOME_NOTES = {
    "return_rate": "how many of 100 ordered again",
    "revenue": "spent by a customer, net of refunds",
    "profit": "of a customer: margin less contact and incentive",
}
LEAST_CHANCE = 0.001
ASSUMPTIONS = {"save_rate": "Save rate", "margin": "Margin", "contact_cost": "Cost of a contact"}
_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def share(value: float | None, decimals: int = 1) -> str:
    """A share as a percentage with decimals where they tell something, `5%`, `2.5%`."""
    if value is None:
        return "–"
    text = f"{100 * value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text}%".replace("-", MINUS)


def points(value: float | None, *, signed: bool = True) -> str:
    """A difference of shares, `+3.1 points`."""
    if value is None:
        return "–"
    text = f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"
    return f"{text} points".replace("-", MINUS)


def signed_money(amount: float | None) -> str:
    """An amount that says which way it goes, `+12.50`."""
    return f"+{money(amount)}" if amount is not None and amount > 0 else money(amount)


def with_days(sentence: str) -> str:
    """A sentence whose days, `2026-03-31`, are written as on the pages."""
    return _ISO_DAY.sub(lambda found: day(found[0]), sentence)


def rough_money(amount: float) -> str:
    """A signed amount without decimals where these tell nothing, as in the verdict."""
    if abs(amount) < 100:
        return signed_money(amount)
    return f"+{whole_money(amount)}" if amount > 0 else whole_money(amount)


def audience_words(asked: Mapping[str, Any]) -> str:
    """Who was asked for, in one sentence.

    Parameters
    ----------
    asked : `audience` of the body of a list
    """
    told = []
    for name, noun in (
        ("risk_tier", "risk"),
        ("value_tier", "value"),
        ("lifecycle_status", "stage"),
        ("rfm_group", "group"),
    ):
        if asked.get(name):
            told.append(f"{noun} {_or([plain(code) for code in asked[name]])}")
    if asked.get("min_value_at_risk") is not None:
        told.append(f"value at risk from {money(asked['min_value_at_risk'])}")
    if asked.get("min_churn_probability") is not None:
        told.append(f"risk from {share(asked['min_churn_probability'])}")
    if asked.get("channel"):
        told.append(f"reachable by {asked['channel']}")
    who = "Customers with " + "; ".join(told) if told else "All customers"
    lapsed = "the lapsed among them" if asked.get("include_lapsed") else "without the lapsed"
    return f"{who}, {lapsed}."


def reach_words(terms: Mapping[str, Any]) -> str:
    """How far the list goes."""
    told = []
    if terms.get("budget") is not None:
        told.append(f"a budget of {money(terms['budget'])}")
    if terms.get("max_contacts") is not None:
        told.append(f"{count_of(terms['max_contacts'], 'contact')} at most")
    return " and ".join(told) if told else "as far as a contact is expected to pay"


def incentive_words(assumed: Mapping[str, Any]) -> str:
    """The incentive and who is taken to use it."""
    if not assumed.get("incentive"):
        return "none"
    return (
        f"{money(assumed['incentive'])} for everybody alike; used by "
        f"{share(assumed['redemption_saved'])} of those won back and "
        f"{share(assumed['redemption_anyway'])} of those who would have bought anyway"
    )


def save_rate_words(rate: Mapping[str, Any]) -> str:
    """The save rate, how sure it is, and where it comes from."""
    origin = "measured by a readout" if rate.get("origin") == "measured" else "assumed"
    return f"{share(rate['mean'])} ± {share(rate['sd'])[:-1]} points, {origin}"


def holdout_words(terms: Mapping[str, Any]) -> str:
    """What was asked of the hold-out."""
    if terms["holdout"] == "auto":
        return f"as few as can show {points(terms['detect'], signed=False)}"
    return share(terms["holdout"])


def gain_words(gain: Mapping[str, Any], rate: Mapping[str, Any]) -> str:
    """The chance that a list loses, and from which save rate it pays, in two sentences.

    Parameters
    ----------
    rate : the save rate that was taken, with its `mean` and `origin`
    """
    # Simulations in which none loses do not show that none can.
    cases = of_100(max(float(gain["chance_of_loss"]), LEAST_CHANCE))
    chance = f"It loses money in {cases} cases."
    least = gain.get("break_even_save_rate")
    if least is None:
        return f"{chance} There is no save rate from which it would pay."
    told = "was measured" if rate.get("origin") == "measured" else "is assumed"
    return (
        f"{chance} It breaks even at a save rate of {share(least)}; {share(rate['mean'])} {told}."
    )


def declared(terms: Mapping[str, Any], churn_days: int) -> list[tuple[str, str]]:
    """What was declared when a list was made, as pairs of a name and a text."""
    assumed = terms["assumed"]
    return [
        ("Goes", reach_words(terms)),
        ("A contact costs", money(assumed["contact_cost"])),
        ("Incentive", incentive_words(assumed)),
        ("Margin", share(assumed["margin"])),
        ("Save rate", save_rate_words(assumed["save_rate"])),
        ("Spend of those won back", f"{share(assumed['kappa'])} of those who stay"),
        ("Hold-out", holdout_words(terms)),
        ("Primary outcome", OUTCOME_NAMES[terms["primary_outcome"]]),
        ("Readout on", day(terms["readout_on"])),
        ("Looks ahead", count_of(churn_days, "day")),
        *_rules(terms),
    ]


def outside_words(counts: Mapping[str, int]) -> str:
    """The sample from outside of the list, in a sentence; empty without one."""
    contacted, held = counts.get("outside_contacted", 0), counts.get("outside_held_out", 0)
    if not contacted + held:
        return ""
    return (
        f"Besides, {count_of(contacted + held, 'customer')} drawn from those not on the list: "
        f"{number(contacted)} contacted, {number(held)} held out."
    )


def _rules(terms: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else was declared, if it was."""
    told, cap = [], terms.get("contact_cap")
    if cap:
        often = count_of(cap["contacts"], "contact")
        told.append(("Left out", f"who had {often} or more in {count_of(cap['days'], 'day')}"))
    if terms.get("global_control"):
        told.append(("Control group", "the shop’s standing one is kept out"))
    if terms.get("outside_sample"):
        told.append(("Sample outside", "5% of those not on the list, half of it held out"))
    return told


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def size_words(counts: Mapping[str, int]) -> str:
    """How many a list contacts and holds out, in one phrase."""
    return f"{number(counts['contacted'])} contacted, {number(counts['held_out'])} held out"
