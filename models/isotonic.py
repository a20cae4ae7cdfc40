"""Turn a raw score into a probability that holds: the rising step curve nearest to the outcomes.

Zadrozny & Elkan (2002), Transforming Classifier Scores into Accurate Multiclass Probability
Estimates. A hit is added at the lowest score and a miss at the highest, so that no block of
customers, however pure, is called certain.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from models.calibration import fit_platt, row_weights, within_edges

Float = NDArray[np.float64]
TILT = 1e-3


@dataclass(frozen=True)
class IsotonicCalibrator:
    """Probability by interpolation between thresholds.

    Attributes
    ----------
    scores : shape (k,), rising: the first and last score of each block
    probabilities : shape (k,), never falling
    slope : of the Platt line through the same rows; scales contributions
    """

    scores: Float
    probabilities: Float
    slope: float

    def probability(self, score: Float) -> Float:
        """Probabilities of the scores, within [1e-6, 1 - 1e-6]."""
        return looked_up(score, self.scores, self.probabilities, self.slope)

    def to_spec(self) -> dict[str, Any]:
        """Kind and numbers as JSON values."""
        return {
            "kind": "isotonic",
            "scores": self.scores.tolist(),
            "probabilities": self.probabilities.tolist(),
            "slope": self.slope,
        }


def fit_isotonic(score: Float, outcome: Float, weight: Float | None = None) -> IsotonicCalibrator:
    """Fit by pooling neighbours that fall.

    Parameters
    ----------
    score : shape (n,), finite; higher = y = 1 is more likely
    outcome : shape (n,), 0 or 1
    weight : shape (n,), >= 0; all rows alike where None

    Returns
    -------
    IsotonicCalibrator; without rows it says 1/2
    """
    slope = fit_platt(score, outcome, weight).slope
    if len(score) == 0:
        return IsotonicCalibrator(np.zeros(1), np.full(1, 0.5), slope)
    levels, hits, rows = by_score(score, outcome, row_weights(weight, len(score)))
    rows[[0, -1]] += 1 if len(levels) > 1 else 2
    hits[0] += 1
    fitted = isotonic_regression(hits / rows, weights=rows)
    first = fitted.blocks[:-1]
    ends = np.unique(np.concatenate([first, fitted.blocks[1:] - 1]))
    return IsotonicCalibrator(levels[ends], fitted.x[ends], slope)


def looked_up(score: Float, scores: Float, probabilities: Float, slope: float) -> Float:
    """Probabilities interpolated in a table, within [1e-6, 1 - 1e-6].

    A table says the same of all customers on a step. Who of two has the higher score is still told
    by a thousandth of the Platt line, added to the log odds.
    """
    width = float(scores[-1] - scores[0])
    held = np.clip(score, scores[0] - width, scores[-1] + width) - (scores[0] + width / 2)
    found = within_edges(np.interp(score, scores, probabilities))
    return within_edges(expit(logit(found) + TILT * max(slope, 0.0) * held))


def by_score(score: Float, outcome: Float, weight: Float) -> tuple[Float, Float, Float]:
    """Distinct scores with positive weight, rising, the weight of their hits, and their weight."""
    there = weight > 0
    levels, of = np.unique(score[there], return_inverse=True)
    rows = sums(of, weight[there])
    hits = sums(of, weight[there] * (outcome[there] > 0))
    return levels, hits, rows


def sums(of: NDArray[np.int64], value: Float) -> Float:
    """Sum of `value` over the rows of each group 0, 1, ..."""
    return np.bincount(of, weights=value).astype(float)
