"""Intervals of shares, by Wilson (1927), JASA 22(158), 209-212."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

Float = NDArray[np.float64]


def wilson(count: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[Float, Float]:
    """Lower and upper bound of the share count / n; NaN where n is 0.

    Parameters
    ----------
    count : array of shape (k,), how many of `n` have the property
    n : array of shape (k,), how many there are
    level : share of such intervals that hold the true share, 0 to 1
    """
    x, m = np.asarray(count, float), np.asarray(n, float)
    if np.any(x < 0) or np.any(x > m):
        raise ValueError(f"count must be between 0 and n, got {x} of {m}; pass counts, not shares")
    z = float(norm.ppf((1 + level) / 2))
    m = np.where(m > 0, m, np.nan)
    share = x / m
    middle = (share + z**2 / (2 * m)) / (1 + z**2 / m)
    half = z / (1 + z**2 / m) * np.sqrt(share * (1 - share) / m + z**2 / (4 * m**2))
    # Rounding must not put a bound beyond what is possible, nor beyond the share itself.
    return np.clip(middle - half, 0.0, share), np.clip(middle + half, share, 1.0)
