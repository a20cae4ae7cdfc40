"""MBG/CNBD-k: MBG/NBD with Erlang-k gaps, for customers who buy more regularly than by chance.

Platzer & Reutterer (2016), "Ticking away the moments", Marketing Science 35(5), 779-799. With k = 1
it is MBG/NBD. `alpha` belongs to the rate of stages, k of which make a gap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.btyd import beta_geometric as shared
from models.btyd.counts import Counts
from models.btyd.errors import NotConverged
from models.btyd.history import HistoryModel, arrays
from models.btyd.stages import purchases

Float = NDArray[np.float64]
LARGEST_K = 6


@dataclass(frozen=True)
class MbgCnbdK(HistoryModel):
    """Stage rates ~ Gamma(r, alpha), alpha in days; chances to leave ~ Beta(a, b); k >= 1."""

    r: float
    alpha: float
    a: float
    b: float
    k: int

    def log_odds_alive(self, x: Float, t_x: Float, T: Float) -> Float:
        """Log of P(alive at T) / P(gone)."""
        return shared.log_odds_alive(
            x, t_x, T, r=self.r, alpha=self.alpha, a=self.a, b=self.b, kind=self._kind
        )

    def log_silent(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Log of the chance that the open gap outlasts the horizon, given that it outlasts T."""
        until = T + horizon
        later = shared.log_alive(x, t_x, until, r=self.r, alpha=self.alpha, k=self.k)
        now = shared.log_alive(x, t_x, T, r=self.r, alpha=self.alpha, k=self.k)
        return np.minimum(later - now, 0.0)

    def purchases_if_alive(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Exact sum over numbers of stages, see `stages`; the paper approximates."""
        return np.asarray(
            purchases(x, t_x, T, horizon, self.r, self.alpha, self.a, self.b, self.k),
            dtype=np.float64,
        )

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Float:
        """Log-likelihood of each history; comparable between values of k."""
        return shared.log_likelihood(
            *arrays(x, t_x, T), r=self.r, alpha=self.alpha, a=self.a, b=self.b, kind=self._kind
        )

    @property
    def _kind(self) -> shared.Kind:
        return shared.Kind(k=self.k, leaves_at_first=True)


def fit_mbg_cnbd_k(counts: Counts, *, largest_k: int = LARGEST_K) -> MbgCnbdK:
    """Return the MBG/CNBD-k of the greatest likelihood; k rises until the likelihood falls.

    Of the gaps only their number and sum are known here, so that k is told by how t_x lies in T,
    less sharply than from every gap.

    Raises
    ------
    NotConverged
        If fewer than 10 customers came back, or with k = 1 a parameter runs to infinity.
    """
    best, most = _fit(counts, 1)
    for k in range(2, largest_k + 1):
        try:
            model, likelihood = _fit(counts, k)
        except NotConverged:
            break  # the fit with fewer stages stands
        if likelihood <= most:
            break
        best, most = model, likelihood
    return best


def _fit(counts: Counts, k: int) -> tuple[MbgCnbdK, float]:
    kind = shared.Kind(k=k, leaves_at_first=True)
    model = MbgCnbdK(*shared.fitted(counts, kind, f"MBG/CNBD-{k}"), k)
    each = model.log_likelihood(counts.frequency, counts.recency, counts.T)
    return model, float((counts.weight * each).sum())
