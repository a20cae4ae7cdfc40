"""Small boosted trees over a dense matrix: grown from a given start, for a number of rounds."""

from dataclasses import asdict, dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

Float = NDArray[np.float64]
Matrix = NDArray[np.float32]
MAX_ROUNDS = 400
PATIENCE = 20
# The margin that XGBoost takes as its own start, so that a sum of leaves starts from 0.
START = {"binary:logistic": 0.5, "reg:squarederror": 0.0}


@dataclass(frozen=True)
class TreeParameters:
    """How trees are grown. Small, shallow, strongly regularised by default: on purchase logs of
    ten thousand customers deeper ones lose to a logistic regression."""

    max_depth: int = 3
    learning_rate: float = 0.08
    min_child_weight: float = 30.0
    subsample: float = 0.8
    colsample_bynode: float = 0.5
    reg_lambda: float = 5.0


@dataclass(frozen=True)
class TreeRows:
    """Rows to learn from; `start` is the margin that the trees add to, shape (n,).

    `made` is the dense matrix in XGBoost's own form where it was made before: its bins are kept,
    its labels and margins are set anew, so that one thread at a time may use it.
    """

    dense: Matrix
    target: Float
    start: Float
    made: xgb.DMatrix | None = None

    def matrix(self) -> xgb.DMatrix:
        """The rows in XGBoost's own form."""
        found = matrix_of(self.dense) if self.made is None else self.made
        found.set_info(label=self.target, base_margin=self.start)
        return found


def matrix_of(dense: Matrix) -> xgb.DMatrix:
    """A dense matrix in XGBoost's own form."""
    return xgb.DMatrix(dense, nthread=1)


def grow_trees(
    rows: TreeRows,
    objective: str,
    *,
    parameters: TreeParameters,
    seed: int,
    rounds: int | None = None,
    check: TreeRows | None = None,
) -> xgb.Booster:
    """Grow `rounds` trees, or until the loss on `check` stops falling.

    Returns
    -------
    Booster, cut at its best round; its margin starts from 0, the rows' `start` not included
    """
    told: dict[str, object] = {
        **asdict(parameters),
        "objective": objective,
        "tree_method": "hist",
        "max_bin": 128,
        # One thread a fit keeps results equal on every machine; folds run side by side instead.
        "nthread": 1,
        "seed": seed,
        "base_score": START.get(objective, 1.0),
    }
    if objective == "reg:tweedie":
        told["tweedie_variance_power"] = 1.5
    if rounds is not None:
        return xgb.train(told, rows.matrix(), num_boost_round=rounds)
    if check is None:
        raise ValueError("trees grow for a number of rounds or until a check says stop; give one")
    booster = xgb.train(
        told,
        rows.matrix(),
        num_boost_round=MAX_ROUNDS,
        evals=[(check.matrix(), "check")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return booster[: booster.best_iteration + 1]
