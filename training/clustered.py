"""Intervals of means over rows of several cutoffs, in which one customer may stand more than once.

What is left over of a customer's rows is added up first, so that a customer seen at three cutoffs
does not count as three strangers (Liang & Zeger 1986, Biometrika 73(1), for a mean).
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval

Floats = NDArray[np.float64]
Z = 1.959963984540054


def mean_interval(values: Floats, customers: NDArray[np.int64]) -> Interval:
    """Mean of `values` with its 95 % interval; NaN without a row; no bounds for one customer.

    Parameters
    ----------
    values : shape (n_rows,)
    customers : number of each row's customer, same shape
    """
    if not len(values):
        return Interval(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    half = Z * _error(values, customers)
    return Interval(mean, mean - half, mean + half)


def share_interval(flags: NDArray[np.bool_], customers: NDArray[np.int64]) -> Interval:
    """Share of rows that are true with Wilson's 95 % interval, which none and all have as well."""
    values = flags.astype(np.float64)
    if not len(values):
        return Interval(math.nan, math.nan, math.nan)
    share = float(values.mean())
    error = _error(values, customers)
    # So many independent rows would have this error; without one, the customers are counted.
    like = share * (1 - share) / error**2 if error > 0 else float(len(np.unique(customers)))
    n = min(float(len(values)), like)
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(share, max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)))


def gain_error(gain: Floats, customers: NDArray[np.int64]) -> float:
    """Standard error of a mean gain, under no gain at all: sums are not taken from their mean.

    Parameters
    ----------
    gain : one loss less another of each row, shape (n_rows,)
    customers : number of each row's customer, same shape
    """
    sums = np.bincount(customers, weights=gain)
    return float(np.sqrt((sums**2).sum()) / len(gain))


def _error(values: Floats, customers: NDArray[np.int64]) -> float:
    """Standard error of the mean; NaN where all rows are of one customer."""
    left = np.bincount(customers, weights=values - values.mean())
    groups = len(np.unique(customers))
    if groups < 2:
        return math.nan
    return float(np.sqrt((left**2).sum() * groups / (groups - 1)) / len(values))
