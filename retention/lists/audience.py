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
    "reach_unknown",
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


class UnknownChannel(ValueError):  # noqa: N818 - it names a state
    """A channel by which no customer can be reached."""


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
        shop has a customers' table. Who is not told about may be contacted, but by no channel that
        is asked for by name
    rules, barred : by default nobody is barred and only the lapsed are left out

    Raises
    ------
    ValueError
        If a column is missing.
    UnknownChannel
        If nobody can be reached by the channel.
    """
    rules, barred = rules or AudienceRules(), barred or Barred()
    _check(scores, rules)
    unreachable, reach_unknown = _out_of_reach(scores, rules.channel)
    why = {
        **_by_status(scores),
        "no_contact": _flag(scores, "no_contact"),
        "unreachable": unreachable,
        "reach_unknown": reach_unknown,
        **_by_bar(scores, barred),
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


def _out_of_reach(scores: pd.DataFrame, channel: str | None) -> tuple[Mask, Mask]:
    """Who cannot be reached, by the channel if one is asked for; and of whom that is not known."""
    nobody = np.zeros(len(scores), bool)
    texts = scores["reachable_by"] if "reachable_by" in scores else pd.Series([None] * len(scores))
    # Few texts tell of many customers.
    codes, told = pd.factorize(texts)
    channels = [_channels(str(text)) for text in told]
    unknown = np.asarray(codes < 0)
    if channel is None:
        return np.array([*(not each for each in channels), False], bool)[codes], nobody
    asked = channel.lower()
    known = sorted(set[str]().union(*channels))
    if len(scores) and asked not in known:
        raise UnknownChannel(_unknown_channel(channel, known))
    return np.array([*(asked not in each for each in channels), False], bool)[codes], unknown


def _channels(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", text.lower()))


def _unknown_channel(channel: str, known: Collection[str]) -> str:
    if not known:
        return (
            f"no customer is known to be reached by {channel!r}, for no channel is known at all; "
            "leave the channel out, or tell `reachable_by` in the table of customers"
        )
    return f"no customer can be reached by {channel!r}; the channels known are {', '.join(known)}"


def _by_bar(scores: pd.DataFrame, barred: Barred) -> dict[str, Mask]:
    """Who is barred, by reason, in one pass over all customers."""
    groups = {
        "held_out_elsewhere": frozenset(barred.held_out),
        "global_control": frozenset(barred.global_control),
        "contact_cap": frozenset(barred.contact_cap),
    }
    anybody = frozenset[str]().union(*groups.values())
    ids = scores["customer_id"].to_numpy(object)
    # A text knows its hash: to ask a set is several times quicker than `isin`.
    there = np.zeros(0, np.int64)
    if anybody:
        there = np.flatnonzero(np.fromiter(map(anybody.__contains__, ids), bool, len(ids)))
    return {name: _at(there, ids, group) for name, group in groups.items()}


def _at(there: NDArray[np.int64], ids: NDArray[np.object_], group: frozenset[str]) -> Mask:
    mask = np.zeros(len(ids), bool)
    mask[there] = [each in group for each in ids[there]]
    return mask


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
