"""Curves of the model card: calibration, gains, tenths, and how scores were spread.

All are of what is served, over the rows of all cutoffs of the backtest.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.card_segments import FEWEST
from training.clustered import mean_interval, share_interval
from training.fold_checks import member_of
from training.plots import calibration_curve, gains_curve
from training.resampled import customers_of
from training.results import FoldOutcome

Floats = NDArray[np.float64]

NUMBERS = ("predicted", "actual", "low", "high")
BINS = 10
TENTHS = 10
GRID = np.linspace(0, 1, 21)
LEVELS = np.linspace(0, 1, 11)


def curves(folds: list[FoldOutcome], served: dict[str, str]) -> dict[str, Any]:
    """Curves of the members that are served; {} without a fold.

    Returns
    -------
    dict
        calibration : {from, to, customers, predicted, actual, low, high} of equal-width bins of
            churn probability; numbers are NaN in a bin of fewer than `FEWEST` rows
        gains : {contacted, found, by}: share of the lost customers found among a share of all,
            riskiest first
        churn_tenths, value_tenths : {tenth, customers, predicted, actual, low, high} by predicted
            churn probability, the highest first, and by predicted value
        spread : deciles of `churn_probability` and `predicted_clv`, eleven each
    """
    if not folds:
        return {}
    churned = np.concatenate([f.churned for f in folds])
    value = np.concatenate([f.future_value for f in folds])
    risk = _of([f.churn_probability for f in folds], served.get("return", ""))
    clv = _of([f.predicted_clv for f in folds], served.get("value", ""))
    customers = np.concatenate(customers_of(folds)[0])
    if not len(churned):
        return {}
    return {
        "calibration": _calibration(churned, risk, customers),
        "gains": {
            "by": served.get("return", ""),
            "contacted": GRID.tolist(),
            "found": gains_curve(churned, risk, GRID).tolist(),
        },
        "churn_tenths": _tenths(risk, churned, customers, is_share=True),
        "value_tenths": _tenths(clv, value, customers, is_share=False),
        "spread": {
            "churn_probability": np.quantile(risk, LEVELS).tolist(),
            "predicted_clv": np.quantile(clv, LEVELS).tolist(),
        },
    }


def _of(predictions: list[dict[str, Floats]], wanted: str) -> Floats:
    return np.concatenate([p[member_of(p, wanted)] for p in predictions])


def _calibration(
    churned: Floats, risk: Floats, customers: NDArray[np.int64]
) -> list[dict[str, Any]]:
    predicted, _, counts = calibration_curve(churned, risk, BINS)
    bin_of = np.minimum((risk * BINS).astype(np.int64), BINS - 1)
    found = []
    for k in range(BINS):
        rows = bin_of == k
        told = share_interval(churned[rows] == 1, customers[rows])
        numbers = [float(predicted[k]), told.mean, told.low, told.high]
        if counts[k] < FEWEST:
            numbers = [math.nan] * 4
        found.append(
            {
                "from": k / BINS,
                "to": (k + 1) / BINS,
                "customers": int(counts[k]),
                **dict(zip(NUMBERS, numbers, strict=True)),
            }
        )
    return found


def _tenths(
    predicted: Floats, actual: Floats, customers: NDArray[np.int64], *, is_share: bool
) -> list[dict[str, Any]]:
    found = []
    order = np.argsort(-predicted, kind="stable")
    for k, rows in enumerate(np.array_split(order, TENTHS)):
        told = (
            share_interval(actual[rows] == 1, customers[rows])
            if is_share
            else mean_interval(actual[rows], customers[rows])
        )
        numbers = [math.nan] * 4
        if len(rows) >= FEWEST:
            numbers = [float(predicted[rows].mean()), told.mean, told.low, told.high]
        named = dict(zip(NUMBERS, numbers, strict=True))
        found.append({"tenth": k + 1, "customers": len(rows), **named})
    return found
