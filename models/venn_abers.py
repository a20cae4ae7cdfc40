"""Turn a raw score into a probability that holds: inductive Venn-Abers predictors.

Vovk, Petej & Fedorova (2015), Large-scale probabilistic predictors with and without guarantees of
validity. The customer is added to the rows once as a miss and once as a hit; the two isotonic
fits give p0 <= p1, and p1 / (1 - p0 + p1) is the single number with the least log loss at worst.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from models.calibration import fit_platt, row_weights
from models.isotonic import by_score, looked_up, sums

Float = NDArray[np.float64]
MOST_GROUPS = 400


@dataclass(frozen=True)
class VennAbersCalibrator:
    """A table of p0 and p1 by score, interpolated.

    Attributes
    ----------
    scores : shape (k,), rising
    p0, p1 : shape (k,), never falling: the probability if the customer were a miss, and a hit
    slope : of the Platt line through the same rows; scales contributions
    """

    scores: Float
    p0: Float
    p1: Float
    slope: float

    def probability(self, score: Float) -> Float:
        """Probabilities of the scores, within [1e-6, 1 - 1e-6]."""
        single = self.p1 / (1 - self.p0 + self.p1)
        return looked_up(score, self.scores, single, self.slope)

    def to_spec(self) -> dict[str, Any]:
        """Kind and numbers as JSON values."""
        table = {name: getattr(self, name).tolist() for name in ("scores", "p0", "p1")}
        return {"kind": "venn_abers", **table, "slope": self.slope}


def fit_venn_abers(
    score: Float, outcome: Float, weight: Float | None = None
) -> VennAbersCalibrator:
    """Make the table, of at most 400 groups of neighbouring scores.

    Parameters
    ----------
    score : shape (n,), finite; higher = y = 1 is more likely
    outcome : shape (n,), 0 or 1
    weight : shape (n,), >= 0; all rows alike where None

    Returns
    -------
    VennAbersCalibrator; without rows it says 1/2
    """
    slope = fit_platt(score, outcome, weight).slope
    if len(score) == 0:
        return VennAbersCalibrator(np.zeros(1), np.zeros(1), np.ones(1), slope)
    levels, hits, rows = _grouped(*by_score(score, outcome, row_weights(weight, len(score))))
    p0, p1 = (_with_one_more(hits, rows, hit) for hit in (0.0, 1.0))
    return VennAbersCalibrator(levels, p0, p1, slope)


def _grouped(levels: Float, hits: Float, rows: Float) -> tuple[Float, Float, Float]:
    """Neighbouring scores taken together in groups of about equal weight, at their mean score."""
    if len(levels) <= MOST_GROUPS:
        return levels, hits, rows
    done = np.cumsum(rows) - rows / 2
    _, of = np.unique((done * (MOST_GROUPS / rows.sum())).astype(int), return_inverse=True)
    weight = sums(of, rows)
    return sums(of, rows * levels) / weight, sums(of, hits), weight


def _with_one_more(hits: Float, rows: Float, hit: float) -> Float:
    """Fitted probability in each group once a row with that outcome is added to it."""
    found = np.empty(len(rows))
    for group in range(len(rows)):
        more_rows, more_hits = rows.copy(), hits.copy()
        more_rows[group] += 1
        more_hits[group] += hit
        found[group] = isotonic_regression(more_hits / more_rows, weights=more_rows).x[group]
    return found
