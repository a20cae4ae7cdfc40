"""The save rate and what is not known of it: a Beta distribution.

The save rate is P(return if contacted | would not return), the gamma of the churn literature:
Verbraken, Verbeke & Baesens (2013), IEEE TKDE 25(5), 961-973.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
ORIGINS = ("assumed", "measured")


@dataclass(frozen=True)
class SaveRate:
    """Mean and standard deviation of the save rate; a standard deviation of 0 is a fixed number.

    Attributes
    ----------
    mean : 0-1, exclusive of both unless `sd` is 0
    sd : below sqrt(mean * (1 - mean))
    origin : `assumed` until a readout replaces it, then `measured`

    Raises
    ------
    ValueError
        If no Beta distribution has this mean and standard deviation.
    """

    mean: float
    sd: float = 0.0
    origin: str = "assumed"

    def __post_init__(self) -> None:
        if self.origin not in ORIGINS:
            raise ValueError(f"origin of the save rate must be one of {ORIGINS}: {self.origin!r}")
        if not 0 <= self.mean <= 1:
            raise ValueError(
                f"save rate must be between 0 and 1, got {self.mean}; 5 % is written 0.05"
            )
        most = math.sqrt(self.mean * (1 - self.mean))
        if not self.sd >= 0 or (self.sd > 0 and not self.sd < most):
            raise ValueError(
                f"a save rate of {self.mean} cannot have a standard deviation of {self.sd}; "
                f"give one from 0 to below {most:.4g}"
            )

    @classmethod
    def from_beta(cls, a: float, b: float, origin: str = "assumed") -> "SaveRate":
        """The save rate of a Beta(a, b), as a readout with `a` saved and `b` lost would give."""
        if not (a > 0 and b > 0 and math.isfinite(a + b)):
            raise ValueError(f"Beta(a, b) needs both above 0, got a = {a}, b = {b}")
        mean = a / (a + b)
        return cls(mean, math.sqrt(mean * (1 - mean) / (a + b + 1)), origin)

    @property
    def beta(self) -> tuple[float, float] | None:
        """Parameters a, b of the distribution; None where the rate is a fixed number."""
        if self.sd == 0:
            return None
        size = self.mean * (1 - self.mean) / self.sd**2 - 1
        return self.mean * size, (1 - self.mean) * size

    def draws(self, count: int, seed: int) -> Float:
        """Save rates, one a simulation of a whole list, shape (count,)."""
        if self.beta is None:
            return np.full(count, self.mean)
        return np.random.default_rng(seed).beta(*self.beta, size=count)
