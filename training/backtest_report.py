"""The backtest's report as plain values: who is better at what, by how much, how surely.

`training.backtest_page` shows it as a page, `training.backtest_text` as tables.
"""

from collections.abc import Sequence
from typing import Any

from models.metrics import nan_to_null
from training.backtest_words import standing, summary
from training.comparison import LEVEL, Comparison, compare, records
from training.fold_checks import levels, quantile_checks
from training.resampled import DRAWS, MEASURES
from training.results import MODEL, FoldOutcome, fold_metrics, mean_metrics


def backtest_report(
    folds: Sequence[FoldOutcome],
    *,
    name: str,
    seed: int = 0,
    draws: int = DRAWS,
    comparison: Comparison | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Report of a backtest, ready for JSON: numbers that are not defined are None.

    Parameters
    ----------
    folds : what the backtest found, oldest first; may be empty
    name : of the shop
    seed, draws : of the bootstrap over customers
    comparison : of these folds, where it has been made already
    notes : sentences to be shown with it

    Returns
    -------
    dict with the keys
        name, summary, notes
        folds : of each cutoff its day, horizons, customers, `churn` and `value` (member ->
            measures), `quantiles`
        mean : measures over the cutoffs with a model, member by member
        levels : predicted and actual level at each cutoff
        quantiles : how the model's quantiles hold over all cutoffs
        standing : of each measure the members better and worse than the model
        comparison : {level, draws, seed, mean_of, cells}, the cells as flat records with intervals
    """
    found = list(folds)
    compared = comparison or compare(found, seed=seed, draws=draws)
    per_fold = [fold_metrics(f) for f in found]
    pooled = [
        m for f, m in zip(found, per_fold, strict=True) if f.cutoff.isoformat() in compared.mean_of
    ]
    modelled = [f for f in found if MODEL in f.predicted_clv]
    ranked = standing(compared)
    report = {
        "name": name,
        "summary": summary(compared, ranked, levels(found)),
        "folds": [_fold(f, m) for f, m in zip(found, per_fold, strict=True)],
        "mean": mean_metrics(pooled),
        "levels": levels(found),
        "quantiles": quantile_checks(modelled),
        "standing": ranked,
        "comparison": {
            "level": LEVEL,
            "draws": compared.draws,
            "seed": compared.seed,
            "mean_of": compared.mean_of,
            "measures": {target: list(names) for target, names in MEASURES.items()},
            "cells": records(compared),
        },
        "notes": list(notes),
    }
    cleaned: dict[str, Any] = nan_to_null(report)
    return cleaned


def _fold(fold: FoldOutcome, metrics: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    return {
        "cutoff": fold.cutoff.isoformat(),
        "churn_horizon_days": fold.churn_horizon_days,
        "value_horizon_days": fold.value_horizon_days,
        "customers": len(fold.churned),
        "churn_rate": float(fold.churned.mean()) if len(fold.churned) else None,
        "total_value": float(fold.future_value.sum()),
        **metrics,
        "quantiles": quantile_checks([fold]) if MODEL in fold.predicted_clv else {},
    }
