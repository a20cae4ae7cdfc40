"""Make a list: audience, expected profit, cut, hold-out, frozen members.

The budget pays for the contacted only, so a list with a hold-out is cut further down: it is as long
as its contacted members' expected outlay allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lists.candidates import Pool
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.contact_value import break_even_save_rate
from retention.lists.cut import cut_and_draw
from retention.lists.frozen import FrozenList
from retention.lists.gain import ExpectedGain, expected_gain, sensitivity
from retention.lists.holdout import held_out_sizes
from retention.lists.plan import ListPlan
from retention.lists.power import HoldoutChoice, told_holdout
from retention.lists.ranking import Ranked, rank_candidates, reach, share_of


@dataclass(frozen=True)
class Preview:
    """What a list would be, without a draw: for sliders that move.

    Attributes
    ----------
    counts : of the audience, then `worth_contacting`, `listed`, `contacted`, `held_out`
    outlay : currency, expected cost of the contacted
    gain : expected net gain of the contacted
    holdout : as of the list
    sensitivity : DataFrame, see `retention.lists.gain.sensitivity`
    """

    counts: dict[str, int]
    outlay: float
    gain: ExpectedGain
    holdout: HoldoutChoice
    sensitivity: pd.DataFrame


def preview_list(
    candidates: pd.DataFrame | Pool, plan: ListPlan, counts: Mapping[str, int] | None = None
) -> Preview:
    """Counts, cost, gain and break-even of a list that is not yet made.

    The held-out are taken as an even share of the list; the list itself differs by chance.

    Parameters
    ----------
    candidates, plan, counts : as of `build_list`; the candidates may be arrays
    """
    ranked = rank_candidates(candidates, plan)
    share, auto = share_of(ranked, plan)
    size = reach(ranked, plan, share)
    held = held_out_sizes(size, share)
    # Every so many-th customer of the ranking stands for the contacted.
    taken = np.arange(size - held) * size // max(size - held, 1)
    some = ranked.at(taken)
    return Preview(
        counts=_counts(counts, len(ranked), size, held),
        outlay=float(some.outlay.sum()),
        gain=expected_gain(some.terms, plan.assumed, seed=plan.seed),
        holdout=told_holdout(ranked.p[:size], held, plan.detect, share=share, auto=auto),
        sensitivity=sensitivity(some.p, some.spend, plan.assumed, some.terms.cost, some.response),
    )


def build_list(
    candidates: pd.DataFrame, plan: ListPlan, counts: Mapping[str, int] | None = None
) -> FrozenList:
    """Rank, cut, draw the hold-out and freeze.

    Parameters
    ----------
    candidates : DataFrame, one row a customer of the audience: `customer_id`,
        `return_probability` (uncontacted, within the churn horizon), `expected_spend` (given a
        return, currency) and, where costs differ, `contact_cost`; where uplift is in use,
        `response` as in `retention.lists.contact_value.with_response`
    plan : what is declared
    counts : of the audience, carried into the list

    Raises
    ------
    ValueError
        If a column is missing or an id stands twice.
    """
    ranked = rank_candidates(candidates, plan)
    worth = len(ranked)
    share, auto = share_of(ranked, plan)
    ranked, held, stratum = cut_and_draw(ranked, plan, share)
    choice = told_holdout(ranked.terms.p, int(held.sum()), plan.detect, share=share, auto=auto)
    contacted = ranked.at(~held)
    members = _members(ranked, held, stratum)
    c = contacted.terms
    return FrozenList(
        list_id=plan.list_id,
        members=members,
        counts=_counts(counts, worth, len(ranked), int(held.sum())),
        gain=expected_gain(c, plan.assumed, seed=plan.seed),
        outlay=float(contacted.outlay.sum()),
        sensitivity=sensitivity(c.p, contacted.spend, plan.assumed, c.cost, contacted.response),
        holdout={
            "share": choice.share,
            "detectable_effect": choice.detectable if np.isfinite(choice.detectable) else None,
            "sufficient": choice.sufficient,
            "sentence": choice.sentence,
        },
        terms=plan.terms(),
    )


def _counts(
    audience: Mapping[str, int] | None, worth: int, listed: int, held: int
) -> dict[str, int]:
    told = {"worth_contacting": worth, "listed": listed}
    return {**(audience or {}), **told, "contacted": listed - held, "held_out": held}


def _members(ranked: Ranked, held: NDArray[np.bool_], stratum: NDArray[np.int64]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ranked.ids,
            "rank": np.arange(1, len(ranked) + 1),
            "stratum": stratum,
            "arm": np.where(held, HELD_OUT, CONTACTED).astype(object),
            "return_probability": ranked.terms.p,
            "expected_spend": ranked.spend,
            "contact_cost": ranked.terms.cost,
            "expected_outlay": ranked.outlay,
            "expected_profit": ranked.profit,
            "break_even_save_rate": break_even_save_rate(ranked.terms),
        }
    )
