"""From fits to a bundle: what is served, and the facts that go with it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features.log.shop_log import ShopLog
from features.shop_clock import ShopClock, date_of
from models.bundle import Bundle
from models.horizon import HorizonModel
from training.calibrate import PLAIN_RETURN
from training.fit import READ_BY_SCORES, HorizonFit

QUANTILES = np.arange(0, 11) / 10
SPARE_VALUE_RULE = "rate_times_order_value"


def served(fit: HorizonFit, return_member: str, value_member: str) -> HorizonModel:
    """The heads of a horizon that are served; what it lacks is answered by a plain rule."""
    heads = fit.heads
    returns = heads.returns.get(return_member, heads.returns[PLAIN_RETURN])
    value = heads.values.get(value_member, heads.values[SPARE_VALUE_RULE])
    used = {returns.member, value.member}
    if fit.has_model:  # orders are told by scores, whatever is served
        used |= {*READ_BY_SCORES}
    leaned_on = heads.returns.get(value_member, heads.returns[PLAIN_RETURN])
    used.add(leaned_on.member)
    preparation = replace(fit.preparation, btyd=fit.preparation.btyd.only(used))
    dated = fit.next_order
    return HorizonModel(
        preparation,
        returns,
        value,
        heads.orders,
        None if dated is None else dated.head,
        None if leaned_on.member == returns.member else leaned_on,
    )


def window_facts(log: ShopLog, end: int, clock: ShopClock, seed: int) -> dict[str, Any]:
    """Facts of the log that a bundle was fitted on, as known before shop day `end`."""
    return {
        "first_day": str(date_of(log.first_day)),
        "last_day": str(date_of(end - 1)),
        "customers": log.n_customers,
        "lines": log.n_lines,
        "timezone": clock.timezone,
        "day_starts_at": clock.day_starts_at,
        "seed": seed,
    }


def bundle_of(
    churn: HorizonModel,
    value: HorizonModel,
    facts: dict[str, Any],
    features: pd.DataFrame,
    training: dict[str, Any],
) -> Bundle:
    """A bundle of fitted horizons, without metrics and card.

    Parameters
    ----------
    facts : groups of the bundle
    features : of the customers it was fitted on, a row each
    training : facts for the bundle's `training`
    """
    return Bundle(
        version="unsealed",
        features=tuple(features.columns),
        churn=churn,
        value=value,
        groups=facts,
        reference=reference(features),
        metrics={},
        training={
            **training,
            "served": {"return": churn.returns.member, "value": value.value.member},
        },
        card={},
    )


def reference(features: pd.DataFrame) -> dict[str, Any]:
    """Share of nulls and deciles of each feature, to compare later batches with."""
    found: dict[str, Any] = {}
    for name in features:
        values = features[name].to_numpy(float)
        there = values[~np.isnan(values)]
        deciles = np.quantile(there, QUANTILES).tolist() if len(there) else []
        found[str(name)] = {"null": float(np.isnan(values).mean()), "deciles": deciles}
    return found


def campaign_facts(churn_fit: HorizonFit, value_fit: HorizonFit) -> dict[str, Any]:
    """Rows left out and counted for more, by target; nothing where no list touched any."""
    fits = {"churn": churn_fit, "value": value_fit}
    told = {what: fit.counted.facts() for what, fit in fits.items() if fit.counted is not None}
    return {"campaigns": told} if told else {}


def notes_of(churn_fit: HorizonFit, value_fit: HorizonFit) -> list[str]:
    """Sentences on what a young or small log did not allow."""
    notes = []
    for what, fit in (("churn", churn_fit), ("value", value_fit)):
        plan = fit.plan
        if plan.observed_days < plan.horizon_days:
            notes.append(
                f"{what}: no window of {plan.horizon_days} days has closed; learnt over "
                f"{plan.observed_days} days and carried on by a power law of the window's length"
            )
        if not plan.by_time:
            why = "fewer than three disjoint windows have closed"
            notes.append(f"{what}: {why}, so gated by customer, not by time")
        if fit.counted is not None:
            notes.append(fit.counted.sentence(what))
        if not fit.has_model:
            notes.append(f"{what}: too few customers, returning or not, to fit a model")
    return notes
