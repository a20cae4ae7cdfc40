"""Turn a raw score into a probability that holds: Platt scaling, two numbers.

Platt (1999), Probabilistic Outputs for Support Vector Machines; with his smoothed targets.
`models.calibrators` chooses between this and the other kinds.
"""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Float = NDArray[np.float64]
EDGE = 1e-6
SAME = 1e-100


class Calibrator(Protocol):
    """From a raw score, such as log odds, to a probability."""

    @property
    def slope(self) -> float:
        """How far the log odds move with the score, over all; scales contributions."""
        ...

    def probability(self, score: Float) -> Float:
        """Probabilities of the scores, within [1e-6, 1 - 1e-6]."""
        ...

    def to_spec(self) -> dict[str, Any]:
        """Kind and numbers as JSON values, for `models.calibrators.calibrator_from_spec`."""
        ...


@dataclass(frozen=True)
class PlattCalibrator:
    """P(y = 1 | score) = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float

    def probability(self, score: Float) -> Float:
        """Probabilities of the scores, within [1e-6, 1 - 1e-6]."""
        return within_edges(expit(self.slope * score + self.intercept))

    def to_spec(self) -> dict[str, Any]:
        """Kind and numbers as JSON values."""
        return {"kind": "platt", **asdict(self)}


def within_edges(probability: Float) -> Float:
    """The probabilities, none nearer to 0 or 1 than 1e-6."""
    held: Float = np.clip(probability, EDGE, 1 - EDGE)
    return held


def row_weights(weight: Float | None, n_rows: int) -> Float:
    """Weights with mean 1, so that a row added against certainty counts as one row.

    Raises
    ------
    ValueError
        If the weights are not one finite, not negative number a row, or all are 0.
    """
    if weight is None:
        return np.ones(n_rows)
    given = np.asarray(weight, float)
    if given.shape != (n_rows,) or not np.isfinite(given).all() or (given < 0).any():
        raise ValueError(
            f"weight must be {n_rows} finite numbers >= 0, one a row, got shape {given.shape} "
            f"with {int((~(given >= 0)).sum())} negative or NaN; drop such rows before the fit"
        )
    if n_rows and given.sum() <= 0:
        raise ValueError(f"all {n_rows} weights are 0; leave `weight` out to count rows alike")
    return given * (n_rows / given.sum()) if n_rows else given


def smoothed_target(outcome: Float, weight: Float) -> tuple[Float, float]:
    """Platt's targets, a little short of 0 and 1, and the log odds of the smoothed base rate."""
    hits = float(weight @ (outcome > 0))
    misses = float(weight.sum()) - hits
    target = np.where(outcome > 0, (hits + 1) / (hits + 2), 1 / (misses + 2))
    return target, float(np.log((hits + 1) / (misses + 1)))


def tells_nothing(score: Float, outcome: Float) -> bool:
    """Whether all scores, or all outcomes, are the same: then only the base rate can be fitted."""
    # Equal scores may differ from their mean in the last digit, so their range is asked; the
    # squares of the smallest ranges are 0.
    return bool(len(score) == 0 or np.ptp(score) < SAME or np.ptp(outcome) == 0)


def fit_platt(score: Float, outcome: Float, weight: Float | None = None) -> PlattCalibrator:
    """Fit slope and intercept by maximum likelihood.

    Parameters
    ----------
    score : shape (n,), finite
    outcome : shape (n,), 0 or 1
    weight : shape (n,), >= 0; all rows alike where None

    Returns
    -------
    PlattCalibrator; with a constant score or outcome only the base rate is fitted
    """
    w = row_weights(weight, len(score))
    target, base = smoothed_target(outcome, w)
    if tells_nothing(score, outcome):
        return PlattCalibrator(0.0, base)
    centre, spread = float(score.mean()), float(score.std())
    z = (score - centre) / spread

    def loss(b: Float) -> tuple[float, Float]:
        line = b[0] * z + b[1]
        error = w * (expit(line) - target)
        value = np.mean(w * (np.logaddexp(0, line) - target * line))
        return float(value), np.array([np.mean(error * z), np.mean(error)])

    found = minimize(loss, np.array([1.0, base]), jac=True, method="BFGS")
    slope = float(found.x[0]) / spread
    return PlattCalibrator(slope, float(found.x[1]) - slope * centre)
