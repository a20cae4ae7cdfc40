"""Whether a refit takes over: its recipe against the bundle in use, on a window both not seen."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from features.shop_clock import date_of
from retention.groups import VALUE_QUANTILES, VALUE_TIERS
from training.champion import ChampionDecision, champion_predictions, compare
from training.champion_slices import Predictions, Truth
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
    promoted = ChampionDecision(True, [], [])
    if in_use(models_dir) is None:
        return promoted
    churn_fit = recipe.fit(end, horizons.churn_days)
    value_fit = recipe.fit(end, horizons.value_days, dates=True)
    if horizons.churn_days == horizons.value_days:
        churn_fit = value_fit
    if churn_fit is None or value_fit is None:
        return promoted
    churn, churn_method = recipe.evidence(churn_fit)
    value, value_method = recipe.evidence(value_fit)
    plan = churn_fit.plan
    if churn_method != BY_TIME or value_method != BY_TIME or plan.newest != value_fit.plan.newest:
        tell("not compared with the model in use: no window is kept apart from fitting for both")
        return promoted
    champion = champion_predictions(
        models_dir,
        churn_fit.features,
        horizons=(plan.observed_days, value_fit.plan.observed_days),
        before=str(date_of(plan.newest)),
        tell=tell,
    )
    if champion is None:
        return promoted
    gates = (
        gate_return(churn, method=churn_method, seed=recipe.seed),
        gate_value(value, method=value_method, seed=recipe.seed),
    )
    challenger = Predictions(
        churn.churn_probability[gates[0].served], value.predicted_clv[gates[1].served]
    )
    return compare(challenger, champion, _truth(churn, value, churn_fit.features), seed=recipe.seed)


def _truth(churn: FoldOutcome, value: FoldOutcome, features: pd.DataFrame) -> Truth:
    spent = np.nan_to_num(features["spend_total"].to_numpy(float))
    limits = np.quantile(spent, VALUE_QUANTILES)
    tiers = np.array(VALUE_TIERS, object)[np.searchsorted(limits, spent, side="left")]
    return Truth(churn.churned, value.future_value, churn.n_orders, churn.tenure_days, tiers)
