"""What a list is expected to earn, and how that hangs on what was assumed.

The save rate is drawn once a simulation for the whole list, because its error is common to all
customers: a list of ten thousand does not average it away.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lists.contact_value import (
    ContactTerms,
    ValueAssumptions,
    contact_terms,
    with_response,
)

Float = NDArray[np.float64]
DRAWS = 4000
CHANGES = (-0.5, -0.25, 0.25, 0.5)


@dataclass(frozen=True)
class ExpectedGain:
    """Expected net gain of a list, currency, over the churn horizon.

    Attributes
    ----------
    mean : at the mean save rate
    low, high : 95 % interval over the save rate and over who happens to respond
    chance_of_loss : share of simulations in which the list loses money
    break_even_save_rate : at which the whole list earns nothing; NaN where none does
    """

    mean: float
    low: float
    high: float
    chance_of_loss: float
    break_even_save_rate: float


def expected_gain(
    terms: ContactTerms, assumed: ValueAssumptions, *, seed: int, draws: int = DRAWS
) -> ExpectedGain:
    """Expected net gain of contacting these customers.

    Parameters
    ----------
    terms : of those who are contacted; the held-out cost and earn nothing
    seed : of the simulations
    """
    saved, lost = float(((1 - terms.p) * terms.gain).sum()), float((terms.waste + terms.cost).sum())
    rng = np.random.default_rng([seed, 1])
    rates = assumed.save_rate.draws(draws, seed)
    # Sum of independent yes-or-no responses: whom contact saves, and who redeems without need.
    first = float(((1 - terms.p) * terms.gain**2).sum())
    second = float((((1 - terms.p) * terms.gain) ** 2).sum())
    share = assumed.redemption_anyway * terms.p
    redeemed = float((share * (1 - share)).sum()) * assumed.incentive**2
    spread = np.sqrt(np.maximum(rates * first - rates**2 * second, 0) + redeemed)
    gains = rates * saved - lost + spread * rng.standard_normal(draws)
    low, high = np.quantile(gains, [0.025, 0.975]) if len(terms.p) else (0.0, 0.0)
    return ExpectedGain(
        mean=assumed.save_rate.mean * saved - lost,
        low=float(low),
        high=float(high),
        chance_of_loss=float((gains < 0).mean()),
        break_even_save_rate=lost / saved if saved > 0 else math.nan,
    )


def sensitivity(
    p: Float,
    spend: Float,
    assumed: ValueAssumptions,
    cost: Float | None = None,
    response: Float | None = None,
) -> pd.DataFrame:
    """Net gain of the same customers if an assumption is off.

    Parameters
    ----------
    p, spend, cost : of those who are contacted, as in `contact_terms`
    response : of them, as in `with_response`; by default 1

    Returns
    -------
    DataFrame with `assumption` (`save_rate`, `margin`, `contact_cost`), `change` (-0.5 = half of
        it), `value` (of the assumption; the mean where costs differ by customer), `net_gain`
    """
    base = with_response(contact_terms(p, spend, assumed, cost), response)
    saved, lost, costs = _saved(base), float(base.waste.sum()), float(base.cost.sum())
    usual = assumed.save_rate.mean
    rows = []
    for change in CHANGES:
        factor = 1 + change
        rate = min(1.0, usual * factor)
        margin = min(1.0, assumed.margin * factor)
        dearer = costs / len(p) * factor if len(p) else math.nan
        moved = with_response(
            contact_terms(p, spend, replace(assumed, margin=margin), cost), response
        )
        rows.append(("save_rate", change, rate, rate * saved - lost - costs))
        rows.append(("margin", change, margin, usual * _saved(moved) - lost - costs))
        rows.append(("contact_cost", change, dearer, usual * saved - lost - costs * factor))
    frame = pd.DataFrame(rows, columns=["assumption", "change", "value", "net_gain"])
    return frame.sort_values(["assumption", "change"], ignore_index=True)


def _saved(terms: ContactTerms) -> float:
    """What all would bring if contact saved everybody who would leave."""
    return float(((1 - terms.p) * terms.gain).sum())
