"""Turn log odds into a probability that holds: beta calibration, three numbers.

Kull, Silva Filho & Flach (2017), Beta calibration, AISTATS. Unlike Platt scaling it can bend the
low and the high end apart.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from models.calibration import row_weights, smoothed_target, tells_nothing, within_edges

Float = NDArray[np.float64]


@dataclass(frozen=True)
class BetaCalibrator:
    """Log odds of y = 1 are a ln p - b ln(1 - p) + c, with p = 1 / (1 + exp(-score)); a, b >= 0."""

    a: float
    b: float
    c: float

    @property
    def slope(self) -> float:
        """How far the log odds move with the score where p = 1/2."""
        return (self.a + self.b) / 2

    def probability(self, score: Float) -> Float:
        """Probabilities of the scores, within [1e-6, 1 - 1e-6]."""
        low, high = _logs(score)
        return within_edges(expit(self.a * low + self.b * high + self.c))

    def to_spec(self) -> dict[str, Any]:
        """Kind and numbers as JSON values."""
        return {"kind": "beta", **asdict(self)}


def _logs(score: Float) -> tuple[Float, Float]:
    """Arrays ln p and -ln(1 - p) of p = expit(score); both rise with the score."""
    return -np.logaddexp(0, -score), np.logaddexp(0, score)


def fit_beta(score: Float, outcome: Float, weight: Float | None = None) -> BetaCalibrator:
    """Fit a, b >= 0 and c by maximum likelihood.

    Parameters
    ----------
    score : log odds, shape (n,), finite; higher = y = 1 is more likely
    outcome : shape (n,), 0 or 1
    weight : shape (n,), >= 0; all rows alike where None

    Returns
    -------
    BetaCalibrator; with a constant score or outcome only the base rate is fitted
    """
    w = row_weights(weight, len(score))
    target, base = smoothed_target(outcome, w)
    if tells_nothing(score, outcome):
        return BetaCalibrator(0.0, 0.0, base)
    x = np.column_stack(_logs(score))
    # A log that hardly varies would have a huge number of its own; it is left as it is.
    scale, centre = np.maximum(x.std(axis=0), 1e-6), x.mean(axis=0)
    z = np.column_stack([(x - centre) / scale, np.ones(len(x))])

    def loss(b: Float) -> tuple[float, Float]:
        line = z @ b
        error = w * (expit(line) - target)
        value = np.mean(w * (np.logaddexp(0, line) - target * line))
        return float(value), z.T @ error / len(z)

    found = minimize(
        loss,
        np.array([0.5, 0.5, base]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None), (0, None), (None, None)],
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-8},
    )
    a, b = (float(v) for v in found.x[:2] / scale)
    return BetaCalibrator(a, b, float(found.x[2]) - a * float(centre[0]) - b * float(centre[1]))
