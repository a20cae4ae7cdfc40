"""Effects told of customers by models that have not seen them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retention.uplift.learners import LEARNERS, EffectModel, UpliftParameters
from retention.uplift.rows import UpliftRows

Float = NDArray[np.float64]
FOLDS = 5


@dataclass(frozen=True)
class CrossFitted:
    """Models of all folds.

    Attributes
    ----------
    models : one a fold, fitted on the other folds
    out_of_fold : shape (n,), effect of each row by the model that has not seen its customer
    learner : `t`, `x` or `class`
    """

    models: tuple[EffectModel, ...]
    out_of_fold: Float
    learner: str

    def effect(self, features: Float, start: Float | None = None) -> Float:
        """Mean effect over the folds' models, of customers that none has seen, shape (n,).

        Parameters
        ----------
        features : shape (n, k)
        start : shape (n,), as in the rows fitted; None where they had none
        """
        begin = np.ones(len(features)) if start is None else np.asarray(start, float)
        told: Float = np.mean([m.effect(features, begin) for m in self.models], axis=0)
        return told


def cross_fit(
    rows: UpliftRows,
    learner: str = "x",
    *,
    folds: int = FOLDS,
    seed: int = 0,
    parameters: UpliftParameters | None = None,
) -> CrossFitted:
    """Fit a learner on all but one fold of customers, for each fold.

    Parameters
    ----------
    rows : of randomised lists; all rows of a customer are in one fold
    learner : `t`, `x` or `class`
    seed : of folds and trees

    Raises
    ------
    ValueError
        If the learner is unknown, or there are fewer customers than folds.
    """
    if learner not in LEARNERS:
        raise ValueError(f"learner must be one of {sorted(LEARNERS)}, got {learner!r}")
    parameters = parameters or UpliftParameters()
    fold = _folds(rows.customer, folds, seed)
    models: list[EffectModel] = []
    told = np.empty(len(rows))
    for k in range(folds):
        inside = fold == k
        model = LEARNERS[learner](rows.at(~inside), replace(parameters, seed=seed * folds + k))
        told[inside] = model.effect(rows.features[inside], rows.start[inside])
        models.append(model)
    return CrossFitted(tuple(models), told, learner)


def _folds(customer: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Fold of each row, by customer, shape (n,)."""
    names, position = np.unique(customer, return_inverse=True)
    if folds < 2 or len(names) < folds:
        raise ValueError(f"{folds} folds need as many customers and at least 2, got {len(names)}")
    return np.random.default_rng(seed).permutation(len(names))[position] % folds
