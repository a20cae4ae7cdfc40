"""A list as it was decided: members with their arm, what it promised, and a hash of both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from retention.lists.gain import ExpectedGain

FORMAT = "perennial list 1"
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
    holdout : {`share`, `detectable_effect`, `sufficient`, `sentence`}
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


def canonical_bytes(list_id: str, terms: Mapping[str, Any], members: pd.DataFrame) -> bytes:
    """The bytes that are hashed: one JSON line for the head, one a member by customer id.

    Computed amounts are not in it, whose last digit may differ between machines; what was declared,
    and who is in which arm, is.

    Raises
    ------
    ValueError
        If a number of the terms is not finite.
    """
    head = {"format": FORMAT, "list_id": list_id, "terms": dict(terms), "members": len(members)}
    rows = members[list(HASHED)].sort_values("customer_id").itertuples(index=False, name=None)
    lines = [_line(head), *(_member(str(c), str(arm), int(stratum)) for c, arm, stratum in rows)]
    return ("\n".join(lines) + "\n").encode("ascii")


def digest_of(list_id: str, terms: Mapping[str, Any], members: pd.DataFrame) -> str:
    """sha256 of the canonical bytes, hexadecimal."""
    return hashlib.sha256(canonical_bytes(list_id, terms, members)).hexdigest()


def _member(customer_id: str, arm: str, stratum: int) -> str:
    # Letters and digits of ASCII need no encoder, which takes most of the time.
    if customer_id.isascii() and customer_id.isalnum():
        return f'["{customer_id}","{arm}",{stratum}]'
    return _line([customer_id, arm, stratum])


def _line(value: Any) -> str:
    return _ENCODER.encode(value)
