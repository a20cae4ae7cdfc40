"""Rank the audience by what contact is expected to earn, and see how far the budget goes."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lists.candidates import texts_of
from retention.lists.contact_value import (
    ContactTerms,
    contact_order,
    contact_terms,
    expected_outlay,
    expected_profit,
    with_response,
)
from retention.lists.holdout import STRATA, held_out_sizes
from retention.lists.plan import ListPlan
from retention.lists.power import AutoShare, auto_share

Float = NDArray[np.float64]
COLUMNS = ("customer_id", "return_probability", "expected_spend")
# Ranks go by millionths of the currency: the last bit of a sum may differ between machines.
DIGITS = 6


@dataclass(frozen=True)
class Ranked:
    """Customers worth contacting, best first.

    Attributes
    ----------
    ids : shape (n,), text
    spend : shape (n,), currency, expected given a return
    terms : what a contact of each is made of
    profit, outlay : shape (n,), currency, expected of a contact
    response : shape (n,), effect of contact over the usual one, 1 where it is not told
    """

    ids: NDArray[np.object_]
    spend: Float
    terms: ContactTerms
    profit: Float
    outlay: Float
    response: Float

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def spent(self) -> Float:
        """Expected outlay of the first 0, 1, 2 ... customers together, shape (n + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.outlay)])

    def at(self, which: NDArray[Any]) -> "Ranked":
        """Some of the customers, by mask or by position."""
        return Ranked(
            self.ids[which], self.spend[which], self.terms.at(which), self.profit[which],
            self.outlay[which], self.response[which],
        )  # fmt: skip

    def by_profit(self) -> NDArray[np.int64]:
        """Positions from the highest expected profit down, equal ones by id."""
        return np.lexsort((self.ids.astype(str), -np.round(self.profit, DIGITS)))


def rank_candidates(candidates: pd.DataFrame, plan: ListPlan) -> Ranked:
    """Those with an expected profit above 0, best first.

    Parameters
    ----------
    candidates : as `retention.lists.build.build_list` takes them

    Raises
    ------
    ValueError
        If a column is missing or an id stands twice.
    """
    missing = sorted(set(COLUMNS) - set(candidates.columns))
    if missing:
        raise ValueError(f"candidates lack columns {missing}; they need {list(COLUMNS)}")
    ids = texts_of(candidates["customer_id"])
    ties = _tie_break(ids)
    p, spend = (candidates[c].to_numpy(float) for c in COLUMNS[1:])
    cost = candidates["contact_cost"].to_numpy(float) if "contact_cost" in candidates else None
    response = np.ones(len(ids))
    if "response" in candidates:
        response = candidates["response"].to_numpy(float)
    terms = with_response(contact_terms(p, spend, plan.assumed, cost), response)
    profit = expected_profit(terms, plan.assumed.save_rate.mean)
    outlay = expected_outlay(terms, plan.assumed)
    paid = np.round(outlay, DIGITS) if plan.budget is not None else None
    order = contact_order(np.round(profit, DIGITS), ties, paid)
    return Ranked(ids, spend, terms, profit, outlay, response).at(order)


def _tie_break(ids: NDArray[np.object_]) -> NDArray[Any]:
    """What equal candidates are ordered by: their ids, or the places of ids that ascend already."""
    index = pd.Index(ids, dtype=object)
    if index.is_monotonic_increasing and not (ids[1:] == ids[:-1]).any():
        return np.arange(len(ids))
    repeated = index.duplicated()
    if repeated.any():
        first = ids[repeated][0]
        raise ValueError(
            f"{int(repeated.sum())} of {len(ids)} candidates stand twice, first {first!r}; "
            "give one row a customer"
        )
    return ids.astype(str)


def reach(ranked: Ranked, plan: ListPlan, share: float) -> int:
    """How many ranked customers the budget and the limit reach with a share held out.

    By the number that is really held out, each stratum's being rounded up; of the budget every
    customer is taken to bear a like part, as long as nothing is drawn.
    """
    size = len(ranked)
    if plan.budget is not None:
        spent, budget = ranked.spent, plan.budget

        def pays(n: int) -> bool:
            return bool(spent[n] * (n - held_out_sizes(n, share)) <= budget * n)

        size = _last(size, pays)
    if plan.max_contacts is not None:
        most = plan.max_contacts
        size = _last(size, lambda n: n - held_out_sizes(n, share) <= most)
    return size


def _last(size: int, fits: Callable[[int], bool]) -> int:
    """The last whole number up to `size` that fits, where less fits the sooner."""
    found = bisect_right(range(1, size + 1), False, key=lambda n: not fits(n))
    # Where one more customer makes one more stratum, another may be held out instead of contacted.
    beyond = range(found + 1, min(size, found + STRATA) + 1)
    return max((n for n in beyond if fits(n)), default=found)


def share_of(ranked: Ranked, plan: ListPlan) -> tuple[float, AutoShare | None]:
    """The share that is held out, and what `auto` found where that picks it."""
    if not isinstance(plan.holdout, str):
        return plan.holdout, None
    auto = auto_share(ranked.terms.p, plan.detect, lambda share: reach(ranked, plan, share))
    return auto.share, auto
