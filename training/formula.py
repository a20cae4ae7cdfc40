"""The formula that people know beside the model: at a past cutoff, over the same days."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE
from features.log.shop_log import ShopLog
from features.panel import Snapshot
from retention.clv.formula import formula_bias, simple_clv, within_horizon
from retention.clv.ladder import Economics
from retention.extra_fields import Worth
from retention.history import first_orders
from retention.value_fields import cuts_of, years_of_first_orders

Float = NDArray[np.float64]
LEAST = 2


def worth_at(log: ShopLog, shot: Snapshot, economics: Economics | None) -> Worth:
    """What the value fields of a snapshot's rows need."""
    ids = shot.features.index.astype(str).to_numpy(object)
    parts = list(log.map(partial(first_orders, cutoff=shot.cutoff)))
    known = np.concatenate([part[0] for part in parts])
    amounts = pd.Series(np.concatenate([part[1] for part in parts]), index=known)
    first = amounts.reindex(ids).to_numpy(float) / AMOUNT_SCALE
    return Worth(first, economics or Economics())


def formula_at(shot: Snapshot, worth: Worth, cuts: Mapping[str, Any], horizon_days: int) -> Float:
    """What the formula says of the next `horizon_days` of each customer, shape (n,), currency.

    Parameters
    ----------
    shot, worth : of all customers
    cuts : of `retention.value_fields.cuts_of`, from the same
    """
    facts = {name: shot.facts[name].to_numpy(float) for name in shot.facts}
    told = simple_clv(
        facts["net_to_date"],
        facts["orders_to_date"],
        facts["tenure_ever"],
        years_of_first_orders(worth.first_order, cuts),
        cap=cuts["years"]["cap"],
    )
    return within_horizon(told, horizon_days)


def formula_of_fold(
    log: ShopLog, shot: Snapshot, rhythm: Mapping[str, Any], horizon_days: int
) -> Float:
    """The same with cut points of its own, made of what was known at the snapshot.

    Parameters
    ----------
    log : whole; what came after the snapshot is not looked at
    rhythm : fields of `features.rhythm.Rhythm` at the snapshot
    """
    worth = worth_at(log, shot, None)
    facts = {name: shot.facts[name].to_numpy(float) for name in shot.facts}
    cuts = cuts_of(
        net=facts["net_to_date"],
        orders=facts["orders_to_date"],
        silence=facts["days_since_last_ever"],
        tenure=facts["tenure_ever"],
        gaps=facts["purchase_days_ever"] - 1,
        mean_gap=facts["average_gap_ever"],
        first_order=worth.first_order,
        rhythm=rhythm,
    )
    return formula_at(shot, worth, cuts, horizon_days)


def formula_measures(
    formula: Float, predicted: Float, truth: Float, *, horizon_days: int, seed: int
) -> dict[str, Any] | None:
    """How far the formula and the model were off, as plain values; see `FormulaBias`.

    Parameters
    ----------
    formula : `formula_at`, shape (n,)
    predicted, truth : `predicted_clv` and `future_value` of the same customers

    Returns
    -------
    dict; None where labels are not known, or of fewer than two customers
    """
    if np.isnan(truth).any() or np.count_nonzero(~np.isnan(formula)) < LEAST:
        return None
    return asdict(formula_bias(formula, predicted, truth, horizon_days=horizon_days, seed=seed))
