"""Rank the audience by what contact is expected to earn, and see how far the budget goes."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lists.candidates import Pool, pool_of
from retention.lists.contact_value import (
    ContactTerms,
    ValueAssumptions,
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
# Ranks go by millionths of the currency: the last bit of a sum may differ between machines.
DIGITS = 6


@dataclass(frozen=True)
class Ranked:
    """Customers worth contacting, best first; what is told of them is made when it is asked for.

    Attributes
    ----------
    pool : all candidates
    assumed : money and response
    order : places in the pool, shape (n,)
    """

    pool: Pool
    assumed: ValueAssumptions
    order: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """Their ids, shape (n,), text."""
        return self.pool.ids[self.order]

    @cached_property
    def p(self) -> Float:
        """Probability of a return without contact, shape (n,)."""
        return self.pool.p[self.order]

    @cached_property
    def spend(self) -> Float:
        """Expected net spend given a return, currency, shape (n,)."""
        return self.pool.spend[self.order]

    @cached_property
    def response(self) -> Float | None:
        """Effect of contact over the usual one, shape (n,); None where it is not told."""
        return None if self.pool.response is None else self.pool.response[self.order]

    @cached_property
    def terms(self) -> ContactTerms:
        """What a contact of each is made of."""
        cost = None if self.pool.cost is None else self.pool.cost[self.order]
        terms = contact_terms(self.p, self.spend, self.assumed, cost)
        return with_response(terms, self.response)

    @cached_property
    def profit(self) -> Float:
        """Expected of a contact, currency, shape (n,)."""
        return expected_profit(self.terms, self.assumed.save_rate.mean)

    @cached_property
    def outlay(self) -> Float:
        """Expected cost of a contact, currency, shape (n,)."""
        return expected_outlay(self.terms, self.assumed)

    @cached_property
    def spent(self) -> Float:
        """Expected outlay of the first 0, 1, 2 ... customers together, shape (n + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.outlay)])

    def at(self, which: NDArray[Any]) -> "Ranked":
        """Some of the customers, by mask or by position."""
        return Ranked(self.pool, self.assumed, self.order[which])

    def by_profit(self) -> NDArray[np.int64]:
        """Positions from the highest expected profit down, equal ones by id."""
        return np.lexsort((self.ids.astype(str), -np.round(self.profit, DIGITS)))


def rank_candidates(candidates: pd.DataFrame | Pool, plan: ListPlan) -> Ranked:
    """Those with an expected profit above 0, best first.

    Parameters
    ----------
    candidates : as `retention.lists.build.build_list` takes them, or their arrays

    Raises
    ------
    ValueError
        If a column is missing or an id stands twice.
    """
    pool = candidates if isinstance(candidates, Pool) else pool_of(candidates)
    ties = None if pool.ascending else _tie_break(pool.ids)
    terms = contact_terms(pool.p, pool.spend, plan.assumed, pool.cost)
    terms = with_response(terms, pool.response)
    profit = np.round(expected_profit(terms, plan.assumed.save_rate.mean), DIGITS)
    paid = None
    if plan.budget is not None:
        paid = np.round(expected_outlay(terms, plan.assumed), DIGITS)
    return Ranked(pool, plan.assumed, contact_order(profit, ties, paid))


def _tie_break(ids: NDArray[np.object_]) -> NDArray[Any] | None:
    """What equal candidates are ordered by: their ids; None where the ids ascend already."""
    index = pd.Index(ids, dtype=object)
    if index.is_monotonic_increasing and not (ids[1:] == ids[:-1]).any():
        return None
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
    auto = auto_share(ranked.p, plan.detect, lambda share: reach(ranked, plan, share))
    return auto.share, auto
