"""Who may be contacted at all: counted first, then filtered.

Every customer is counted once, under the first rule that leaves it out, so that the counts add up.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
REQUIRED = ("customer_id", "score_status", "lifecycle_status", "churn_probability", "value_at_risk")
# In the order in which they are counted.
LEFT_OUT = (
    "not_scored",
    "too_new",
    "no_contact",
    "unreachable",
    "held_out_elsewhere",
    "global_control",
    "contact_cap",
    "lapsed",
    "value_unknown",
    "filtered_out",
)


@dataclass(frozen=True)
class AudienceRules:
    """Who is wanted.

    Attributes
    ----------
    lapsed : whether customers whose status is `lapsed` are wanted; by default they are not
    channel : of the contact; None where any will do
    allowed : column -> values that are wanted, such as {"value_tier": ("top", "high")}
    at_least : column -> least number that is wanted, such as {"value_at_risk": 20.0}
    """

    lapsed: bool = False
    channel: str | None = None
    allowed: Mapping[str, Collection[str]] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Barred:
    """Customers who may not be listed now, whatever their score.

    Attributes
    ----------
    held_out : of a list that overlaps this one in time
    global_control : the shop's standing control group
    contact_cap : contacted as often as is allowed
    """

    held_out: Collection[str] = ()
    global_control: Collection[str] = ()
    contact_cap: Collection[str] = ()


@dataclass(frozen=True)
class Audience:
    """Positions of the customers that may be contacted, and how many were left out and why.

    Attributes
    ----------
    positions : rows of the frame given, ascending, shape (n,)
    counts : `customers`, then one count a reason of `LEFT_OUT`, then `eligible`; customers =
        eligible + all reasons
    """

    positions: NDArray[np.int64]
    counts: dict[str, int]


def audience_of(
    scores: pd.DataFrame, rules: AudienceRules | None = None, barred: Barred | None = None
) -> Audience:
    """Count and filter the customers of a batch.

    Parameters
    ----------
    scores : DataFrame with the columns `REQUIRED`, one row a customer; `no_contact` (bool) and
        `reachable_by` (text, names of channels; empty = by none, null = not known) if the
        shop has a customers' table
    rules, barred : by default nobody is barred and only the lapsed are left out

    Raises
    ------
    ValueError
        If a column is missing.
    """
    rules, barred = rules or AudienceRules(), barred or Barred()
    _check(scores, rules)
    why = {
        **_by_status(scores),
        "no_contact": _flag(scores, "no_contact"),
        "unreachable": ~_reachable(scores, rules.channel),
        "held_out_elsewhere": _among(scores, barred.held_out),
        "global_control": _among(scores, barred.global_control),
        "contact_cap": _among(scores, barred.contact_cap),
        "lapsed": np.zeros(len(scores), bool)
        if rules.lapsed
        else _equals(scores, "lifecycle_status", "lapsed"),
        "value_unknown": _unknown(scores),
        "filtered_out": ~_wanted(scores, rules),
    }
    left = np.ones(len(scores), bool)
    counts = {"customers": len(scores)}
    for reason in LEFT_OUT:
        counts[reason] = int((left & why[reason]).sum())
        left &= ~why[reason]
    counts["eligible"] = int(left.sum())
    return Audience(np.flatnonzero(left), counts)


def _check(scores: pd.DataFrame, rules: AudienceRules) -> None:
    needed = [*REQUIRED, *rules.allowed, *rules.at_least]
    missing = sorted(set(needed) - set(scores.columns))
    if missing:
        raise ValueError(
            f"scores lack columns {missing}, they have {sorted(scores.columns)}; "
            "a list is made from score rows"
        )


def _by_status(scores: pd.DataFrame) -> dict[str, Mask]:
    new, scored = (_equals(scores, "score_status", value) for value in ("too_new", "scored"))
    return {"too_new": new, "not_scored": ~new & ~scored}


def _equals(scores: pd.DataFrame, name: str, value: str) -> Mask:
    # Far faster than a comparison where a column is one of categories.
    return np.asarray(scores[name].isin([value]).to_numpy(bool))


def _flag(scores: pd.DataFrame, name: str) -> Mask:
    if name not in scores:
        return np.zeros(len(scores), bool)
    # Consent that is not known bars nobody; the shop's own rule stands in its customers' table.
    return np.asarray(scores[name].astype("boolean").fillna(False).to_numpy(bool))


def _reachable(scores: pd.DataFrame, channel: str | None) -> Mask:
    if "reachable_by" not in scores:
        return np.ones(len(scores), bool)
    # Few texts tell of many customers; one that is not told bars nobody.
    codes, texts = pd.factorize(scores["reachable_by"])
    found = [_reaches(str(text), channel) for text in texts]
    return np.array([*found, True], bool)[codes]


def _reaches(text: str, channel: str | None) -> bool:
    words = re.findall(r"[\w-]+", text.lower())
    return bool(words) if channel is None else channel.lower() in words


def _among(scores: pd.DataFrame, customers: Collection[str]) -> Mask:
    if not len(customers):
        return np.zeros(len(scores), bool)
    return np.asarray(scores["customer_id"].isin(set(customers)).to_numpy(bool))


def _unknown(scores: pd.DataFrame) -> Mask:
    numbers = scores[["churn_probability", "value_at_risk"]].apply(pd.to_numeric).to_numpy(float)
    return np.asarray(~np.isfinite(numbers).all(axis=1), bool)


def _wanted(scores: pd.DataFrame, rules: AudienceRules) -> Mask:
    wanted = np.ones(len(scores), bool)
    for name, values in rules.allowed.items():
        wanted &= scores[name].isin(set(values)).to_numpy(bool)
    for name, least in rules.at_least.items():
        wanted &= pd.to_numeric(scores[name]).to_numpy(float) >= least
    return wanted
