"""Expected purchases of customers whose gaps are made of k exponential stages, summed exactly.

Of a customer alive at T, silent since t_x, j < k stages of the open gap are done, with weights
(n)_j rho^j / j! (`beta_geometric`); given j, the rate of stages is Gamma(n + j, alpha + T), and the
number of stages in the horizon, if nobody left, negative binomial. N stages make M = (N + j) // k
purchases, of which one who leaves with chance p ~ Beta(a, b + x + 1) after each makes on average
sum_{m<M} E(1 - p)^m.
"""

from math import lgamma

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float64]
SMALL = 1e-10  # a tail that adds less than this share is left out


@njit(cache=True, nogil=True)
def purchases(
    x: Float,
    t_x: Float,
    T: Float,
    horizon: Float,
    r: float,
    alpha: float,
    a: float,
    b: float,
    k: int,
) -> Float:
    """Expected purchases in (T, T + horizon] of customers alive at T.

    Returns
    -------
    array of shape (n_customers,)
    """
    found = np.empty(len(x))
    for i in range(len(x)):
        n, until = r + k * x[i], alpha + T[i]
        share, shares, total = 1.0, 0.0, 0.0
        for j in range(k):
            if j > 0:
                share *= (n + (j - 1)) * (T[i] - t_x[i]) / until / j
            shares += share
            done = horizon[i] / (until + horizon[i])
            if share > 0.0 and done > 0.0:
                total += share * _from_stage(j, n + j, done, a, b + x[i] + 1.0, k)
        found[i] = total / shares
    return found


@njit(cache=True, nogil=True)
def _from_stage(j: int, shape: float, done: float, a: float, c: float, k: int) -> float:
    """Expected purchases with j stages done; their number is NegBin(shape, 1 - done)."""
    mean = shape * done / (1.0 - done)
    first = max(0, int(mean - 8.0 * np.sqrt(mean / (1.0 - done))))
    log_chance = lgamma(shape + first) - lgamma(shape) - lgamma(first + 1.0)
    chance = np.exp(log_chance + shape * np.log1p(-done) + first * np.log(done))
    stays, made, purchases_made, total = 1.0, 0.0, 0, 0.0
    stages = first
    while True:
        while purchases_made < (stages + j) // k:
            made += stays
            stays *= (c + purchases_made) / (a + c + purchases_made)
            purchases_made += 1
        total += chance * made
        ratio = (shape + stages) / (stages + 1.0) * done
        if (
            stages > mean
            and ratio < 1.0
            and chance * (made + 1.0) < SMALL * (1.0 - ratio) * (total + 1e-300)
        ):
            return float(total)
        chance *= ratio
        stages += 1
