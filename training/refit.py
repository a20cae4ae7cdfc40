"""Whether a refit takes over: its recipe against the bundle in use, on a window both not seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from features.shop_clock import date_of
from retention.groups import VALUE_QUANTILES, VALUE_TIERS
from training.champion import ChampionDecision, champion_predictions, compare
from training.champion_slices import Truth
from training.fit import HorizonFit
from training.gate import BY_TIME, gate_return, gate_value
from training.promotion_log import in_use
from training.recipe import Horizons, Recipe
from training.results import FoldOutcome


def judge_refit(
    recipe: Recipe,
    end: int,
    horizons: Horizons,
    models_dir: Path,
    *,
    tell: Callable[[str], None],
) -> ChampionDecision:
    """Compare what the recipe would have served before the newest window with what was in use.

    Parameters
    ----------
    tell : is given the reason where there is nothing to compare with

    Returns
    -------
    ChampionDecision; it promotes, without reasons, where there is nothing to compare with
    """
    if in_use(models_dir) is None:
        return ChampionDecision(True, [], [])
    value_fit = recipe.fit(end, horizons.value_days, dates=True)
    churn_fit = value_fit
    if horizons.churn_days != horizons.value_days:
        churn_fit = recipe.fit(end, horizons.churn_days)
    questions = [("return", churn_fit), ("value", value_fit)]
    found = [
        _judged(recipe, what, fit, horizons, models_dir, tell) for what, fit in questions if fit
    ]
    told = [decision for decision in found if decision is not None]
    return ChampionDecision(
        all(d.promote for d in told),
        [reason for d in told for reason in d.reasons],
        [row for d in told for row in d.slices],
    )


def _judged(
    recipe: Recipe,
    what: str,
    fit: HorizonFit,
    horizons: Horizons,
    models_dir: Path,
    tell: Callable[[str], None],
) -> ChampionDecision | None:
    """The comparison for return or for value; None where there is nothing to compare with."""
    outcome, method = recipe.evidence(fit)
    if method != BY_TIME or fit.plan.observed_days < fit.plan.horizon_days:
        tell(
            f"{what}: not compared with the model in use, for no window is kept apart from fitting"
        )
        return None
    champion = champion_predictions(
        models_dir,
        fit.features,
        horizons=(horizons.churn_days, horizons.value_days),
        before=str(date_of(fit.plan.newest)),
        tell=lambda why: tell(f"{what}: {why}"),
    )
    if champion is None:
        return None
    # The other prediction is the same on both sides, so that it decides nothing.
    if what == "return":
        gate = gate_return(outcome, method=method, seed=recipe.seed)
        mine = replace(champion, churn_probability=outcome.churn_probability[gate.served])
    else:
        gate = gate_value(outcome, method=method, seed=recipe.seed)
        mine = replace(champion, predicted_clv=outcome.predicted_clv[gate.served])
    return compare(mine, champion, _truth(outcome, fit.features), seed=recipe.seed)


def _truth(outcome: FoldOutcome, features: pd.DataFrame) -> Truth:
    spent = np.nan_to_num(features["spend_total"].to_numpy(float))
    limits = np.quantile(spent, VALUE_QUANTILES)
    tiers = np.array(VALUE_TIERS, object)[np.searchsorted(limits, spent, side="left")]
    return Truth(
        outcome.churned,
        outcome.future_value,
        outcome.n_orders,
        outcome.tenure_days,
        tiers,
        outcome.customers,
    )
