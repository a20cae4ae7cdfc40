"""Why a list would contact nobody, and what to change."""

from collections.abc import Mapping

import pandas as pd

from retention.lists.audience import LEFT_OUT
from retention.lists.candidates import Pool
from retention.lists.plan import ListPlan
from retention.lists.ranking import rank_candidates
from retention.lists.verdict import money
from serving.lists.counted import counted
from serving.lists.errors import NobodyToContact
from serving.lists.words import REASONS

# Reasons named, the most frequent first.
MOST_NAMED = 3


def nobody_to_contact(
    counts: Mapping[str, int], plan: ListPlan, candidates: pd.DataFrame | Pool
) -> NobodyToContact | None:
    """The refusal of a list that contacts nobody; None where it contacts somebody.

    Parameters
    ----------
    counts : of the list or its preview
    candidates : of its audience
    """
    if counts["contacted"]:
        return None
    if not counts["eligible"]:
        return NobodyToContact(_nobody_eligible(counts), "audience")
    if not counts["worth_contacting"]:
        return NobodyToContact(_nobody_pays(counts, plan), "contact_cost")
    dearest = float(rank_candidates(candidates, plan).outlay[0])
    return NobodyToContact(
        f"this list would contact nobody: the budget of {money(plan.budget or 0)} is less than one "
        f"contact costs with the incentive expected to be redeemed, {money(dearest)} for the best "
        "customer; raise the budget, or lower the cost of a contact or the incentive",
        "budget",
    )


def _nobody_eligible(counts: Mapping[str, int]) -> str:
    there = [name for name in LEFT_OUT if counts.get(name)]
    most = sorted(there, key=lambda name: -counts[name])[:MOST_NAMED]
    told = ", ".join(f"{counts[name]:,} {REASONS[name]}" for name in most)
    everybody = counts["customers"]
    of_all = f"of {counted(everybody, 'customer')}" if everybody else "without customers"
    return (
        f"this list would contact nobody: {of_all} nobody may be contacted"
        + (f" ({told})" if told else "")
        + "; ask for a wider audience"
    )


def _nobody_pays(counts: Mapping[str, int], plan: ListPlan) -> str:
    assumed = plan.assumed
    among = counts["eligible"]
    who = "the one customer" if among == 1 else f"none of the {among:,} customers"
    verb = "is not" if among == 1 else "is"
    incentive = f" and an incentive of {money(assumed.incentive)}" if assumed.incentive else ""
    return (
        f"this list would contact nobody: {who} who may be contacted {verb} expected to bring more "
        f"than a contact costs, with {money(assumed.contact_cost)} a contact{incentive}, a save "
        f"rate of {100 * assumed.save_rate.mean:.3g} % and a margin of {100 * assumed.margin:.3g} "
        "%; lower the cost, give the save rate or margin that is so, or ask for a wider audience"
    )
