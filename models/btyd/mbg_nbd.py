"""MBG/NBD: exponential gaps, and a chance to leave after every purchase, the first included.

Batislam, Denizel & Filiztekin (2007), International Journal of Research in Marketing 24(3),
201-209.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.btyd import beta_geometric as shared
from models.btyd.counts import Counts
from models.btyd.history import HistoryModel, arrays
from models.btyd.until_gone import purchases_by_history

Float = NDArray[np.float64]
KIND = shared.Kind(k=1, leaves_at_first=True)


@dataclass(frozen=True)
class MbgNbd(HistoryModel):
    """Purchase rates ~ Gamma(r, alpha), alpha in days; chances to leave ~ Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def log_odds_alive(self, x: Float, t_x: Float, T: Float) -> Float:
        """Log of P(alive at T) / P(gone)."""
        return shared.log_odds_alive(
            x, t_x, T, r=self.r, alpha=self.alpha, a=self.a, b=self.b, kind=KIND
        )

    def log_silent(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Log of ((alpha + T) / (alpha + T + horizon))^(r + x)."""
        return -(self.r + x) * np.log1p(horizon / (self.alpha + T))

    def purchases_if_alive(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """See `until_gone`: given alive at T, p ~ Beta(a, b + x + 1)."""
        return purchases_by_history(
            x, T, horizon, r=self.r, alpha=self.alpha, a=self.a, c=self.b + x + 1
        )

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Float:
        """Log-likelihood of each history."""
        return shared.log_likelihood(
            *arrays(x, t_x, T), r=self.r, alpha=self.alpha, a=self.a, b=self.b, kind=KIND
        )


def fit_mbg_nbd(counts: Counts) -> MbgNbd:
    """Return the MBG/NBD of the greatest likelihood, within the bounds of `search`.

    Raises
    ------
    NotConverged
        If fewer than 10 customers came back, or a parameter runs to infinity.
    """
    return MbgNbd(*shared.fitted(counts, KIND, "MBG/NBD"))
