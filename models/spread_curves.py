"""Curves of quantiles at knots: made from few or many rows, drawn towards a prior, interpolated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Float = NDArray[np.float64]
Groups = NDArray[np.int64]
LEVELS = np.linspace(0.0, 1.0, 101)
TINY = 1e-9
# Spend over expected spend before any customer is seen: log-normal, P10 0.2 and P90 3.2.
PRIOR_MEDIAN = 0.8
PRIOR_SHAPE = np.exp(1.1 * ndtri((np.arange(100) + 0.5) / 100))
PRIOR_STRENGTH = 5.0


@dataclass(frozen=True)
class Between:
    """Where each row lies between two neighbouring knots, shape (n,) each."""

    low: Groups
    high: Groups
    share: Float

    def rows(self, which: Groups) -> "Between":
        """Some of the rows, by their numbers."""
        return Between(self.low[which], self.high[which], self.share[which])

    def of(self, curves: Float) -> Float:
        """A value at every knot, shape (k,) or (k, ...), interpolated to the rows."""
        share = self.share if curves.ndim == 1 else self.share[:, None]
        held: Float = curves[self.low] * (1 - share) + curves[self.high] * share
        return held

    def at(self, curves: Float, level: Float) -> Float:
        """Curves of shape (k, m) over even levels 0 to 1, interpolated to rows and their level."""
        steps = curves.shape[1] - 1
        place = np.clip(level, 0.0, 1.0) * steps
        left = np.minimum(place.astype(int), steps - 1)
        rest = place - left
        found = [
            curves[knot, left] * (1 - rest) + curves[knot, left + 1] * rest
            for knot in (self.low, self.high)
        ]
        held: Float = found[0] * (1 - self.share) + found[1] * self.share
        return held


def between(knots: Float, x: Float) -> Between:
    """Place `x` between the knots on a log scale; beyond the ends the nearest knot holds."""
    spots = np.arange(len(knots), dtype=float)
    place = np.interp(np.log(np.maximum(x, TINY)), np.log(np.maximum(knots, TINY)), spots)
    low = np.minimum(place.astype(int), max(len(knots) - 2, 0))
    high = np.minimum(low + 1, len(knots) - 1)
    return Between(low, high, place - low)


def knots_of(x: Float, weight: Float, *, rows_a_knot: int, most: int) -> tuple[Float, Groups]:
    """Median of `x` in each of up to `most` groups of equal size, and the group of each row."""
    n_groups = int(np.clip(len(x) // rows_a_knot, 1, most))
    if n_groups == 1:
        return np.array([np.median(x) if len(x) else 1.0]), np.zeros(len(x), int)
    edges = np.unique(weighted_quantiles(x, weight, np.arange(1, n_groups) / n_groups))
    _, group = np.unique(np.searchsorted(edges, x, side="right"), return_inverse=True)
    centres = [float(np.median(x[group == g])) for g in range(group.max() + 1)]
    return np.array(centres), group


def weighted_quantiles(x: Float, weight: Float, levels: Float = LEVELS) -> Float:
    """Quantiles of `x`, each row standing in the middle of its weight; `x` is not empty."""
    order = np.argsort(x, kind="stable")
    ordered, w = x[order], weight[order]
    middle = (np.cumsum(w) - w / 2) / w.sum()
    held: Float = np.interp(levels, middle, ordered)
    return held


def drawn_to(x: Float, weight: Float, prior: Float, strength: float) -> Float:
    """Quantiles at `LEVELS` of the rows together with `strength` rows spread as `prior`."""
    spread = np.full(len(prior), strength / len(prior))
    return weighted_quantiles(np.concatenate([x, prior]), np.concatenate([weight, spread]))


def factor_curves(
    factor: Float, weight: Float, group: Groups, n_groups: int, strength: float
) -> Float:
    """Quantiles of positive factors in each group, shape (n_groups, 101).

    A group is drawn to all customers, and they to a wide prior at their own level, so that few
    customers give wide quantiles.
    """
    total = float(weight.sum()) + PRIOR_STRENGTH
    logs = weight @ np.log(factor) + PRIOR_STRENGTH * np.log(PRIOR_MEDIAN)
    pooled = drawn_to(factor, weight, PRIOR_SHAPE * np.exp(logs / total), PRIOR_STRENGTH)
    if n_groups == 1:
        return pooled[None, :]
    middle = 0.5 * (pooled[1:] + pooled[:-1])
    rows = [group == g for g in range(n_groups)]
    return np.array([drawn_to(factor[r], weight[r], middle, strength) for r in rows])
