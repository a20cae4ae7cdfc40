"""Measures under customer weights, the paired bootstrap over customers, and Holm's correction.

A draw of the bootstrap is a weight a customer: how often it was drawn. Every measure here takes
such weights, so a draw costs no new arrays, and the same customer has one weight at all cutoffs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from scipy.stats import norm

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHURN = ("auc", "log_loss", "brier")
VALUE = ("norm_gini", "concordance", "rmse", "decile_mape", "abs_bias")
QUANTILE = ("pinball_10", "pinball_50", "pinball_90")
METRICS = (*CHURN, *VALUE, *QUANTILE)
HIGHER_IS_BETTER = ("auc", "norm_gini", "concordance")
NEAR_CERTAIN = 1e-6
DRAWS = 1_000

Measure = Callable[[Float], float]


@dataclass(frozen=True)
class Truth:
    """What customers did: churned 1.0 or 0.0, and value in currency; shape (n,) each."""

    churned: Float
    value: Float


def measure(metric: str, truth: Truth, prediction: Float) -> Measure:
    """A measure of a prediction as a function of the customers' weights.

    Parameters
    ----------
    metric : one of `METRICS`, or `ece`, or `bias`
    prediction : churn probability, expected value, or the quantile that the metric is of

    Returns
    -------
    function of an array of weights, shape (n,), not below zero
    """
    y, t = truth.churned, truth.value
    if metric in _OF_CHURN:
        return _OF_CHURN[metric](y, prediction)
    if metric in _OF_VALUE:
        return _OF_VALUE[metric](t, prediction)
    if metric in QUANTILE:
        level = int(metric[-2:]) / 100
        return _mean(np.maximum(level * (t - prediction), (level - 1) * (t - prediction)))
    raise ValueError(
        f"no metric is called {metric!r}; there are {', '.join(METRICS)}, ece and bias"
    )


def better(metric: str, ours: float, theirs: float) -> float:
    """How much better ours is; below zero where it is worse."""
    return ours - theirs if metric in HIGHER_IS_BETTER else theirs - ours


@dataclass(frozen=True)
class Gain:
    """Ours against a peer on one data set by one metric.

    Attributes
    ----------
    ours, theirs : means over the cutoffs
    gain, low, high : how much better ours is, with the bootstrap's 95 % interval
    p : two-sided
    """

    ours: float
    theirs: float
    gain: float
    low: float
    high: float
    p: float


def weights_of(customers: Sequence[pd.Index], *, draws: int = DRAWS, seed: int = 0) -> list[Int]:
    """Bootstrap weights of the customers of each cutoff, shape (draws, n) each.

    Customers are drawn from all who appear at any cutoff, with one weight at all of them.
    """
    everybody = customers[0]
    for index in customers[1:]:
        everybody = everybody.union(index)
    n = len(everybody)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    drawn = drawn.astype(np.int16)
    return [drawn[:, everybody.get_indexer(index)] for index in customers]


def draws_of(measures: Sequence[Measure], weights: Sequence[Int]) -> Float:
    """Mean over cutoffs of a measure, first with equal weights and then by draw."""
    equal = [m(np.ones(w.shape[1])) for m, w in zip(measures, weights, strict=True)]
    by_draw = [[m(row.astype(float)) for row in w] for m, w in zip(measures, weights, strict=True)]
    return np.concatenate([[np.mean(equal)], np.mean(by_draw, axis=0)])


def gain_of(metric: str, ours: Float, theirs: Float) -> Gain:
    """Compare two results of `draws_of` of the same draws.

    The p-value is that of a normal distribution with the bootstrap's standard error, since a
    thousand draws alone tell no p below 0.002; where draws lie on both sides of zero, it is at
    least twice the smaller share of them.
    """
    gains = np.array([better(metric, a, b) for a, b in zip(ours, theirs, strict=True)])
    gain, drawn = float(gains[0]), gains[1:]
    error = float(drawn.std(ddof=1))
    smooth = 2 * float(norm.sf(abs(gain) / error)) if error > 0 else float(gain == 0)
    counted = 2 * min(float((drawn <= 0).mean()), float((drawn >= 0).mean()))
    low, high = (float(v) for v in np.quantile(drawn, (0.025, 0.975)))
    p = min(1.0, max(smooth, counted))
    return Gain(float(ours[0]), float(theirs[0]), gain, low, high, p)


def holm(p_values: Sequence[float]) -> Float:
    """Holm's step-down adjusted p-values, in the order given (Holm 1979)."""
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def _mean(rows: Float) -> Measure:
    return lambda w: float(w @ rows / w.sum())


def _log_loss(y: Float, p: Float) -> Measure:
    p = np.clip(p, NEAR_CERTAIN, 1 - NEAR_CERTAIN)
    return _mean(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def _brier(y: Float, p: Float) -> Measure:
    return _mean((y - p) ** 2)


def _ece(y: Float, p: Float) -> Measure:
    bin_of = np.minimum((p * 10).astype(np.int64), 9)
    gap = y - p
    return lambda w: float(np.abs(np.bincount(bin_of, w * gap, 10)).sum() / w.sum())


def _auc(y: Float, p: Float) -> Measure:
    """Share of pairs in the right order; equal predictions count half."""
    rank = np.unique(p, return_inverse=True)[1]
    size = int(rank.max()) + 1

    def auc(w: Float) -> float:
        stays, leaves = np.bincount(rank, w * (1 - y), size), np.bincount(rank, w * y, size)
        below = np.cumsum(stays) - stays / 2
        pairs = stays.sum() * leaves.sum()
        return float(leaves @ below / pairs) if pairs > 0 else float("nan")

    return auc


def _rmse(t: Float, v: Float) -> Measure:
    squares = (t - v) ** 2
    return lambda w: float(np.sqrt(w @ squares / w.sum()))


def _bias(t: Float, v: Float) -> Measure:
    return lambda w: float(w @ v / (w @ t) - 1)


def _abs_bias(t: Float, v: Float) -> Measure:
    bias = _bias(t, v)
    return lambda w: abs(bias(w))


def _norm_gini(t: Float, v: Float) -> Measure:
    """Gini in predicted order over Gini in the own order; what is below zero counts as zero."""
    t = np.maximum(t, 0.0)
    by_prediction, by_truth = _gini(t, v), _gini(t, t)
    return lambda w: by_prediction(w) / by_truth(w)


def _gini(t: Float, score: Float) -> Measure:
    """Gini under weights by falling score; customers of equal score share their mean."""
    group = np.unique(-score, return_inverse=True)[1]
    size = int(group.max()) + 1

    def gini(w: Float) -> float:
        many, held = np.bincount(group, w, size), np.bincount(group, w * t, size)
        share = np.cumsum(held) / held.sum()
        before = np.concatenate([[0.0], share[:-1]])
        return float(many @ (share + before) / many.sum() - 1)

    return gini


def _decile_mape(t: Float, v: Float) -> Measure:
    """Mean over predicted deciles of |sum predicted - sum true| / sum true, where that is > 0."""
    order = np.argsort(-v, kind="stable")
    t, v = t[order], v[order]

    def mape(w: Float) -> float:
        w = w[order]
        place = np.cumsum(w) - w / 2
        tenth = np.minimum((place * (10 / w.sum())).astype(np.int64), 9)
        true, told = np.bincount(tenth, w * t, 10), np.bincount(tenth, w * v, 10)
        kept = true > 0
        return float(np.mean(np.abs(told[kept] - true[kept]) / true[kept]))

    return mape


def _concordance(t: Float, v: Float) -> Measure:
    """Share of pairs of different truth in the right order; equal predictions count half."""
    order = np.argsort(t, kind="stable")
    truth = np.unique(t[order], return_inverse=True)[1].astype(np.int64)
    rank = np.unique(v, return_inverse=True)[1].astype(np.int64)[order]
    size = int(rank.max()) + 1
    return lambda w: float(_ordered_share(truth, rank, w[order], size))


@njit(cache=True, nogil=True)
def _ordered_share(truth: Int, rank: Int, w: Float, size: int) -> float:
    """Weighted share of ordered pairs; rows by rising truth, sums of weight by rank in a tree."""
    tree, at = np.zeros(size + 1), np.zeros(size)
    right, pairs, seen, begin = 0.0, 0.0, 0.0, 0
    while begin < len(truth):
        end = begin
        while end < len(truth) and truth[end] == truth[begin]:
            if w[end] > 0:
                below, k = 0.0, rank[end]
                while k > 0:
                    below += tree[k]
                    k -= k & -k
                right += w[end] * (below + at[rank[end]] / 2)
                pairs += w[end] * seen
            end += 1
        for row in range(begin, end):
            if w[row] > 0:
                at[rank[row]] += w[row]
                seen += w[row]
                k = rank[row] + 1
                while k <= size:
                    tree[k] += w[row]
                    k += k & -k
        begin = end
    return right / pairs if pairs > 0 else np.nan


_OF_CHURN = {"auc": _auc, "log_loss": _log_loss, "brier": _brier, "ece": _ece}
_OF_VALUE = {
    "norm_gini": _norm_gini,
    "concordance": _concordance,
    "rmse": _rmse,
    "decile_mape": _decile_mape,
    "abs_bias": _abs_bias,
    "bias": _bias,
}
