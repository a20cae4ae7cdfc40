"""Gamma-Gamma: the mean spend of a customer's purchase days, shrunk towards everybody's.

A purchase day's spend is Gamma(p, nu), with nu ~ Gamma(q, v) over customers, whatever their number
of purchases. Fader & Hardie (2013), "The Gamma-Gamma model of monetary value", note 025.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, psi

from models.btyd.counts import Counts
from models.btyd.errors import NotConverged
from models.btyd.history import arrays
from models.btyd.search import FEWEST_REPEATERS, Likelihood, search

Float = NDArray[np.float64]
LEAST_Q = 1.05
"""Below 1 a customer without a repeat has no finite expected spend; near 1, an absurd one."""
STARTS = [np.log([5.0, 3.0, 1.0]), np.log([1.0, 2.0, 1.0]), np.log([30.0, 10.0, 1.0])]


@dataclass(frozen=True)
class GammaGamma:
    """Shape `p` of a day's spend, shape `q` > 1 and scale `v` (currency) of its rate."""

    p: float
    q: float
    v: float

    def expected_value(self, x: ArrayLike, mean: ArrayLike) -> Float:
        """Expected spend per purchase day, currency, shape (n_customers,).

        Parameters
        ----------
        x : purchase days that `mean` is made of; with 0, `mean` is not looked at
        mean : mean spend of those days, currency; a customer for whom it is NaN or <= 0 counts as
            one without purchases, having no spend that the model knows
        """
        x, mean = arrays(x, mean)
        known = (x > 0) & np.isfinite(mean) & (mean > 0)
        x, mean = np.where(known, x, 0.0), np.where(known, mean, 0.0)
        return self.p * (self.v + x * mean) / (self.p * x + self.q - 1.0)

    def log_likelihood(self, x: ArrayLike, mean: ArrayLike) -> Float:
        """Log-likelihood of each mean spend > 0 of x > 0 purchase days: equation 1a of the note."""
        x, mean = arrays(x, mean)
        p, q, v = self.p, self.q, self.v
        shape = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + p * x * np.log(x)
        spend = (p * x - 1.0) * np.log(mean) - (p * x + q) * np.log(v + x * mean)
        return np.asarray(shape + spend, dtype=np.float64)


def fit_gamma_gamma(
    frequency: ArrayLike, monetary_value: ArrayLike, weight: ArrayLike | None = None
) -> GammaGamma:
    """Return the Gamma-Gamma of the greatest likelihood, q held above 1.05.

    Parameters
    ----------
    frequency, monetary_value : arrays of shape (n_customers,)
        Repeat purchase days and their mean spend. Customers without a repeat, or whose spend is
        missing or not above 0, take no part: the model knows positive spend only.
    weight : customers that each row stands for; default 1

    Raises
    ------
    NotConverged
        If fewer than 10 customers take part, or a parameter runs to infinity.
    """
    x, mean, some = arrays(frequency, monetary_value, 1.0 if weight is None else weight)
    takes_part = (x > 0) & np.isfinite(mean) & (mean > 0) & (some > 0)
    x, mean, some = x[takes_part], mean[takes_part], some[takes_part]
    if some.sum() < FEWEST_REPEATERS:
        raise NotConverged(
            f"Gamma-Gamma needs {FEWEST_REPEATERS} customers with a positive mean spend on repeat "
            f"days, there are {some.sum():.0f}; use the mean over all customers"
        )
    unit = float(np.median(mean))
    rows = Counts(x, mean / unit, np.zeros_like(x), some)
    theta = search(likelihood_of, rows, STARTS, model="Gamma-Gamma", names=("p", "q", "v"))
    p, over, v = np.exp(theta)
    return GammaGamma(float(p), float(LEAST_Q + over), float(v * unit))


def likelihood_of(rows: Counts) -> Likelihood:
    """Return the log-likelihood of log (p, q - 1.05, v), and its gradient.

    The mean spend stands in the `recency` of the rows.
    """
    x_of, place = np.unique(rows.frequency, return_inverse=True)
    weight_of_x = np.bincount(place, weights=rows.weight)
    spend, log_mean = rows.frequency * rows.recency, rows.weight * np.log(rows.recency)
    everybody, all_log_mean = rows.customers, float(log_mean.sum())
    x_log_mean = float((rows.frequency * log_mean).sum())

    def by_x(values: Float) -> Float:
        return np.bincount(place, weights=rows.weight * values).astype(np.float64)

    def likelihood(theta: Float) -> tuple[float, Float]:
        p, over, v = np.exp(theta)
        q, px = LEAST_Q + over, p * x_of
        log_scale, inverse_scale = by_x(np.log(v + spend)), by_x(1.0 / (v + spend))
        shape = gammaln(px + q) - gammaln(px) - gammaln(q) + q * theta[2] + px * np.log(x_of)
        value = weight_of_x @ shape + p * x_log_mean - all_log_mean - (px + q) @ log_scale
        in_p = weight_of_x @ (x_of * (psi(px + q) - psi(px) + np.log(x_of)))
        in_p += x_log_mean - x_of @ log_scale
        in_q = weight_of_x @ (psi(px + q) - psi(q)) + everybody * theta[2] - log_scale.sum()
        in_v = everybody * q / v - (px + q) @ inverse_scale
        return float(value), np.array([in_p * p, in_q * over, in_v * v])

    return likelihood
