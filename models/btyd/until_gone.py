"""Expected purchases of customers who are alive, leave after each with chance p, and buy at a rate.

With exponential gaps, a rate lambda and p, (1 - exp(-lambda p t)) / p purchases are expected in t.
Over lambda ~ Gamma(n, alpha + T) that is f(p) = (1 - (1 + p z)^-n) / p with z = t / (alpha + T).
Over p ~ Beta(a, c) the papers write it with 2F1, which overflows at large n and cancels at a near
1. f being smooth in p, Gauss-Jacobi quadrature with the beta density as its weight needs few nodes.
"""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.btyd.counts import coded

Float = NDArray[np.float64]
NODES = 48
ROWS = 10_000  # at a time, to stay in the cache


def beta_nodes(a: float, c: Float, size: int = NODES) -> tuple[Float, Float]:
    """Return nodes and weights of expectations over Beta(a, c), each of shape (len(c), size).

    Golub & Welsch (1969): the eigenvalues of the Jacobi matrix, and the squares of the first
    components of its eigenvectors, which sum to 1.
    """
    i = np.arange(size, dtype=np.float64)
    one, two = c[:, None] - 1.0, a - 1.0
    both = one + two
    spread = 2.0 * i + both
    middle = np.empty((len(c), size))
    middle[:, 1:] = (two**2 - one**2) / (spread[:, 1:] * (spread[:, 1:] + 2.0))
    middle[:, 0] = ((two - one) / (both + 2.0))[:, 0]
    j, s = i[1:], spread[:, 1:]
    # (j + both) / (s - 1) is 0 / 0 at j = 1 when both = -1, and 1 for every other `both`.
    ratio = np.ones_like(s)
    ratio[:, 1:] = (j[1:] + both) / (s[:, 1:] - 1.0)
    beside = np.zeros((len(c), size))
    beside[:, :-1] = np.sqrt(4.0 * j * (j + one) * (j + two) * ratio / (s**2 * (s + 1.0))) / 2.0
    nodes, first = _eigen((1.0 + middle) / 2.0, beside)
    return np.clip(nodes, 1e-16, 1.0), first**2


@njit(cache=True, nogil=True)
def _eigen(middle: Float, beside: Float) -> tuple[Float, Float]:
    """Eigenvalues of tridiagonal matrices, and the first components of the eigenvectors.

    The implicit QL method, EISPACK's imtql2 as Golub & Welsch use it; a matrix is a row of each.
    """
    roots, first = middle.copy(), np.zeros_like(middle)
    size = middle.shape[1]
    for row in range(len(middle)):
        d, z, e = roots[row], first[row], beside[row].copy()
        z[0] = 1.0
        for low in range(size):
            while True:
                m = low
                while m < size - 1 and abs(e[m]) > 1e-16 * (abs(d[m]) + abs(d[m + 1])):
                    m += 1
                if m == low:
                    break
                g = (d[low + 1] - d[low]) / (2.0 * e[low])
                g = d[m] - d[low] + e[low] / (g + np.copysign(np.hypot(g, 1.0), g))
                s, c, p, cut = 1.0, 1.0, 0.0, False
                for i in range(m - 1, low - 1, -1):
                    f, b = s * e[i], c * e[i]
                    r = np.hypot(f, g)
                    e[i + 1] = r
                    if r == 0.0:
                        d[i + 1] -= p
                        cut = True
                        break
                    s, c = f / r, g / r
                    g = d[i + 1] - p
                    r = (d[i] - g) * s + 2.0 * c * b
                    p = s * r
                    d[i + 1] = g + p
                    g = c * r - b
                    z[i], z[i + 1] = c * z[i] - s * z[i + 1], s * z[i] + c * z[i + 1]
                if not cut:
                    d[low] -= p
                    e[low] = g
                e[m] = 0.0
    return roots, first


def purchases(n: Float, z: Float, c: Float, *, a: float) -> Float:
    """Expected purchases of customers alive now, shape (n_customers,).

    Parameters
    ----------
    n, z : shape and horizon over scale of each customer's gamma-distributed rate
    c : second parameter of each customer's beta-distributed chance to leave, `a` being the first
    """
    distinct, place = coded(c)
    used = np.unique(place)
    nodes = [_nodes_of(a, float(one)) for one in distinct[used]]
    p, weight = (np.array([n[part] for n in nodes]).reshape(-1, NODES) for part in (0, 1))
    place = np.searchsorted(used, place)
    found = np.empty_like(n)
    for start in range(0, len(n), ROWS):
        rows = slice(start, start + ROWS)
        at = p[place[rows]]
        total = -np.expm1(-n[rows, None] * np.log1p(at * z[rows, None])) / at
        found[rows] = np.einsum("ij,ij->i", total, weight[place[rows]])
    return found


@lru_cache(maxsize=4096)
def _nodes_of(a: float, c: float) -> tuple[Float, Float]:
    """Nodes and weights over one Beta(a, c): whoever asks of a day asks of the next ones too."""
    nodes, weights = beta_nodes(a, np.array([c]))
    return nodes[0], weights[0]


def purchases_by_history(
    x: Float, T: Float, horizon: Float, *, r: float, alpha: float, a: float, c: Float
) -> Float:
    """Expected purchases of customers alive at T, computed once for each pair of x and T."""
    if len(x) == 0 or (horizon != horizon[0]).any():
        return purchases(r + x, horizon / (alpha + T), c, a=a)
    first, place = _distinct_pairs(x, T)
    z = horizon[first] / (alpha + T[first])
    return purchases(r + x[first], z, c[first], a=a)[place]


def _distinct_pairs(one: Float, two: Float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a row of each distinct pair, and each row's pair; by a table where that is small."""
    (one_of, one_at), (two_of, two_at) = coded(one), coded(two)
    key, possible = one_at * len(two_of) + two_at, len(one_of) * len(two_of)
    if possible > 4 * len(key):
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
        return first, place
    row = np.full(possible, -1, dtype=np.int64)
    row[key] = np.arange(len(key))
    used = np.flatnonzero(row >= 0)
    place = np.empty(possible, dtype=np.int64)
    place[used] = np.arange(len(used))
    return row[used], place[key]
