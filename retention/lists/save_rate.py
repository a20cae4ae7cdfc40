"""The save rate and what is not known of it: a Beta distribution.

The save rate is P(return if contacted | would not return), the gamma of the churn literature:
Verbraken, Verbeke & Baesens (2013), IEEE TKDE 25(5), 961-973.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Float = NDArray[np.float64]
ORIGINS = ("assumed", "measured")
# A save rate to plan with: contact that never saves, or always, is no assumption of a list.
LEAST, MOST = 0.005, 0.95
# Below this the next list would take chance for knowledge.
LEAST_SD = 0.002
# Readouts with a smaller share of the weight have told nothing.
LEAST_WEIGHT = 0.01


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
        # The square of a number that is almost 0 is 0.
        variance = self.sd**2
        size = self.mean * (1 - self.mean) / variance - 1 if variance else math.inf
        if math.isinf(size):
            return None
        return self.mean * size, (1 - self.mean) * size

    def draws(self, count: int, seed: int) -> Float:
        """Save rates, one a simulation of a whole list, shape (count,)."""
        if self.beta is None:
            return np.full(count, self.mean)
        return np.random.default_rng(seed).beta(*self.beta, size=count)


@dataclass(frozen=True)
class MeasuredRate:
    """The save rate as one readout estimates it; chance may put it below 0 or above 1.

    Attributes
    ----------
    mean : the estimate, not cut to 0-1, for an average of cut ones would be too high
    sd : its standard error, above 0
    """

    mean: float
    sd: float
    origin: str = "measured"

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean) or not (math.isfinite(self.sd) and self.sd > 0):
            raise ValueError(
                f"a measured save rate needs a finite mean and a standard error above 0, got "
                f"{self.mean} and {self.sd}; leave out readouts that tell none"
            )


@dataclass(frozen=True)
class CombinedRate:
    """A prior and readouts in one save rate.

    Attributes
    ----------
    rate : `measured` where the readouts weigh anything, else the prior
    weights : share of each readout, 0-1; what is left is the prior's
    """

    rate: SaveRate
    weights: tuple[float, ...]


def combined_rate(prior: SaveRate, readouts: Sequence[MeasuredRate]) -> CombinedRate:
    """Average a prior and readouts by the inverse of their variances, from `LEAST` to `MOST`.

    The average is a normal distribution; the rate has the moments of the part of it above
    `LEAST`, so that one unlucky readout makes the rate small and never 0.

    Parameters
    ----------
    prior : with a standard deviation above 0
    readouts : each of other customers or another time
    """
    if not prior.sd > 0:
        raise ValueError(f"a prior needs a standard deviation above 0, got {prior.sd}")
    means = np.array([prior.mean, *(each.mean for each in readouts)])
    precisions = np.array([prior.sd**-2, *(each.sd**-2 for each in readouts)])
    weights = precisions / precisions.sum()
    if weights[1:].sum() < LEAST_WEIGHT:
        return CombinedRate(prior, (0.0,) * len(readouts))
    mean, sd = float(weights @ means), float(precisions.sum() ** -0.5)
    start = (LEAST - mean) / sd
    # Density over what is left above, in logarithms: far out both are 0.
    hazard = math.exp(float(norm.logpdf(start) - norm.logsf(start)))
    left = sd * math.sqrt(max(0.0, 1 + start * hazard - hazard**2))
    rate = min(MOST, max(LEAST, mean + sd * hazard))
    told = SaveRate(rate, max(LEAST_SD, left), "measured")
    return CombinedRate(told, tuple(float(weight) for weight in weights[1:]))
