"""Purchases at gamma-distributed rates, and after each a chance to leave that is beta-distributed.

One likelihood serves three models. Gaps are Erlang-k with rate lambda ~ Gamma(r, alpha); with
k = 1 they are exponential. A customer leaves after a purchase with probability p ~ Beta(a, b):
after any, the first included (MBG), or after a repeat only (BG). Write n = r + k x and y for the
purchases that were survived for sure: x in MBG, x - 1 in BG. Given (x, t_x, T) the two ways are,
but for a factor

    alive  (b + y) (alpha + T)^-n sum_{j<k} (n)_j rho^j / j!   with rho = (T - t_x) / (alpha + T)
    gone   a (alpha + t_x)^-n

the sum being the chance of an unfinished Erlang gap. Platzer & Reutterer (2016), Marketing Science
35(5), 779-799; k = 1: Batislam, Denizel & Filiztekin (2007), IJRM 24(3), 201-209, and Fader, Hardie
& Lee (2005), Marketing Science 24(2), 275-284.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, psi

from models.btyd.counts import Counts
from models.btyd.open_gap import log_open_gap, ways
from models.btyd.search import Likelihood, check_repeaters, search, time_unit

Float = NDArray[np.float64]
NAMES = ("r", "alpha", "a", "b")
STARTS = [
    np.log([0.5, 0.3, 0.6, 1.5]),
    np.log([1.0, 1.0, 0.3, 3.0]),
    np.log([2.0, 0.5, 0.1, 2.0]),
]


@dataclass(frozen=True)
class Kind:
    """Which of the models: `k` of the gaps, and whether the first purchase may be the last."""

    k: int
    leaves_at_first: bool

    def survived(self, x: Float) -> Float:
        """Purchases after which the customer stayed for sure."""
        return x if self.leaves_at_first else np.maximum(x - 1.0, 0.0)

    def may_be_gone(self, x: Float) -> NDArray[np.bool_]:
        """Whether there was a purchase to leave after."""
        return (x >= 0.0) if self.leaves_at_first else (x > 0.0)


def log_odds_alive(
    x: Float, t_x: Float, T: Float, *, r: float, alpha: float, a: float, b: float, kind: Kind
) -> Float:
    """Log of the ratio of the two ways above; +inf where nobody can be gone."""
    odds = log_alive(x, t_x, T, r=r, alpha=alpha, k=kind.k) + (r + kind.k * x) * np.log(alpha + t_x)
    odds += np.log((b + kind.survived(x)) / a)
    return np.where(kind.may_be_gone(x), odds, np.inf)


def log_alive(x: Float, t_x: Float, T: Float, *, r: float, alpha: float, k: int) -> Float:
    """Log likelihood of silence from t_x to T of one who is alive, up to what T leaves as it is."""
    n, until = r + k * x, alpha + T
    found = -n * np.log(until)
    return found if k == 1 else found + log_open_gap(n, (T - t_x) / until, k)


def history_constant(x: Float, t_x: Float, k: int) -> Float:
    """Log of the density of t_x after x Erlang-k gaps, as far as it differs from k = 1.

    With it the likelihoods of different k can be compared, from (x, t_x, T) alone.
    """
    if k == 1:
        return np.zeros_like(x)
    again = x > 0
    whole = np.where(again, x, 1.0)
    part = (k - 1) * whole * np.log(np.where(again, t_x, 1.0)) + gammaln(whole) - gammaln(k * whole)
    return np.where(again, part, 0.0)


def likelihood_of(counts: Counts, kind: Kind) -> Likelihood:
    """Return the log-likelihood of log (r, alpha, a, b), and its gradient, summed over `counts`."""
    x, place = np.unique(counts.frequency, return_inverse=True)
    place, weight = place.astype(np.int64), np.bincount(place, weights=counts.weight)
    may, y, k = kind.may_be_gone(x), kind.survived(x), kind.k
    constant = history_constant(counts.frequency, counts.recency, k)
    constant_of_all = float((counts.weight * constant).sum())

    def likelihood(theta: Float) -> tuple[float, Float]:
        r, alpha, a, b = np.exp(theta)
        n = r + k * x
        of_alive = np.where(may, np.log(b + y), 0.0)
        of_gone = np.where(may, theta[2], -np.inf)
        value, in_r, in_alpha, alive_of_x = ways(
            place, n, of_alive, of_gone, counts.recency, counts.T, counts.weight, alpha, k
        )
        dropout = gammaln(a + b) - gammaln(b) + gammaln(b + y) - gammaln(a + b + y + 1)
        base = gammaln(n) - gammaln(r) + r * theta[1] + np.where(may, dropout, 0.0)
        value += weight @ base + constant_of_all
        in_r += weight @ (psi(n) - psi(r) + theta[1])
        in_alpha += counts.customers * r / alpha
        met, stayed = weight * may, alive_of_x * may
        both = psi(a + b) - psi(a + b + y + 1)
        in_a = met @ both + (met - stayed).sum() / a
        in_b = met @ (both - psi(b) + psi(b + y)) + stayed @ (1.0 / (b + y))
        return float(value), np.array([in_r * r, in_alpha * alpha, in_a * a, in_b * b])

    return likelihood


def log_likelihood(
    x: Float, t_x: Float, T: Float, *, r: float, alpha: float, a: float, b: float, kind: Kind
) -> Float:
    """Log-likelihood of each history, with the constants that the papers keep."""
    y, n = kind.survived(x), r + kind.k * x
    may = kind.may_be_gone(x)
    dropout = gammaln(a + b) - gammaln(b) + gammaln(b + y) - gammaln(a + b + y + 1)
    base = gammaln(n) - gammaln(r) + r * np.log(alpha) + np.where(may, dropout, 0.0)
    alive = log_alive(x, t_x, T, r=r, alpha=alpha, k=kind.k) + np.where(may, np.log(b + y), 0.0)
    gone = np.where(may, np.log(a), -np.inf) - n * np.log(alpha + t_x)
    found = base + np.logaddexp(alive, gone) + history_constant(x, t_x, kind.k)
    return np.asarray(found, dtype=np.float64)


def fitted(counts: Counts, kind: Kind, model: str) -> tuple[float, float, float, float]:
    """Return r, alpha, a and b of the greatest likelihood, alpha in the unit of the counts.

    Raises
    ------
    NotConverged
        If fewer than 10 customers came back, or a parameter runs to infinity.
    """
    check_repeaters(counts, model)
    unit = time_unit(counts)
    starts = [start - np.log([1.0, kind.k, 1.0, 1.0]) for start in STARTS]
    theta = search(
        lambda some: likelihood_of(some, kind),
        counts.rescaled(unit), starts, model=model, names=NAMES,
    )  # fmt: skip
    r, alpha, a, b = np.exp(theta)
    return float(r), float(alpha * unit), float(a), float(b)
