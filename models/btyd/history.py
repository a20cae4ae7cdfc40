"""What every model here answers of a history, from three logarithms that it has in closed form.

A history (x, t_x, T) has come about in one of two ways: the customer is alive at T and was silent
since t_x, or has gone since. Each has a likelihood; their ratio gives P(alive), and with the chance
of a silent horizon for those alive it gives P(no purchase). All is added up in logarithms, so that
neither many purchases nor long silence under- or overflows.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit

Float = NDArray[np.float64]
CLOSEST = 1e-12  # no probability comes nearer than this to 0 or 1


class HistoryModel(ABC):
    """A fitted buy-till-you-die model; arrays are of shape (n_customers,), times in days."""

    @abstractmethod
    def log_odds_alive(self, x: Float, t_x: Float, T: Float) -> Float:
        """Log of P(alive at T) / P(gone), given the history; +inf where nobody can be gone."""

    @abstractmethod
    def log_silent(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Log P(no purchase in (T, T + horizon]) of a customer who is alive at T."""

    @abstractmethod
    def purchases_if_alive(self, x: Float, t_x: Float, T: Float, horizon: Float) -> Float:
        """Expected purchase days in (T, T + horizon] of a customer who is alive at T."""

    @abstractmethod
    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Float:
        """Log-likelihood of each history."""

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Float:
        """P(still a customer at T). Not a churn score: see `p_zero`."""
        odds = self.log_odds_alive(*arrays(x, t_x, T))
        return np.asarray(expit(odds), dtype=np.float64)

    def log_p_zero(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon_days: ArrayLike
    ) -> Float:
        """Log P(no purchase in (T, T + horizon_days]), having gone included; never 0 or -inf."""
        x, t_x, T, horizon = arrays(x, t_x, T, horizon_days)
        odds = self.log_odds_alive(x, t_x, T)
        silent = self.log_silent(x, t_x, T, horizon)
        log_p = np.logaddexp(log_expit(-odds), log_expit(odds) + silent)
        clipped = np.clip(log_p, np.log(CLOSEST), np.log1p(-CLOSEST))
        return np.asarray(clipped, dtype=np.float64)

    def p_zero(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon_days: ArrayLike) -> Float:
        """P(no purchase in (T, T + horizon_days]), in 1e-12 .. 1 - 1e-12.

        Parameters
        ----------
        x, t_x, T : arrays of shape (n_customers,)
            Repeat purchase days, days from first to last purchase, days from first to cutoff.
        horizon_days : number or array of shape (n_customers,)
        """
        return np.clip(np.exp(self.log_p_zero(x, t_x, T, horizon_days)), CLOSEST, 1 - CLOSEST)

    def expected_purchases(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, horizon_days: ArrayLike
    ) -> Float:
        """Expected purchase days in (T, T + horizon_days], shape (n_customers,)."""
        x, t_x, T, horizon = arrays(x, t_x, T, horizon_days)
        alive = expit(self.log_odds_alive(x, t_x, T))
        return np.asarray(alive * self.purchases_if_alive(x, t_x, T, horizon), dtype=np.float64)


def arrays(*values: ArrayLike) -> tuple[Float, ...]:
    """Return the arguments as float64 arrays of one shape."""
    same = [np.asarray(v, dtype=np.float64) for v in values]
    if len({a.shape for a in same}) > 1:
        # Copies: what is spread over one row alone still counts as a view that none may write to.
        same = [np.array(a) for a in np.broadcast_arrays(*same)]
    return tuple(np.atleast_1d(np.ascontiguousarray(a)) for a in same)
