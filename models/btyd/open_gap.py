"""The two ways to a history of Erlang gaps, one pass over the histories, compiled."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float64]


def log_open_gap(n: Float, rho: Float, k: int) -> Float:
    """Log of sum_{j<k} (n)_j rho^j / j!: the chance of an unfinished gap, 0 for k = 1."""
    term, total = np.ones_like(rho), np.ones_like(rho)
    for j in range(1, k):
        term = term * (n + (j - 1)) * rho / j
        total = total + term
    return np.asarray(np.log(total), dtype=np.float64)


@njit(cache=True, nogil=True)
def _open_gap(n: float, rho: float, k: int) -> tuple[float, float, float]:
    """The sum of `log_open_gap` and its slopes in n and in log rho."""
    term, by_n, total, total_by_n, total_by_rho = 1.0, 0.0, 1.0, 0.0, 0.0
    for j in range(1, k):
        by_n = (by_n * (n + (j - 1)) + term) * rho / j
        term *= (n + (j - 1)) * rho / j
        total, total_by_n, total_by_rho = total + term, total_by_n + by_n, total_by_rho + j * term
    return total, total_by_n, total_by_rho


@njit(cache=True, nogil=True)
def ways(
    place: NDArray[np.int64],
    n_of_x: Float,
    of_alive: Float,
    of_gone: Float,
    t_x: Float,
    T: Float,
    weight: Float,
    alpha: float,
    k: int,
) -> tuple[float, float, float, Float]:
    """Sums over histories, `place` being each one's x among the distinct ones.

    Parameters
    ----------
    n_of_x, of_alive, of_gone : r + k x, and the logs of either way's part that only x decides

    Returns
    -------
    Log of the sum of both ways, its slope in r, its slope in alpha, and customers alive by x.
    """  # fmt: skip
    value, in_r, in_alpha, alive_of_x = 0.0, 0.0, 0.0, np.zeros(len(n_of_x))
    for i in range(len(place)):
        n, first, last = n_of_x[place[i]], alpha + t_x[i], alpha + T[i]
        log_first = np.log(first)
        since = np.log1p((T[i] - t_x[i]) / first)
        alive, gone = of_alive[place[i]] - n * since, of_gone[place[i]]
        by_n, by_rho = 0.0, 0.0
        if k > 1:
            total, by_n, by_rho = _open_gap(n, (T[i] - t_x[i]) / last, k)
            alive += np.log(total)
            by_n, by_rho = by_n / total, by_rho / total
        likelier, odds = max(alive, gone), np.exp(-abs(alive - gone))
        p_alive = (1.0 if alive >= gone else odds) / (1.0 + odds)
        value += weight[i] * (likelier + np.log1p(odds) - n * log_first)
        in_r += weight[i] * (p_alive * (by_n - since) - log_first)
        in_alpha -= weight[i] * (p_alive * (n + by_rho) / last + (1.0 - p_alive) * n / first)
        alive_of_x[place[i]] += weight[i] * p_alive
    return value, in_r, in_alpha, alive_of_x
