"""Measures of churn probabilities when each customer counts with a weight, as in a resample.

With whole weights each measure is that of `models.metrics` on the rows repeated so often. What does
not depend on the weights is sorted and summed once, so that a draw is one pass over the customers.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.metrics import log_loss_rows

Floats = NDArray[np.float64]

CHURN_MEASURES = ("auc", "pr_auc", "log_loss", "brier", "ece")
BINS = 10


@dataclass(frozen=True)
class SortedChurn:
    """One member's predictions, highest first.

    Attributes
    ----------
    order : row of each place
    ends : True at the last place of equal predictions
    churned, log_loss, squared, gap : by place; the label, both losses, label less probability
    bin_of : calibration bin of each place
    """

    order: NDArray[np.int64]
    ends: NDArray[np.bool_]
    churned: Floats
    log_loss: Floats
    squared: Floats
    gap: Floats
    bin_of: NDArray[np.int64]


def sorted_churn(churned: Floats, churn_probability: Floats) -> SortedChurn:
    """Sort the predictions of one member, both arrays of shape (n_customers,)."""
    order = np.argsort(-churn_probability, kind="stable")
    y, p = churned[order], churn_probability[order]
    return SortedChurn(
        order=order,
        ends=run_ends(p),
        churned=y,
        log_loss=log_loss_rows(y, p),
        squared=(y - p) ** 2,
        gap=y - p,
        bin_of=np.minimum((p * BINS).astype(np.int64), BINS - 1),
    )


def run_ends(values: Floats) -> NDArray[np.bool_]:
    """True at the last place of each run of equal values."""
    ends = np.ones(len(values), np.bool_)
    ends[:-1] = values[1:] != values[:-1]
    return ends


def weighted_churn(member: SortedChurn, weights: Floats) -> Floats:
    """Measures in the order of `CHURN_MEASURES`, NaN where not defined.

    Parameters
    ----------
    member : SortedChurn
    weights : array of shape (n_customers,), by row, not below zero
    """
    measures: Floats = _measures(
        member.order,
        member.ends,
        member.churned,
        member.log_loss,
        member.squared,
        member.gap,
        member.bin_of,
        weights,
    )
    return measures


@njit(cache=True, nogil=True)
def _measures(
    order: NDArray[np.int64],
    ends: NDArray[np.bool_],
    churned: Floats,
    log_loss: Floats,
    squared: Floats,
    gap: Floats,
    bin_of: NDArray[np.int64],
    weights: Floats,
) -> Floats:
    found = np.full(5, np.nan)
    positives = negatives = area = steps = 0.0
    positives_before = negatives_before = 0.0
    loss = square = 0.0
    gaps = np.zeros(BINS)
    for i in range(len(order)):
        w = weights[order[i]]
        if churned[i] > 0.5:
            positives += w
        else:
            negatives += w
        loss += w * log_loss[i]
        square += w * squared[i]
        gaps[bin_of[i]] += w * gap[i]
        if ends[i]:
            area += (negatives - negatives_before) * (positives + positives_before) / 2
            if positives > positives_before:
                steps += (positives - positives_before) * positives / (positives + negatives)
            positives_before, negatives_before = positives, negatives
    total = positives + negatives
    if total <= 0:
        return found
    if positives > 0 and negatives > 0:
        found[0] = area / (positives * negatives)
        found[1] = steps / positives
    found[2] = loss / total
    found[3] = square / total
    found[4] = np.abs(gaps).sum() / total
    return found
