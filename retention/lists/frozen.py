"""A list as it was decided: members with their arm, what it promised, and a hash of both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from retention.lists.gain import ExpectedGain

# The first form covers what was declared and who is in which arm, the second the whole head too.
FORMAT, WHOLE_FORMAT = "perennial list 1", "perennial list 2"
# Term that says in which form a list was hashed; one of before lacks it.
MARK = "format"
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)
HASHED = ("customer_id", "arm", "stratum")


@dataclass(frozen=True)
class FrozenList:
    """A contact list that does not change any more.

    Attributes
    ----------
    list_id : its name
    members : DataFrame in the order of rank: `customer_id`, `rank` (1 = best), `stratum` (0-9),
        `arm` (`contacted` or `held_out`), `return_probability`, `expected_spend`, `contact_cost`,
        `expected_outlay`, `expected_profit`, `break_even_save_rate` (currency; null: never pays)
    counts : of the audience, then `listed`, `contacted`, `held_out`
    gain : expected net gain of contacting the contacted
    outlay : currency, expected cost of the contacted: contacts and incentives redeemed
    sensitivity : DataFrame, see `retention.lists.gain.sensitivity`
    holdout : {`share`, `detectable_effect`, `sufficient`, `sentence`}; the share is that of the
        draw, which rounds up in each stratum
    terms : what was declared, JSON values: assumptions, budget, primary outcome, date of readout
    """

    list_id: str
    members: pd.DataFrame
    counts: dict[str, int]
    gain: ExpectedGain
    outlay: float
    sensitivity: pd.DataFrame
    holdout: dict[str, Any]
    terms: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """sha256 over list, terms and members' arms, hexadecimal."""
        return digest_of(self.list_id, self.terms, self.members)


def canonical_bytes(
    list_id: str,
    terms: Mapping[str, Any],
    members: pd.DataFrame,
    told: Mapping[str, Any] | None = None,
) -> bytes:
    """The bytes that are hashed: one JSON line for the head, one a member by customer id.

    Members' amounts are not in it, whose last digit may differ between machines; what was declared,
    and who is in which arm, is.

    Parameters
    ----------
    told : the rest of the head, in the second form; None in the first

    Raises
    ------
    ValueError
        If a number of the terms is not finite.
    """
    head = canonical_head(list_id, terms, len(members), told)
    rows = members[list(HASHED)].sort_values("customer_id").itertuples(index=False, name=None)
    lines = [head, *(_member(str(c), str(arm), int(stratum)) for c, arm, stratum in rows)]
    return ("\n".join(lines) + "\n").encode("ascii")


def canonical_head(
    list_id: str, terms: Mapping[str, Any], members: int, told: Mapping[str, Any] | None = None
) -> str:
    """The first of the lines that are hashed.

    Parameters
    ----------
    members : how many there are
    told : as of `canonical_bytes`
    """
    head: dict[str, Any] = {"list_id": list_id, "terms": dict(terms), "members": members}
    if told is None:
        return _line({**head, "format": FORMAT})
    return _line({**head, "format": WHOLE_FORMAT, "head": dict(told)})


def digest_of(
    list_id: str,
    terms: Mapping[str, Any],
    members: pd.DataFrame,
    told: Mapping[str, Any] | None = None,
) -> str:
    """sha256 of the canonical bytes, hexadecimal."""
    return hashlib.sha256(canonical_bytes(list_id, terms, members, told)).hexdigest()


def _member(customer_id: str, arm: str, stratum: int) -> str:
    # Letters and digits of ASCII need no encoder, which takes most of the time.
    if customer_id.isascii() and customer_id.isalnum():
        return f'["{customer_id}","{arm}",{stratum}]'
    return _line([customer_id, arm, stratum])


def _line(value: Any) -> str:
    return _ENCODER.encode(value)
