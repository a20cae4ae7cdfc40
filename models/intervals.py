"""Intervals for differences of losses, by resampling customers.

Two predictors are compared on the same customers, so the difference of a customer's two losses is
resampled, not each loss alone: what makes a customer hard for both cancels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MOST_UNITS = 20_000
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A mean difference with its interval; the interval is two-sided."""

    mean: float
    low: float
    high: float

    @property
    def above_zero(self) -> bool:
        """True if the whole interval lies above zero."""
        return self.low > 0

    @property
    def below_zero(self) -> bool:
        """True if the whole interval lies below zero."""
        return self.high < 0


def paired_bootstrap(
    loss_a: ArrayLike,
    loss_b: ArrayLike,
    *,
    seed: int,
    draws: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Mean of `loss_a - loss_b` with its percentile interval: above zero means b is better.

    Parameters
    ----------
    loss_a, loss_b : arrays of shape (n_customers,), losses of the same customers in one order
    seed : of the resampling; the same seed gives the same interval
    draws : number of resamples
    level : share of resamples that the interval holds

    Raises
    ------
    ValueError
        If lengths differ, a loss is not finite, or there are fewer than two customers.

    Notes
    -----
    Beyond `MOST_UNITS` customers, that many random groups of customers are resampled instead of
    single ones. The spread of the mean is the same, its own error about half a percent.
    """
    difference = _differences({"loss_a": loss_a}, "loss_b", loss_b)
    means = _resampled_means(difference, seed=seed, draws=draws)[:, 0]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(difference.mean()), float(low), float(high))


def simultaneous_bootstrap(
    losses: Mapping[str, ArrayLike],
    of: str,
    *,
    seed: int,
    draws: int = 1000,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Intervals of (rival's loss - loss of `of`) that hold for all rivals at once.

    The half width is c times the rival's own standard error, with c the `level` quantile of the
    greatest standardised deviation over the rivals (max-t), so that looking at many rivals does
    not make one of the intervals miss more often than `1 - level`.

    Parameters
    ----------
    losses : name -> array of shape (n_customers,), all of the same customers in one order
    of : the name that the others are compared with
    seed, draws, level : as in `paired_bootstrap`

    Returns
    -------
    dict of Interval, one a rival, in the order given; above zero means `of` is better

    Raises
    ------
    ValueError
        If `of` is not among the losses, lengths differ, a loss is not finite, or there are fewer
        than two customers.
    """
    if of not in losses:
        raise ValueError(f"{of!r} is not among the losses {sorted(losses)}; add its losses")
    rivals = {name: loss for name, loss in losses.items() if name != of}
    if not rivals:
        return {}
    difference = _differences(rivals, of, losses[of])
    centre = difference.mean(axis=0)
    deviation = np.abs(_resampled_means(difference, seed=seed, draws=draws) - centre)
    error = np.sqrt((deviation**2).mean(axis=0))
    standardised = np.divide(deviation, error, out=np.zeros_like(deviation), where=error > 0)
    half = float(np.quantile(standardised.max(axis=1), level)) * error
    return {
        name: Interval(float(m), float(m - h), float(m + h))
        for name, m, h in zip(rivals, centre, half, strict=True)
    }


def _differences(losses: Mapping[str, ArrayLike], of: str, loss_of: ArrayLike) -> Floats:
    """Array of shape (n_customers, n_rivals): rival's loss less the loss of `of`."""
    base = np.asarray(loss_of, dtype=np.float64)
    columns = [np.asarray(loss, dtype=np.float64) for loss in losses.values()]
    for name, column in zip((of, *losses), (base, *columns), strict=True):
        if column.ndim != 1 or column.shape != base.shape:
            raise ValueError(
                f"losses of {name!r} and {of!r} must be of the same customers, "
                f"got shapes {column.shape} and {base.shape}"
            )
        if not np.isfinite(column).all():
            raise ValueError(f"losses of {name!r} are not all finite; clip the predictions first")
    if len(base) < 2:
        raise ValueError(f"an interval needs at least two customers, got {len(base)}")
    return np.column_stack(columns) - base[:, None]


def _resampled_means(difference: Floats, *, seed: int, draws: int) -> Floats:
    """Array of shape (draws, n_rivals): the means of resamples, drawn in blocks to bound memory."""
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    rng = np.random.default_rng(seed)
    sums, sizes = _units(difference, rng)
    n = len(sizes)
    table = np.column_stack([sums, sizes])
    block = max(1, _BLOCK_CELLS // n)
    parts = []
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        drawn = rng.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        totals = weights.astype(np.float64) @ table
        parts.append(totals[:, :-1] / totals[:, -1:])
    return np.concatenate(parts)


def _units(difference: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Sums and sizes of the units that are resampled: customers, or random groups of them."""
    n = len(difference)
    if n <= MOST_UNITS:
        return difference, np.ones(n)
    starts = np.linspace(0, n, MOST_UNITS, endpoint=False).astype(np.int64)
    sums = np.add.reduceat(difference[rng.permutation(n)], starts, axis=0)
    return sums, np.diff(np.append(starts, n)).astype(np.float64)
