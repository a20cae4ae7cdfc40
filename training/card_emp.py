"""Expected maximum profit of each predictor of return, in money, beside its AUC.

The individual form: every customer counts with a value of its own, that predicted by what is served
for value. The save rate is the paper's Beta(6, 14); incentive and cost of a contact are its shares
of the value, 5 % and 0.5 %.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.lists.emp import expected_maximum_profit
from training.fold_checks import member_of
from training.results import FoldOutcome

Floats = NDArray[np.float64]

ALPHA, BETA = 6.0, 14.0
INCENTIVE, CONTACT = 0.05, 0.005
# Of a greater fold every so many-th customer.
ENOUGH = 20_000


def emp(folds: list[FoldOutcome], served: dict[str, str], margin: float | None) -> dict[str, Any]:
    """Expected maximum profit by predictor; {} without a fold of customers with a value.

    Parameters
    ----------
    served : member that is served by target, `return` and `value`
    margin : share of net revenue left after goods; None where it is not known: then the money is
        revenue

    Returns
    -------
    dict
        members : predictor -> {profit, share}: currency a customer and share of customers
            contacted, means of the cutoffs
        perfect : currency a customer, of a predictor that knows who leaves
        alpha, beta, incentive_share, contact_share, margin : what it rests on
        incentive, contact_cost, mean_value : the same in currency, means of the cutoffs
    """
    told = [_of_fold(fold, served, 1.0 if margin is None else margin) for fold in folds]
    told = [each for each in told if each]
    if not told:
        return {}
    members = [name for name in told[0]["members"] if all(name in each["members"] for each in told)]
    return {
        "members": {
            name: {
                part: _mean([each["members"][name][part] for each in told])
                for part in ("profit", "share")
            }
            for name in members
        },
        **{
            part: _mean([each[part] for each in told])
            for part in ("perfect", "incentive", "contact_cost", "mean_value")
        },
        "alpha": ALPHA,
        "beta": BETA,
        "incentive_share": INCENTIVE,
        "contact_share": CONTACT,
        "margin": margin,
    }


def _of_fold(fold: FoldOutcome, served: dict[str, str], margin: float) -> dict[str, Any]:
    step = max(1, len(fold.churned) // ENOUGH)
    clv = fold.predicted_clv[member_of(fold.predicted_clv, served.get("value", ""))][::step]
    value = margin * np.maximum(clv, 0.0)
    churned = fold.churned[::step]
    if not len(value) or not np.isfinite(value).all() or not value.any():
        return {}
    found = {
        name: expected_maximum_profit(
            churned,
            risk[::step],
            value,
            incentive=INCENTIVE * value,
            contact_cost=CONTACT * float(value.mean()),
            alpha=ALPHA,
            beta=BETA,
        )
        for name, risk in fold.churn_probability.items()
        if np.isfinite(risk).all()
    }
    if not found:
        return {}
    first = next(iter(found.values()))
    return {
        "members": {n: {"profit": e.profit, "share": e.share} for n, e in found.items()},
        "perfect": first.perfect,
        "incentive": first.incentive,
        "contact_cost": first.contact_cost,
        "mean_value": first.mean_value,
    }


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else math.nan
