"""How well a ranking puts first whom contact moves: Qini and uplift at k.

Radcliffe (2007), Direct Marketing Analytics Journal, 14-21. The curve is the gain a customer of
contacting the first share of a ranking; the coefficient is the area between it and the straight
line of contacting at random, in the outcome's unit a customer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval
from retention.uplift.rows import UpliftRows

Float = NDArray[np.float64]
DRAWS = 500
LEVEL = 0.95


@dataclass(frozen=True)
class Qini:
    """Qini of a ranking.

    Attributes
    ----------
    coefficient : area above random, with its interval; above zero: better than random
    share, gain : shape (101,), the curve
    low, high : shape (101,), interval of the gain at each share by itself
    """

    coefficient: Interval
    share: Float
    gain: Float
    low: Float
    high: Float


@dataclass(frozen=True)
class _Ordered:
    """Rows from the highest score down, with the ends of runs of equal scores."""

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    weight: Float
    gain: Float

    def curve(self, times: Float) -> tuple[Float, Float]:
        """Cumulative share and gain at the ends, where rows count `times` times, from 0, 0."""
        weight, gain = np.cumsum(times * self.weight), np.cumsum(times * self.gain)
        return (
            np.append(0.0, weight[self.ends] / weight[-1]),
            np.append(0.0, gain[self.ends] / weight[-1]),
        )


def qini(score: Float, rows: UpliftRows, *, seed: int, draws: int = DRAWS) -> Qini:
    """Qini curve and coefficient, with a bootstrap interval over customers.

    Parameters
    ----------
    score : shape (n,), higher = contacted earlier; learned elsewhere than on these rows
    seed : of the resampling
    """
    rows.require_both_arms()
    ordered = _ordered(score, rows)
    share, gain = ordered.curve(np.ones(len(rows)))
    grid, ends = np.linspace(0, 1, 101), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    areas, gains = np.empty(draws), np.empty((draws, len(grid)))
    for k, times in enumerate(_resamples(rows, ordered.order, seed, draws)):
        drawn = ordered.curve(times)
        areas[k], gains[k] = _area(*drawn), np.interp(grid, *drawn)
    low, high = np.quantile(areas, ends)
    interval = Interval(_area(share, gain), float(low), float(high))
    return Qini(interval, grid, np.interp(grid, share, gain), *np.quantile(gains, ends, axis=0))


def uplift_at(
    score: Float, rows: UpliftRows, share: float, *, seed: int, draws: int = DRAWS
) -> Interval:
    """Mean effect among the first `share` of a ranking, with a bootstrap interval.

    Raises
    ------
    ValueError
        If the share is outside 0-1, or one arm has nobody among the first.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    score = np.asarray(score, float)
    order = np.argsort(-score, kind="stable")
    weight = np.cumsum(rows.weight[order])
    first = order[: int(np.searchsorted(weight, share * weight[-1] * (1 - 1e-12))) + 1]
    top = rows.at(first)
    made = [_effect(top, t) for t in _resamples(top, np.arange(len(top)), seed, draws)]
    low, high = np.nanquantile(made, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(_effect(top, np.ones(len(top))), float(low), float(high))


def _effect(rows: UpliftRows, times: Float) -> float:
    """Weighted mean outcome of the contacted less that of the held out."""
    counted = times * rows.weight * np.abs(rows.inverse)
    one, zero = counted * rows.treated, counted * ~rows.treated
    if not (one.sum() > 0 and zero.sum() > 0):
        return float("nan")
    return float(np.average(rows.outcome, weights=one) - np.average(rows.outcome, weights=zero))


def _ordered(score: Float, rows: UpliftRows) -> _Ordered:
    score = np.asarray(score, float)
    if score.shape != (len(rows),) or not np.isfinite(score).all():
        raise ValueError(f"score must be finite, of shape ({len(rows)},), got {score.shape}")
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    gain = rows.weight * rows.centred * rows.inverse
    return _Ordered(order, ends, rows.weight[order], gain[order])


def _area(share: Float, gain: Float) -> float:
    """Area under the curve less that under the straight line to its end."""
    return float(np.trapezoid(gain, share) - gain[-1] / 2)


def _resamples(
    rows: UpliftRows, order: NDArray[np.int64], seed: int, draws: int
) -> Iterator[Float]:
    """How often each row counts in a resample of customers, in the order given."""
    rng = np.random.default_rng(seed)
    names, position = np.unique(rows.customer, return_inverse=True)
    n = len(names)
    for _ in range(draws):
        times = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
        yield times[position][order]
