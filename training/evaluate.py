"""Train on what was known before a cutoff, predict there for everybody, compare with what came."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from features.errors import CutoffError
from features.log.shop_log import ShopLog
from features.panel import Snapshot, labels_at, snapshot
from features.shop_clock import ShopClock, date_of
from features.whole_file import write_whole
from models.bundle import save_parts, write_json
from models.metrics import churn_metrics, nan_to_null, value_metrics
from retention.clv.ladder import Economics
from retention.extra_fields import CUTS
from retention.scores import score_rows, silence_of
from retention.silence import SilenceDates
from retention.table_fields import NO_CONTACT, with_table_fields
from training.backtest import counted_at
from training.campaigns import Campaigns
from training.formula import formula_at, formula_measures, worth_at
from training.recipe import Fitted, Horizons, Recipe
from training.side_by_side import one_thread_each

LABELS = ("churned", "future_orders", "future_value")


@dataclass(frozen=True)
class Evaluation:
    """Predictions with labels, measures, and the bundle that made them."""

    predictions: pd.DataFrame
    metrics: dict[str, Any]
    fitted: Fitted


@one_thread_each
def evaluate_at(
    log: ShopLog,
    cutoff: int,
    horizons: Horizons,
    *,
    clock: ShopClock,
    seed: int,
    n_cutoffs: int | None,
    risk_limits: list[float] | None,
    refund_lag_days: int | None = None,
    trials: int = 0,
    campaigns: Campaigns | None = None,
    economics: Economics | None = None,
) -> Evaluation:
    """Evaluate the recipe at shop day `cutoff`.

    Returns
    -------
    Evaluation
        `predictions` has one row for each customer with a line before the cutoff: the score fields
        and `churned`, `future_orders`, `future_value`, null where the window has not closed

    Raises
    ------
    CutoffError
        If no line precedes the cutoff.
    """
    if cutoff <= log.facts.first_known_day:
        first = date_of(log.facts.first_known_day)
        raise CutoffError(
            f"no purchase is known before the cutoff {date_of(cutoff)}: the first line is of "
            f"{first}; choose a later cutoff"
        )
    recipe = Recipe(
        log,
        seed=seed,
        n_cutoffs=n_cutoffs,
        refund_lag_days=refund_lag_days,
        trials=trials,
        campaigns=campaigns,
    )
    fitted = versioned(recipe.bundle(cutoff, horizons, clock=clock, risk_limits=risk_limits))
    shot = snapshot(log, cutoff)
    silent = cutoff - 1 - log.last_day
    if silent > 0:
        late = f"the log ends {silent} days before the cutoff, and is taken to be complete until it"
        fitted = replace(fitted, notes=[*fitted.notes, late])
    silence = SilenceDates.together(
        list(log.map(partial(silence_of, as_of=cutoff, bundle=fitted.bundle)))
    )
    worth = worth_at(log, shot, economics)
    rows, cuts = score_rows(
        shot.features,
        fitted.bundle,
        as_of=str(date_of(cutoff)),
        facts=shot.facts,
        silence=silence,
        worth=worth,
    )
    rows = with_table_fields(rows, None, None).drop(columns=NO_CONTACT)
    labels = _labels(log, shot, horizons)
    predictions = pd.concat([rows, labels], axis=1)
    times = counted_at(recipe, shot.customers, cutoff, horizons)
    judged, at = predictions, np.arange(len(predictions))
    if times is not None:
        at = times.positions
        judged = predictions.iloc[at]
        fitted = replace(fitted, notes=[*fitted.notes, times.sentence("measures")])
    metrics = {**_metrics(judged, fitted, cutoff), "customers": len(predictions)}
    days = horizons.value_days
    formula = np.full(len(predictions), np.nan)
    if CUTS in cuts:
        formula = formula_at(shot, worth, cuts[CUTS], days)
    told = (judged[name].to_numpy(float) for name in ("predicted_clv", "future_value"))
    metrics["formula"] = nan_to_null(
        formula_measures(formula[at], *told, horizon_days=days, seed=seed)
    )
    return Evaluation(predictions, metrics, fitted)


def versioned(fitted: Fitted) -> Fitted:
    """The same with a version of its own: the digest of the fitted bundle, without a backtest."""
    with TemporaryDirectory() as room:
        version = save_parts(fitted.bundle, Path(room) / "bundle")
    return replace(fitted, bundle=replace(fitted.bundle, version=version))


def _labels(log: ShopLog, shot: Snapshot, horizons: Horizons) -> pd.DataFrame:
    """Labels of the customers of a snapshot, null where their window has not closed."""
    days = (horizons.churn_days, horizons.value_days)
    read = labels_at(log, shot.cutoff, days)
    columns = {}
    for name in LABELS:
        horizon = horizons.churn_days if name == "churned" else horizons.value_days
        closed = shot.cutoff + horizon <= log.last_day + 1
        values = read[horizon][name].to_numpy()
        columns[name] = values if closed else np.full(len(values), np.nan)
    return pd.DataFrame(columns)


def _metrics(predictions: pd.DataFrame, fitted: Fitted, cutoff: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "cutoff": str(date_of(cutoff)),
        "customers": len(predictions),
        "served": fitted.bundle.served,
        "gate": {g.target: g.reason for g in fitted.gates},
        "notes": fitted.notes,
        "model_version": fitted.bundle.version,
        "churn": None,
        "value": None,
    }
    if predictions["churned"].notna().all():
        truth = predictions["churned"].to_numpy()
        found["churn"] = churn_metrics(truth, predictions["churn_probability"].to_numpy())
    if predictions["future_value"].notna().all():
        columns = ("future_value", "predicted_clv", "clv_p50")
        found["value"] = value_metrics(*(predictions[c].to_numpy() for c in columns))
    cleaned: dict[str, Any] = nan_to_null(found)
    return cleaned


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write `predictions.parquet` and `metrics.json` into `folder`, each whole or not at all."""
    predictions = evaluation.predictions
    write_whole(folder / "predictions.parquet", lambda p: predictions.to_parquet(p, index=False))
    write_whole(folder / "metrics.json", lambda p: write_json(p, evaluation.metrics))
