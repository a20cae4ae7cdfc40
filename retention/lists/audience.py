"""Who may be contacted at all: counted first, then filtered.

Every customer is counted once, under the first rule that leaves it out, so that the counts add up.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

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
ELIGIBLE = len(LEFT_OUT)
NUMBERS = ("churn_probability", "value_at_risk")


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


@dataclass(frozen=True)
class Crowd:
    """Customers of whom many are alike: what a rule asks of a kind is answered once for all of it.

    Attributes
    ----------
    kinds : DataFrame with one row a kind: `score_status`, `lifecycle_status`, and whatever else
        `audience_of` reads that is no number and no id
    kind_of : row of each customer's kind, shape (n,)
    numbers : `churn_probability`, `value_at_risk`, shape (n,) each
    """

    kinds: pd.DataFrame
    kind_of: NDArray[np.integer[Any]]
    numbers: Mapping[str, NDArray[np.float64]]


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
    rules = rules or AudienceRules()
    _check(scores.columns, rules)
    names = {*NUMBERS, *rules.at_least}
    numbers = {name: pd.to_numeric(scores[name]).to_numpy(float) for name in names}
    crowd = Crowd(scores, np.arange(len(scores)), numbers)
    groups = _groups(barred or Barred())
    return audience_in(crowd, rules, {name: _at(scores, ids) for name, ids in groups.items()})


def audience_in(
    crowd: Crowd, rules: AudienceRules, barred: Mapping[str, NDArray[np.int64]]
) -> Audience:
    """The same of customers of whom many are alike.

    Parameters
    ----------
    barred : places of those who may not be listed now, by reason: the names of `Barred`'s, but
        `held_out_elsewhere` for those held out

    Raises
    ------
    ValueError
        If a rule asks for a column that there is none of.
    UnknownChannel
        If nobody can be reached by the channel.
    """
    kinds = crowd.kinds
    _check(("customer_id", *kinds.columns, *crowd.numbers), rules)
    unreachable, reach_unknown = _out_of_reach(kinds, rules.channel)
    of_kind = {
        **_by_status(kinds),
        "no_contact": _flag(kinds, "no_contact"),
        "unreachable": unreachable,
        "reach_unknown": reach_unknown,
        "filtered_out": ~_wanted(kinds, rules),
    }
    if not rules.lapsed:
        of_kind["lapsed"] = _equals(kinds, "lifecycle_status", "lapsed")
    first = np.full(len(kinds), ELIGIBLE, np.int8)
    for reason, mask in of_kind.items():
        first[mask] = np.minimum(first[mask], LEFT_OUT.index(reason))
    why = first[crowd.kind_of]
    for name, places in barred.items():
        _leave_out(why, places, name)
    known = np.logical_and.reduce([np.isfinite(crowd.numbers[name]) for name in NUMBERS])
    _leave_out(why, np.flatnonzero(~known), "value_unknown")
    for name, least in rules.at_least.items():
        _leave_out(why, np.flatnonzero(~(crowd.numbers[name] >= least)), "filtered_out")
    found = np.bincount(why, minlength=ELIGIBLE + 1).tolist()
    counts = dict(zip((*LEFT_OUT, "eligible"), found, strict=True))
    return Audience(np.flatnonzero(why == ELIGIBLE), {"customers": len(why), **counts})


def _leave_out(why: NDArray[np.int8], places: NDArray[np.int64], reason: str) -> None:
    """Note a reason of customers who are not left out for one that comes before it."""
    why[places] = np.minimum(why[places], LEFT_OUT.index(reason))


def _check(there: Collection[str], rules: AudienceRules) -> None:
    missing = sorted({*REQUIRED, *rules.allowed, *rules.at_least} - set(there))
    if missing:
        raise ValueError(
            f"scores lack columns {missing}, they have {sorted(there)}; "
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


def _groups(barred: Barred) -> dict[str, Collection[str]]:
    return {
        "held_out_elsewhere": barred.held_out,
        "global_control": barred.global_control,
        "contact_cap": barred.contact_cap,
    }


def _at(scores: pd.DataFrame, group: Collection[str]) -> NDArray[np.int64]:
    if not group:
        return np.empty(0, np.int64)
    ids, wanted = scores["customer_id"].to_numpy(object), frozenset(group)
    # A text knows its hash: to ask a set is several times quicker than `isin`.
    return np.flatnonzero(np.fromiter(map(wanted.__contains__, ids), bool, len(ids)))


def _wanted(scores: pd.DataFrame, rules: AudienceRules) -> Mask:
    wanted = np.ones(len(scores), bool)
    for name, values in rules.allowed.items():
        wanted &= scores[name].isin(set(values)).to_numpy(bool)
    return wanted
