"""Measures of churn probabilities and of predicted value, one number each or one loss a customer.

A measure that is not defined on the given customers is NaN, never an error: ranking measures need
both outcomes, level measures a total value above zero. `nan_to_null` prepares them for JSON.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = NDArray[np.float64]

CHURN_METRICS = ("auc", "pr_auc", "log_loss", "brier", "ece")
VALUE_METRICS = (
    "concordance",
    "norm_gini",
    "bias",
    "decile_mape",
    "rmse",
    "mae_p50",
    "spearman",
)
_NEAR_CERTAIN = 1e-6


def churn_metrics(churned: ArrayLike, churn_probability: ArrayLike) -> dict[str, float]:
    """Measure churn probabilities against what happened.

    Parameters
    ----------
    churned : array of shape (n_customers,), 1 where no purchase was made in the horizon, else 0
    churn_probability : array of shape (n_customers,), within 0 and 1

    Returns
    -------
    dict with the keys of `CHURN_METRICS`
        auc, pr_auc : ranking; NaN where all customers have the same outcome
        log_loss : with probabilities clipped to [1e-6, 1 - 1e-6]
        brier : mean squared error of the probability
        ece : expected calibration error over ten equal-width bins

    Raises
    ------
    ValueError
        If lengths differ, a number is not finite, a label is not 0 or 1, or a probability is
        outside [0, 1].
    """
    y, p = _pair("churned", churned, "churn_probability", churn_probability)
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError(f"churned must be 0 or 1, got {y[~np.isin(y, (0.0, 1.0))][0]}")
    _check_probabilities(p)
    if not len(y):
        return dict.fromkeys(CHURN_METRICS, math.nan)
    two_classes = 0 < y.sum() < len(y)
    return {
        "auc": float(roc_auc_score(y, p)) if two_classes else math.nan,
        "pr_auc": float(average_precision_score(y, p)) if two_classes else math.nan,
        "log_loss": float(log_loss_rows(y, p).mean()),
        "brier": float(np.mean((y - p) ** 2)),
        "ece": expected_calibration_error(y, p),
    }


def value_metrics(
    future_value: ArrayLike, predicted_clv: ArrayLike, clv_p50: ArrayLike | None = None
) -> dict[str, float]:
    """Measure predicted value against the value that came.

    Parameters
    ----------
    future_value : array of shape (n_customers,), currency; below zero where refunds outweigh
    predicted_clv : array of shape (n_customers,), expected value, currency
    clv_p50 : array of shape (n_customers,), median value, currency; without it `mae_p50` is NaN

    Returns
    -------
    dict with the keys of `VALUE_METRICS`
        concordance : see `concordance`
        norm_gini : see `normalised_gini`
        bias : total predicted over total true, less 1
        decile_mape : see `decile_mape`
        rmse : root mean squared error of the expected value, currency
        mae_p50 : mean absolute error of the median, currency
        spearman : rank correlation; NaN where either side is constant

    Raises
    ------
    ValueError
        If lengths differ or a number is not finite.
    """
    t, v = _pair("future_value", future_value, "predicted_clv", predicted_clv)
    if not len(t):
        return dict.fromkeys(VALUE_METRICS, math.nan)
    total = t.sum()
    mae = math.nan
    if clv_p50 is not None:
        mae = float(np.abs(t - _pair("future_value", t, "clv_p50", clv_p50)[1]).mean())
    return {
        "concordance": concordance(t, v),
        "norm_gini": normalised_gini(t, v),
        "bias": float(v.sum() / total - 1) if total > 0 else math.nan,
        "decile_mape": decile_mape(t, v),
        "rmse": float(np.sqrt(np.mean((t - v) ** 2))),
        "mae_p50": mae,
        "spearman": math.nan if _constant(t) or _constant(v) else float(spearmanr(t, v).statistic),
    }


def expected_calibration_error(churned: Floats, churn_probability: Floats, bins: int = 10) -> float:
    """Mean distance of churn rate from mean probability over equal-width bins, by customers."""
    bin_of = np.minimum((churn_probability * bins).astype(np.int64), bins - 1)
    gap = np.bincount(bin_of, weights=churned - churn_probability, minlength=bins)
    return float(np.abs(gap).sum() / len(churned))


def concordance(future_value: ArrayLike, predicted: ArrayLike) -> float:
    """Share of the pairs with different truth that are predicted in the right order.

    Every pair counts (none is sampled), pairs with equal predictions count half. Kendall's tau-b
    is (C - D) / sqrt(P Q), with P the pairs that differ in truth and Q those that differ in
    prediction, so the share is 1/2 + (C - D) / 2P in O(n log n). NaN where all truths are equal.
    """
    t, v = _pair("future_value", future_value, "predicted", predicted)
    differ_in_truth, differ_in_prediction = _unequal_pairs(t), _unequal_pairs(v)
    if differ_in_truth == 0:
        return math.nan
    if differ_in_prediction == 0:
        return 0.5
    # Only tau is wanted: the exact p-value is slow, the approximate one fails on two rows.
    method = "asymptotic" if len(t) > 2 else "auto"
    tau = float(kendalltau(t, v, method=method).statistic)
    return 0.5 + 0.5 * tau * math.sqrt(differ_in_prediction / differ_in_truth)


def normalised_gini(future_value: ArrayLike, predicted: ArrayLike) -> float:
    """Gini of the true values in predicted order over the Gini in their own order.

    Values below zero count as zero; equal predictions share their mean. NaN where no
    value is above zero or all are equal.
    """
    t, v = _pair("future_value", future_value, "predicted", predicted)
    t = np.maximum(t, 0.0)
    if not t.any() or _constant(t):
        return math.nan
    return _gini(t, v) / _gini(t, t)


def decile_mape(future_value: ArrayLike, predicted: ArrayLike) -> float:
    """Mean over predicted deciles of |sum predicted - sum true| / sum true.

    Deciles whose true sum is not above zero are left out; NaN if none remains.
    """
    errors = [
        abs(v - t) / t for t, v in zip(*decile_sums(future_value, predicted), strict=True) if t > 0
    ]
    return float(np.mean(errors)) if errors else math.nan


def decile_sums(future_value: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """True and predicted sums of the ten predicted deciles, the highest predicted first."""
    t, v = _pair("future_value", future_value, "predicted", predicted)
    tenths = np.array_split(np.argsort(-v, kind="stable"), 10)
    return np.array([t[i].sum() for i in tenths]), np.array([v[i].sum() for i in tenths])


def log_loss_rows(churned: ArrayLike, churn_probability: ArrayLike) -> Floats:
    """Log loss of each customer, the probability clipped to [1e-6, 1 - 1e-6]."""
    y, p = _pair("churned", churned, "churn_probability", churn_probability)
    _check_probabilities(p)
    p = np.clip(p, _NEAR_CERTAIN, 1 - _NEAR_CERTAIN)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log1p(-p)), dtype=np.float64)


def tweedie_deviance_rows(
    y: ArrayLike, mu: ArrayLike, power: float = 1.5, *, floor: float = 1e-3
) -> Floats:
    """Tweedie deviance of each customer: a loss for spend with many zeros and a long tail.

    Parameters
    ----------
    y : array of shape (n_customers,), currency; values below zero count as zero
    mu : array of shape (n_customers,), expected value, currency
    power : the variance's power, between 1 (Poisson) and 2 (gamma), both exclusive
    floor : least `mu`, as a share of the mean of `y`: an expectation of zero where something was
        spent would cost infinitely much

    Returns
    -------
    array of shape (n_customers,), not below zero (Jorgensen 1987, JRSS B 49(2), the unit deviance)
    """
    if not 1 < power < 2:
        raise ValueError(f"power must be between 1 and 2, both exclusive, got {power}")
    y, mu = _pair("y", y, "mu", mu)
    y = np.maximum(y, 0.0)
    least = floor * y.mean() if y.any() else _NEAR_CERTAIN
    mu = np.maximum(mu, least)
    a, b = 1 - power, 2 - power
    deviance = 2 * (y**b / (a * b) - y * mu**a / a + mu**b / b)
    return np.asarray(np.maximum(deviance, 0.0), dtype=np.float64)


def pinball(y: ArrayLike, quantile: ArrayLike, *, level: float) -> Floats:
    """Pinball loss of each customer for a predicted quantile of the given level (0 to 1)."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, both exclusive, got {level}")
    y, q = _pair("y", y, "quantile", quantile)
    return np.asarray(np.maximum(level * (y - q), (level - 1) * (y - q)), dtype=np.float64)


def nan_to_null(value: Any) -> Any:
    """Copy dicts, lists and numbers for a JSON writer: what is not finite becomes None."""
    if isinstance(value, dict):
        return {key: nan_to_null(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [nan_to_null(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _gini(true: Floats, score: Floats) -> float:
    """Gini of non-negative `true` in falling order of `score`; equal scores share their mean."""
    n = len(true)
    _, group = np.unique(-score, return_inverse=True)
    sizes = np.bincount(group)
    means = np.bincount(group, weights=true) / sizes
    share = np.cumsum(np.repeat(means, sizes)) / true.sum()
    return float(share.sum() / n - (n + 1) / (2 * n))


def _unequal_pairs(values: Floats) -> int:
    n = len(values)
    counts = np.unique(values, return_counts=True)[1].astype(np.int64)
    return n * (n - 1) // 2 - int((counts * (counts - 1) // 2).sum())


def _constant(values: Floats) -> bool:
    return bool((values == values[0]).all())


def _check_probabilities(p: Floats) -> None:
    outside = (p < 0) | (p > 1)
    if outside.any():
        raise ValueError(
            f"churn_probability must be within 0 and 1, got {p[outside][0]} "
            f"and {int(outside.sum())} such of {len(p)}; clip or calibrate it first"
        )


def _pair(name_a: str, a: ArrayLike, name_b: str, b: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float arrays of one length, all finite."""
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ValueError(
            f"{name_a} and {name_b} must be arrays of one length, "
            f"got shapes {left.shape} and {right.shape}"
        )
    for name, values in ((name_a, left), (name_b, right)):
        bad = ~np.isfinite(values)
        if bad.any():
            raise ValueError(
                f"{name} is not finite in {int(bad.sum())} of {len(values)} rows, "
                f"first in row {int(bad.argmax())}; fill or drop those rows first"
            )
    return left, right
