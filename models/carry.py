"""Carry what a short window shows to a longer horizon, for logs too young to close it.

The share of customers who return within h days follows 1 - exp(-(c h^theta)), a Weibull law whose
shape theta is read off two nested windows of the log; each customer's own c is kept. Spend grows as
a power of the window's length, read off the same two windows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
SHAPE_RANGE = (0.3, 1.1)


@dataclass(frozen=True)
class Carry:
    """From windows of `observed_days` to a horizon of `horizon_days`; 1 to 1 if they are equal."""

    observed_days: int
    horizon_days: int
    return_shape: float = 1.0
    spend_shape: float = 1.0

    @property
    def stretch(self) -> float:
        """Horizon over observed window."""
        return self.horizon_days / self.observed_days

    def churn_probability(self, observed: Float) -> Float:
        """P(no purchase in the horizon) from that in the observed window."""
        if self.observed_days == self.horizon_days:
            return observed
        carried: Float = observed ** (self.stretch**self.return_shape)
        return np.clip(carried, 1e-6, 1 - 1e-6)

    def spend_factor(self) -> float:
        """Spend in the horizon over spend in the observed window."""
        return float(self.stretch**self.spend_shape)


def fit_carry(
    observed_days: int,
    horizon_days: int,
    *,
    returned: tuple[float, float],
    spent: tuple[float, float],
) -> Carry:
    """Read the shapes off two nested windows, the second twice as long as the first.

    Parameters
    ----------
    returned : shares of customers with a purchase in the half and in the whole window, 0-1
    spent : net spend in the half and in the whole window, currency
    """
    half, whole = (min(max(p, 1e-4), 1 - 1e-4) for p in returned)
    shape = np.log(np.log1p(-whole) / np.log1p(-half)) / np.log(2)
    grown = np.log(spent[1] / spent[0]) / np.log(2) if min(spent) > 0 else 1.0
    return Carry(
        observed_days,
        horizon_days,
        return_shape=float(np.clip(shape, *SHAPE_RANGE)),
        spend_shape=float(np.clip(grown, *SHAPE_RANGE)),
    )
