"""Is the level right, and do the quantiles hold: what was said at each cutoff against what came."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval
from models.metrics import pinball
from training.clustered import mean_interval, share_interval
from training.resampled import customers_of
from training.results import MODEL, FoldOutcome

Floats = NDArray[np.float64]

QUANTILES = {"clv_p10": 0.1, "clv_p50": 0.5, "clv_p90": 0.9}
TENTHS = 10
ALLOWED_OVER_ALL, ALLOWED_IN_A_TENTH = 0.02, 0.05
# Two-sided 99 % of a normal law.
_Z99 = 2.5758293035489004


def sides(interval: Interval) -> dict[str, float]:
    """An interval as plain values."""
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}


def quantile_checks(folds: list[FoldOutcome]) -> dict[str, Any]:
    """How well the quantiles of value hold, over the rows of all folds.

    A quantile q of level τ is right if share(value < q) ≤ τ ≤ share(value ≤ q); spend has many
    zeros, so the two shares may be far apart.

    Returns
    -------
    dict of quantile -> {level, below, at_or_below, pinball: {mean, low, high}, violation, holds,
    worst_tenth: {violation, allowed}, tenths_hold}; empty without rows. The tenths are of the
    predicted value, `violation` a share of customers, 0 where the quantile is right
    """
    if not sum(len(f.future_value) for f in folds):
        return {}
    value = np.concatenate([f.future_value for f in folds])
    customers = np.concatenate(customers_of(folds)[0])
    tenth = np.concatenate([_tenths(_main(f)) for f in folds])
    return {
        name: _quantile(
            value, np.concatenate([getattr(f, name) for f in folds]), customers, tenth, level
        )
        for name, level in QUANTILES.items()
    }


def violation(value: Floats, quantile: Floats, level: float) -> float:
    """Share of customers by which a quantile misses its level; 0 where it is right."""
    below, at_or_below = float((value < quantile).mean()), float((value <= quantile).mean())
    return max(0.0, below - level, level - at_or_below)


def levels(folds: list[FoldOutcome], served: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Predicted and actual level at each cutoff, oldest first.

    Parameters
    ----------
    folds : list of FoldOutcome
    served : member by "return" and "value"; the model where it is not told or not in the fold

    Returns
    -------
    list of {cutoff, churn, value}, each of the latter two {member, predicted, actual, ratio,
    gap: {mean, low, high}}; churn is a share of customers, value a mean a customer, the gap
    predicted less actual
    """
    served = served or {}
    return [
        {
            "cutoff": f.cutoff.isoformat(),
            "churn": _level(f.churn_probability, served.get("return", MODEL), f.churned),
            "value": _level(f.predicted_clv, served.get("value", MODEL), f.future_value),
        }
        for f in sorted(folds, key=lambda f: f.cutoff)
    ]


def member_of(predictions: dict[str, Floats], wanted: str) -> str:
    """The member wanted, else the model, else the first there is."""
    return next(m for m in (wanted, MODEL, *predictions) if m in predictions)


def _main(fold: FoldOutcome) -> Floats:
    return fold.predicted_clv[member_of(fold.predicted_clv, MODEL)]


def _tenths(predicted: Floats) -> NDArray[np.int64]:
    """Tenth of each customer by predicted value, 0 the highest, as in `models.metrics`."""
    tenth = np.empty(len(predicted), np.int64)
    for k, rows in enumerate(np.array_split(np.argsort(-predicted, kind="stable"), TENTHS)):
        tenth[rows] = k
    return tenth


def _quantile(
    value: Floats,
    quantile: Floats,
    customers: NDArray[np.int64],
    tenth: NDArray[np.int64],
    level: float,
) -> dict[str, Any]:
    missed = violation(value, quantile, level)
    worst = {"violation": 0.0, "allowed": ALLOWED_IN_A_TENTH}
    hold = True
    for k in np.unique(tenth):
        rows = tenth == k
        found = violation(value[rows], quantile[rows], level)
        # So far from its level a right quantile is in 1 of 100 groups of this size.
        chance = _Z99 * math.sqrt(level * (1 - level) / rows.sum())
        allowed = max(ALLOWED_IN_A_TENTH, chance)
        hold = hold and found <= allowed
        if found > worst["violation"]:
            worst = {"violation": found, "allowed": allowed}
    return {
        "level": level,
        "below": sides(share_interval(value < quantile, customers)),
        "at_or_below": sides(share_interval(value <= quantile, customers)),
        "pinball": sides(mean_interval(pinball(value, quantile, level=level), customers)),
        "violation": missed,
        "holds": missed <= ALLOWED_OVER_ALL,
        "worst_tenth": worst,
        "tenths_hold": hold,
    }


def _level(predictions: dict[str, Floats], wanted: str, actual: Floats) -> dict[str, Any]:
    member = member_of(predictions, wanted)
    predicted = predictions[member]
    gap = mean_interval(predicted - actual, np.arange(len(actual)))
    came = float(actual.mean()) if len(actual) else math.nan
    return {
        "member": member,
        "predicted": float(predicted.mean()) if len(predicted) else math.nan,
        "actual": came,
        "ratio": float(predicted.mean()) / came if came > 0 else math.nan,
        "gap": sides(gap),
    }
