"""Measures of every member on resamples of the customers, the same resample for all of them.

A customer is drawn with everything that is known of him at every cutoff, so what makes him hard to
predict is neither counted as chance twice nor differs between members that are compared.
"""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from training.results import FoldOutcome
from training.weighted_churn import CHURN_MEASURES, SortedChurn, sorted_churn, weighted_churn
from training.weighted_value import (
    VALUE_MEASURES,
    SortedTruth,
    SortedValue,
    sorted_truth,
    sorted_value,
    weighted_truth,
    weighted_value,
)

Floats = NDArray[np.float64]

MEASURES = {"churn": CHURN_MEASURES, "value": VALUE_MEASURES}
DRAWS = 300
# Beyond so many customers, some of them are resampled for all: time would grow, accuracy would not.
MOST_CUSTOMERS = 50_000
_JOBS = 2
_BLOCK = 25


@dataclass(frozen=True)
class Resampled:
    """Measures of the members, on all customers and on each resample.

    Attributes
    ----------
    members : names, by "churn" and "value"
    points : by the same; shape (n_folds, n_members, n_measures), NaN where a fold lacks a member
    draws : the same with a first axis of resamples
    shrink : factor by which the spread of the draws is to be multiplied; below 1 where some of the
        customers were resampled for all
    """

    members: dict[str, list[str]]
    points: dict[str, Floats]
    draws: dict[str, Floats]
    shrink: float


@dataclass(frozen=True)
class _Fold:
    """Sorted predictions of some customers at one cutoff; `who` is their place in the resample."""

    who: NDArray[np.int64]
    churn: list[SortedChurn | None]
    value: list[SortedValue | None]
    truth: SortedTruth


def resample(folds: list[FoldOutcome], *, seed: int, draws: int = DRAWS) -> Resampled:
    """Measure every member on `draws` resamples of the customers of all folds.

    Parameters
    ----------
    folds : at least one
    seed, draws : of the resampling; the same seed gives the same numbers
    """
    who, n = customers_of(folds)
    members = {
        "churn": list(dict.fromkeys(m for f in folds for m in f.churn_probability)),
        "value": list(dict.fromkeys(m for f in folds for m in f.predicted_clv)),
    }
    whole = [_sorted(f, np.arange(len(w)), w, members) for f, w in zip(folds, who, strict=True)]
    points = _measured(whole, np.ones(n))
    shrink = 1.0
    if n > MOST_CUSTOMERS:
        chosen = np.sort(np.random.default_rng(seed).permutation(n)[:MOST_CUSTOMERS])
        place = np.full(n, -1)
        place[chosen] = np.arange(MOST_CUSTOMERS)
        rows = [np.flatnonzero(place[w] >= 0) for w in who]
        whole = [
            _sorted(f, r, place[w[r]], members) for f, w, r in zip(folds, who, rows, strict=True)
        ]
        shrink, n = float(np.sqrt(MOST_CUSTOMERS / n)), MOST_CUSTOMERS
    blocks = Parallel(n_jobs=_JOBS, prefer="threads")(
        delayed(_block)(whole, n, seed, range(start, min(start + _BLOCK, draws)))
        for start in range(0, draws, _BLOCK)
    )
    drawn = [one for block in blocks for one in block]
    return Resampled(
        members, points, {t: np.stack([one[t] for one in drawn]) for t in MEASURES}, shrink
    )


def customers_of(folds: list[FoldOutcome]) -> tuple[list[NDArray[np.int64]], int]:
    """Number of each row's customer from 0, by fold, and how many customers there are.

    Where a fold does not say who its customers are, each row of it counts as a customer of its own.
    """
    if all(len(f.customers) == len(f.churned) for f in folds):
        numbers = np.unique(np.concatenate([f.customers for f in folds]), return_inverse=True)[1]
    else:
        numbers = np.arange(sum(len(f.churned) for f in folds))
    cuts = np.cumsum([len(f.churned) for f in folds])[:-1]
    return np.split(numbers.astype(np.int64), cuts), int(numbers.max(initial=-1)) + 1


def _sorted(
    fold: FoldOutcome,
    rows: NDArray[np.int64],
    who: NDArray[np.int64],
    members: dict[str, list[str]],
) -> _Fold:
    truth = sorted_truth(fold.future_value[rows])
    churn = [fold.churn_probability.get(m) for m in members["churn"]]
    value = [fold.predicted_clv.get(m) for m in members["value"]]
    return _Fold(
        who,
        [None if p is None else sorted_churn(fold.churned[rows], p[rows]) for p in churn],
        [None if v is None else sorted_value(truth, v[rows]) for v in value],
        truth,
    )


def _block(folds: list[_Fold], n: int, seed: int, draws: range) -> list[dict[str, Floats]]:
    found = []
    for draw in draws:
        # A generator a draw: the numbers do not depend on how the draws are shared out.
        drawn = np.random.default_rng([seed, draw]).integers(0, n, n)
        found.append(_measured(folds, np.bincount(drawn, minlength=n).astype(np.float64)))
    return found


def _measured(folds: list[_Fold], weights: Floats) -> dict[str, Floats]:
    found = {
        "churn": np.full((len(folds), len(folds[0].churn), len(CHURN_MEASURES)), np.nan),
        "value": np.full((len(folds), len(folds[0].value), len(VALUE_MEASURES)), np.nan),
    }
    for i, fold in enumerate(folds):
        w = weights[fold.who]
        for j, churn in enumerate(fold.churn):
            if churn is not None:
                found["churn"][i, j] = weighted_churn(churn, w)
        truth = weighted_truth(fold.truth, w)
        for j, value in enumerate(fold.value):
            if value is not None:
                found["value"][i, j] = weighted_value(fold.truth, truth, value)
    return found
