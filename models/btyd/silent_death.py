"""The chance of having gone unseen under Pareto/NBD, by quadrature in logarithms, compiled.

The paper's 2F1 overflows for many purchases, so the integral that it stands for is taken itself:

    D = integral over tau in (t_x, T) of s (beta + tau)^-(s+1) (alpha + tau)^-(r+x)

relative to (beta + t_x)^-s (alpha + t_x)^-(r+x). With l = log(min(alpha, beta) + tau) the nearest
singularity of the integrand is pi away from the line, and it falls by at most some 70 powers of e
before it is cut off: 24 Gauss-Legendre nodes give 10 digits, and exact slopes with them; where the
integrand falls little, 8 or 12 do.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float64]
CUT = 36.0  # e^-36 is the last bit of a float64


def _rules(*sizes: int) -> tuple[Float, Float]:
    """Return nodes on (0, 2) and weights of Gauss-Legendre rules, a row each, filled up with 0."""
    nodes, weights = np.zeros((2, len(sizes), max(sizes)))
    for i, size in enumerate(sizes):
        points, weights[i, :size] = np.polynomial.legendre.leggauss(size)
        nodes[i, :size] = points + 1.0
    return nodes, weights


SIZES = np.array([8, 12, 24])
NODES, WEIGHTS = _rules(8, 12, 24)


@njit(cache=True, nogil=True)
def gone_unseen(n: Float, since: Float, until: Float, alpha: float, s: float, beta: float) -> Float:
    """Log of D above for each customer, -inf where until = since; `n` is r + x."""
    found = np.empty(len(n))
    low, high = min(alpha, beta), max(alpha, beta)
    for i in range(len(n)):
        low_power, high_power = (n[i], s) if alpha <= beta else (s, n[i])
        start, far = low + since[i], high + since[i]
        half, rule = _range_and_rule(n[i], since[i], until[i], alpha, s, beta)
        total = 0.0
        for j in range(SIZES[rule]):
            log_low = half * NODES[rule, j]
            tau = start * np.expm1(log_low)
            fall = low_power * log_low + high_power * np.log1p(tau / far)
            total += WEIGHTS[rule, j] * (start + tau) / (beta + since[i] + tau) * np.exp(-fall)
        found[i] = np.log(s * half * total) if half > 0.0 else -np.inf
    return found


@njit(cache=True, nogil=True)
def _range_and_rule(
    n: float, since: float, until: float, alpha: float, s: float, beta: float
) -> tuple[float, int]:
    """Half the length of the integral in l, up to where nothing is left; the rule that it needs."""
    length = until - since
    length = min(length, (alpha + since) * np.expm1(min(CUT / n, 700.0)))
    length = min(length, (beta + since) * np.expm1(min(CUT / s, 700.0)))
    half = 0.5 * np.log1p(length / (min(alpha, beta) + since))
    fall = n * np.log1p(length / (alpha + since)) + s * np.log1p(length / (beta + since))
    if half < 0.8 and fall < 6.0:
        return half, 0
    return half, 1 if half < 1.6 and fall < 16.0 else 2


@njit(cache=True, nogil=True)
def likelihood_sums(
    place: NDArray[np.int64],
    n_of_x: Float,
    t_x: Float,
    T: Float,
    weight: Float,
    alpha: float,
    s: float,
    beta: float,
) -> Float:
    """Sums over histories of the log-likelihood and its slopes, up to what depends on x alone.

    Returns
    -------
    array of shape (5,)
        The log of the sum of both ways, and its slopes in n, alpha, s and beta.
    """  # fmt: skip
    out = np.zeros(5)
    low, high = min(alpha, beta), max(alpha, beta)
    for i in range(len(place)):
        n, first_a, first_b = n_of_x[place[i]], alpha + t_x[i], beta + t_x[i]
        log_first_a, log_first_b = np.log(first_a), np.log(first_b)
        log_a, log_b = np.log1p((T[i] - t_x[i]) / first_a), np.log1p((T[i] - t_x[i]) / first_b)
        alive = np.exp(-n * log_a - s * log_b)
        in_n, in_s = alive * log_a, alive * log_b
        in_alpha, in_beta = alive * n / (alpha + T[i]), alive * s / (beta + T[i])
        half, rule = _range_and_rule(n, t_x[i], T[i], alpha, s, beta)
        gone = 0.0
        for j in range(SIZES[rule]):
            log_low = half * NODES[rule, j]
            tau = (low + t_x[i]) * np.expm1(log_low)
            log_high = np.log1p(tau / (high + t_x[i]))
            log_a, log_b = (log_low, log_high) if alpha <= beta else (log_high, log_low)
            rest_b = 1.0 / (first_b + tau)
            part = WEIGHTS[rule, j] * (low + t_x[i] + tau) * rest_b * np.exp(-n * log_a - s * log_b)
            part *= s * half
            gone += part
            in_n += part * log_a
            in_s += part * log_b
            in_alpha += part * n / (first_a + tau)
            in_beta += part * (s + 1.0) * rest_b
        total = alive + gone
        out[0] += weight[i] * (np.log(total) - n * log_first_a - s * log_first_b)
        out[1] -= weight[i] * (in_n / total + log_first_a)
        out[2] -= weight[i] * in_alpha / total
        out[3] += weight[i] * ((gone / s - in_s) / total - log_first_b)
        out[4] -= weight[i] * in_beta / total
    return out
