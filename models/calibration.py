"""Turn a raw score into a probability that holds: Platt scaling, two numbers.

Platt (1999), Probabilistic Outputs for Support Vector Machines; with his smoothed targets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Float = NDArray[np.float64]
EDGE = 1e-6


@dataclass(frozen=True)
class PlattCalibrator:
    """P(y = 1 | score) = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float

    def probability(self, score: Float) -> Float:
        """Probabilities of the scores, within [1e-6, 1 - 1e-6]."""
        held: Float = np.clip(expit(self.slope * score + self.intercept), EDGE, 1 - EDGE)
        return held


def fit_platt(score: Float, outcome: Float) -> PlattCalibrator:
    """Fit slope and intercept by maximum likelihood.

    Parameters
    ----------
    score : shape (n,), finite
    outcome : shape (n,), 0 or 1

    Returns
    -------
    PlattCalibrator; with a constant score or outcome only the base rate is fitted
    """
    hits = outcome.sum()
    misses = len(outcome) - hits
    target = np.where(outcome > 0, (hits + 1) / (hits + 2), 1 / (misses + 2))
    base = float(np.log((hits + 1) / (misses + 1)))
    spread = float(score.std())
    # Equal scores may differ from their mean in the last digit, so their range is asked.
    if np.ptp(score) == 0 or hits == 0 or misses == 0:
        return PlattCalibrator(0.0, base)
    centre = float(score.mean())
    z = (score - centre) / spread

    def loss(w: Float) -> tuple[float, Float]:
        line = w[0] * z + w[1]
        error = expit(line) - target
        value = np.mean(np.logaddexp(0, line) - target * line)
        return float(value), np.array([np.mean(error * z), np.mean(error)])

    found = minimize(loss, np.array([1.0, base]), jac=True, method="BFGS")
    slope = float(found.x[0]) / spread
    return PlattCalibrator(slope, float(found.x[1]) - slope * centre)
