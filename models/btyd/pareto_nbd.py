"""Pareto/NBD: exponential gaps, and an exponential lifetime that ends unseen at any moment.

Schmittlein, Morrison & Colombo (1987), Management Science 33(1), 1-24; the likelihood as in Fader &
Hardie (2005), "A note on deriving the Pareto/NBD model". P(no purchase) is exact, not 1 - P(alive).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, psi

from models.btyd.counts import Counts
from models.btyd.history import HistoryModel, arrays
from models.btyd.search import Likelihood, check_repeaters, search, time_unit
from models.btyd.silent_death import gone_unseen, likelihood_sums

Float = NDArray[np.float64]
NAMES = ("r", "alpha", "s", "beta")
STARTS = [
    np.log([0.6, 0.3, 0.6, 0.4]),
    np.log([1.0, 1.0, 0.3, 1.0]),
    np.log([1.0, 0.5, 2.0, 3.0]),
]


@dataclass(frozen=True)
class ParetoNbd(HistoryModel):
    """Purchase rates ~ Gamma(r, alpha), death rates ~ Gamma(s, beta); alpha and beta in days."""

    r: float
    alpha: float
    s: float
    beta: float

    def log_odds_alive(self, x: Float, t_x: Float, T: Float) -> Float:
        """Log of P(alive at T) / P(gone); +inf for T = t_x."""
        gone = gone_unseen(self.r + x, t_x, T, self.alpha, self.s, self.beta)
        return self._log_stays(x, t_x, T - t_x) - gone

    def log_silent(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Log of the chance of neither dying nor buying, or of dying first."""
        dies = gone_unseen(self.r + x, T, T + horizon, self.alpha, self.s, self.beta)
        return np.asarray(np.logaddexp(self._log_stays(x, T, horizon), dies), dtype=np.float64)

    def purchases_if_alive(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Equation 41 of the note without P(alive); its limit at s = 1."""
        longer = np.log1p(horizon / (self.beta + T))
        span = longer * _expm1_ratio((1.0 - self.s) * longer)
        found = (self.r + x) * (self.beta + T) / (self.alpha + T) * span
        return np.asarray(found, dtype=np.float64)

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Float:
        """Log-likelihood of each history."""
        x, t_x, T = arrays(x, t_x, T)
        n = self.r + x
        base = gammaln(n) - gammaln(self.r) + self.r * np.log(self.alpha)
        base += self.s * np.log(self.beta)
        base -= n * np.log(self.alpha + t_x) + self.s * np.log(self.beta + t_x)
        gone = gone_unseen(n, t_x, T, self.alpha, self.s, self.beta)
        return np.asarray(base + np.logaddexp(self._log_stays(x, t_x, T - t_x), gone))

    def _log_stays(self, x: Float, since: Float, days: Float) -> Float:
        """Log of the chance of neither dying nor buying for so many days."""
        buys = (self.r + x) * np.log1p(days / (self.alpha + since))
        found = -buys - self.s * np.log1p(days / (self.beta + since))
        return np.asarray(found, dtype=np.float64)


def _expm1_ratio(value: Float) -> Float:
    """(e^v - 1) / v, which is 1 at 0."""
    safe = np.where(value == 0.0, 1.0, value)
    return np.where(value == 0.0, 1.0, np.expm1(safe) / safe)


def fit_pareto_nbd(counts: Counts) -> ParetoNbd:
    """Return the Pareto/NBD of the greatest likelihood, within the bounds of `search`.

    Raises
    ------
    NotConverged
        If fewer than 10 customers came back, or a parameter runs to infinity.
    """
    check_repeaters(counts, "Pareto/NBD")
    unit = time_unit(counts)
    theta = search(likelihood_of, counts.rescaled(unit), STARTS, model="Pareto/NBD", names=NAMES)
    r, alpha, s, beta = np.exp(theta)
    return ParetoNbd(float(r), float(alpha * unit), float(s), float(beta * unit))


def likelihood_of(counts: Counts) -> Likelihood:
    """Return the log-likelihood of log (r, alpha, s, beta), and its gradient, over `counts`."""
    x, place = np.unique(counts.frequency, return_inverse=True)
    place = place.astype(np.int64)
    weight = counts.weight
    weight_of_x, everybody = np.bincount(place, weights=weight), counts.customers

    def likelihood(theta: Float) -> tuple[float, Float]:
        r, alpha, s, beta = np.exp(theta)
        n = r + x
        value, in_n, in_alpha, in_s, in_beta = likelihood_sums(
            place, n, counts.recency, counts.T, weight, alpha, s, beta
        )
        value += weight_of_x @ (gammaln(n) - gammaln(r))
        value += everybody * (r * theta[1] + s * theta[3])
        in_r = in_n + weight_of_x @ (psi(n) - psi(r)) + everybody * theta[1]
        in_alpha += everybody * r / alpha
        in_s += everybody * theta[3]
        in_beta += everybody * s / beta
        return float(value), np.array([in_r * r, in_alpha * alpha, in_s * s, in_beta * beta])

    return likelihood
