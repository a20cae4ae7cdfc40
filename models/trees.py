"""Small boosted trees: fit with early stopping, predict, explain."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

Float = NDArray[np.float64]

# Small, shallow, strongly regularised trees: on purchase logs of ten thousand customers deeper ones
# lose to a logistic regression. One thread a fit keeps results equal on every machine; folds run
# side by side instead.
TREE_PARAMETERS: dict[str, object] = {
    "tree_method": "hist",
    "max_depth": 3,
    "learning_rate": 0.06,
    "min_child_weight": 20,
    "subsample": 0.8,
    "colsample_bynode": 0.5,
    "reg_lambda": 5.0,
    "max_bin": 128,
    "nthread": 1,
}
MAX_ROUNDS = 400
PATIENCE = 20


@dataclass(frozen=True)
class Rows:
    """Rows to learn from: features, target, and a weight each."""

    features: pd.DataFrame
    target: Float
    weight: Float | None = None

    def matrix(self) -> xgb.DMatrix:
        """The rows in XGBoost's own form."""
        return xgb.DMatrix(self.features, label=self.target, weight=self.weight)


def fit_trees(rows: Rows, objective: str, *, rounds: int, seed: int) -> xgb.Booster:
    """Fit a fixed number of trees."""
    parameters = {**TREE_PARAMETERS, "objective": objective, "seed": seed}
    return xgb.train(parameters, rows.matrix(), num_boost_round=rounds)


def fit_trees_until(rows: Rows, check: Rows, objective: str, *, seed: int) -> xgb.Booster:
    """Fit until the loss on `check` stops falling; the booster is cut at its best round."""
    parameters = {**TREE_PARAMETERS, "objective": objective, "seed": seed}
    booster = xgb.train(
        parameters,
        rows.matrix(),
        num_boost_round=MAX_ROUNDS,
        evals=[(check.matrix(), "check")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return booster[: booster.best_iteration + 1]


def predict_margin(booster: xgb.Booster, features: pd.DataFrame) -> Float:
    """Raw score of each row (log odds for a logistic objective), shape (n,)."""
    columns = booster.feature_names or list(features.columns)
    matrix = features[columns].to_numpy(np.float32)
    raw = booster.inplace_predict(matrix, predict_type="margin", validate_features=False)
    return np.asarray(raw, float)


def contributions(booster: xgb.Booster, features: pd.DataFrame) -> pd.DataFrame:
    """Exact SHAP contributions to the raw score, one column a feature, shape (n, n_features)."""
    columns = booster.feature_names or list(features.columns)
    matrix = xgb.DMatrix(features[columns])
    values: Float = booster.predict(matrix, pred_contribs=True)[:, :-1]
    return pd.DataFrame(values, index=features.index, columns=pd.Index(columns))
