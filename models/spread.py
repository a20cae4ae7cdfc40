"""How widely spend scatters around its expectation, and the quantiles of value that follow.

Value is 0 with P(no return); otherwise it is the expected spend of a returning customer times a
factor. The factor's quantiles are those seen on held-out customers, apart for low and high
expectations, so nothing is assumed about the shape of the distribution.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
LEVELS = np.linspace(0.0, 1.0, 101)
ROWS_A_BIN = 100
MAX_BINS = 5
FLOOR = 1e-3


@dataclass(frozen=True)
class SpendSpread:
    """Quantiles of spend over expected spend among returning customers.

    Attributes
    ----------
    edges : shape (n_bins - 1,), limits of the bins of expected spend
    factors : shape (n_bins, 101), quantiles 0, 0.01, ... 1 of the factor in each bin
    """

    edges: Float
    factors: Float

    def value_quantile(self, tau: float, churn_probability: Float, expected_spend: Float) -> Float:
        """Quantile `tau` of value, shape (n,).

        Parameters
        ----------
        churn_probability : P(no purchase in the horizon), shape (n,)
        expected_spend : expected spend of each customer given a return, currency, shape (n,)
        """
        within = (tau - churn_probability) / np.maximum(1 - churn_probability, 1e-9)
        bins = np.searchsorted(self.edges, expected_spend, side="right")
        place = np.clip(within, 0.0, 1.0) * (len(LEVELS) - 1)
        low = np.minimum(place.astype(int), len(LEVELS) - 2)
        share = place - low
        factor = self.factors[bins, low] * (1 - share) + self.factors[bins, low + 1] * share
        return np.where(within > 0, factor * expected_spend, 0.0)


def fit_spread(spend: Float, expected_spend: Float) -> SpendSpread:
    """Fit on held-out customers who returned.

    Parameters
    ----------
    spend : net spend of each, currency, shape (n,)
    expected_spend : what was expected of each given a return, > 0, shape (n,)
    """
    factor = np.maximum(spend, 0.0) / expected_spend
    if len(factor) < 2:
        return SpendSpread(np.empty(0), np.linspace(0.25, 2.5, len(LEVELS))[None, :])
    n_bins = int(np.clip(len(factor) // ROWS_A_BIN, 1, MAX_BINS))
    edges = np.quantile(expected_spend, np.arange(1, n_bins) / n_bins)
    bins = np.searchsorted(edges, expected_spend, side="right")
    everywhere = np.quantile(factor, LEVELS)
    rows = [
        np.quantile(factor[bins == b], LEVELS) if (bins == b).sum() >= 20 else everywhere
        for b in range(n_bins)
    ]
    return SpendSpread(edges, np.array(rows))
