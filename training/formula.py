"""The formula that people know beside the model: at a past cutoff, over the same days."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from features.line import AMOUNT_SCALE
from features.log.shop_log import ShopLog
from features.panel import Snapshot
from retention.clv.formula import formula_bias, simple_clv, within_horizon
from retention.clv.ladder import Economics
from retention.extra_fields import CUTS, Worth
from retention.history import first_orders
from retention.value_fields import years_of_first_orders

LEAST = 2


def worth_at(log: ShopLog, shot: Snapshot, economics: Economics | None) -> Worth:
    """What the value fields of a snapshot's rows need."""
    ids = shot.features.index.astype(str).to_numpy(object)
    parts = list(log.map(partial(first_orders, cutoff=shot.cutoff)))
    known = np.concatenate([part[0] for part in parts])
    amounts = pd.Series(np.concatenate([part[1] for part in parts]), index=known)
    first = amounts.reindex(ids).to_numpy(float) / AMOUNT_SCALE
    return Worth(first, economics or Economics())


def formula_measures(
    shot: Snapshot,
    worth: Worth,
    cuts: Mapping[str, Any],
    predicted: "pd.Series[Any]",
    truth: "pd.Series[Any]",
    *,
    horizon_days: int,
    seed: int,
) -> dict[str, Any] | None:
    """How far the formula and the model were off, as plain values; see `FormulaBias`.

    Parameters
    ----------
    shot, worth : of all customers; `cuts` the cut points of their rows
    predicted, truth : `predicted_clv` and `future_value` of the same customers

    Returns
    -------
    dict; None where labels are not known, or of fewer than two customers
    """
    if CUTS not in cuts or truth.isna().any():
        return None
    facts = {name: shot.facts[name].to_numpy(float) for name in shot.facts}
    told = simple_clv(
        facts["net_to_date"],
        facts["orders_to_date"],
        facts["tenure_ever"],
        years_of_first_orders(worth.first_order, cuts[CUTS]),
        cap=cuts[CUTS]["years"]["cap"],
    )
    formula = within_horizon(told, horizon_days)
    if np.count_nonzero(~np.isnan(formula)) < LEAST:
        return None
    found = formula_bias(
        formula, predicted.to_numpy(float), truth.to_numpy(float),
        horizon_days=horizon_days, seed=seed,
    )  # fmt: skip
    return asdict(found)
