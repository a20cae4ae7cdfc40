"""Tuned XGBoost: 30 Optuna trials, three folds by customer, the trees counted by early stopping."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import xgboost as xgb
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

TRIALS = 30
FOLDS = 3
SEEDS = (0, 1, 2)
# Tuning sees whole customers up to about so many rows; the final fits see them all.
TUNED_ROWS = 12_000
MAX_TREES = 150
PATIENCE = 10
FIXED: dict[str, Any] = {"tree_method": "hist", "max_bin": 64, "nthread": 1, "verbosity": 0}
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Data:
    """Rows of all learning cutoffs stacked: features, target, and the customer of each row."""

    x: NDArray[np.float32]
    y: Float
    group: Int

    def where(self, mask: NDArray[np.bool_]) -> "Data":
        """The rows for which `mask` is true."""
        return Data(self.x[mask], self.y[mask], self.group[mask])

    def matrix(self) -> xgb.DMatrix:
        """The rows in XGBoost's own form."""
        return xgb.DMatrix(self.x, label=self.y, nthread=1)


@dataclass(frozen=True)
class Tuned:
    """Parameters that did best, the number of trees, and out-of-fold predictions of all rows."""

    parameters: dict[str, Any]
    trees: int
    out_of_fold: Float

    def predict(self, data: Data, x: NDArray[np.float32]) -> Float:
        """Mean prediction of fits with each seed."""
        rows, ahead = data.matrix(), xgb.DMatrix(x, nthread=1)
        made = [
            xgb.train({**self.parameters, "seed": seed}, rows, num_boost_round=self.trees)
            .predict(ahead)
            for seed in SEEDS
        ]  # fmt: skip
        return np.asarray(np.mean(made, axis=0), float)


def tune(data: Data, objective: str, metric: str, *, trials: int = TRIALS) -> Tuned:
    """Find the parameters with the least loss out of fold, over folds by customer."""
    base = {**FIXED, "objective": objective, "eval_metric": metric, "base_score": _base(data.y)}
    folds = [_matrices(data.where(_sampled(data)), fold) for fold in range(FOLDS)]

    def loss(trial: optuna.Trial) -> float:
        parameters = {**base, **_suggested(trial, objective)}
        losses, trees = [], []
        for fold, (learn, check) in enumerate(folds):
            booster = _stopped(parameters, learn, check)
            losses.append(booster.best_score)
            trees.append(booster.best_iteration + 1)
            trial.report(float(np.mean(losses)), fold)
            if trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("trees", int(np.mean(trees)))
        return float(np.mean(losses))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # A trial that is worse than the median after its first folds is not finished.
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    study.optimize(loss, n_trials=trials)
    best = {**base, **study.best_trial.params}
    trees = max(1, int(study.best_trial.user_attrs["trees"]))
    return Tuned(best, trees, out_of_fold(data, best, trees))


def quantile_trees(data: Data, shape: dict[str, Any]) -> Tuned:
    """Trees of the 0.1, 0.5 and 0.9 quantiles, in the shape that was tuned for return."""
    taken = ("max_depth", "min_child_weight", "subsample", "colsample_bynode", "reg_lambda")
    parameters: dict[str, Any] = {
        **FIXED,
        **{name: shape[name] for name in taken if name in shape},
        "objective": "reg:quantileerror",
        "quantile_alpha": np.array(QUANTILES),
        "eta": 0.1,
    }
    learn, check = _matrices(data.where(_sampled(data)), 0)
    trees = _stopped(parameters, learn, check, most=3 * MAX_TREES).best_iteration + 1
    return Tuned(parameters, trees, np.empty(0))


def out_of_fold(data: Data, parameters: dict[str, Any], trees: int) -> Float:
    """Predictions of each row by trees that did not see its customer."""
    made = np.empty(len(data.y))
    for fold in range(FOLDS):
        held = data.group % FOLDS == fold
        booster = xgb.train(parameters, data.where(~held).matrix(), num_boost_round=trees)
        made[held] = booster.predict(xgb.DMatrix(data.x[held], nthread=1))
    return made


def default_trees(data: Data, x: NDArray[np.float32], objective: str) -> Float:
    """XGBoost as it comes."""
    parameters = {"objective": objective, "nthread": 1, "verbosity": 0}
    booster = xgb.train(parameters, data.matrix(), num_boost_round=100)
    return np.asarray(booster.predict(xgb.DMatrix(x, nthread=1)), float)


def _suggested(trial: optuna.Trial, objective: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "max_depth": trial.suggest_int("max_depth", 1, 4),
        "eta": trial.suggest_float("eta", 0.05, 0.3, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 1, 200, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bynode": trial.suggest_float("colsample_bynode", 0.2, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 50, log=True),
        "gamma": trial.suggest_float("gamma", 1e-3, 10, log=True),
    }
    if objective == "reg:tweedie":
        found["tweedie_variance_power"] = trial.suggest_float("tweedie_variance_power", 1.1, 1.9)
    return found


def _stopped(
    parameters: dict[str, Any], learn: xgb.DMatrix, check: xgb.DMatrix, *, most: int = MAX_TREES
) -> xgb.Booster:
    return xgb.train(
        {**parameters, "seed": 0}, learn, num_boost_round=most, evals=[(check, "check")],
        early_stopping_rounds=PATIENCE, verbose_eval=False,
    )  # fmt: skip


def _matrices(data: Data, fold: int) -> tuple[xgb.DMatrix, xgb.DMatrix]:
    held = data.group % FOLDS == fold
    learn = data.where(~held)
    bins = FIXED["max_bin"]
    made = xgb.QuantileDMatrix(learn.x, label=learn.y, max_bin=bins, nthread=1)
    check = data.where(held)
    return made, xgb.QuantileDMatrix(check.x, label=check.y, ref=made, max_bin=bins, nthread=1)


def _sampled(data: Data) -> NDArray[np.bool_]:
    """Whole customers, so many that about `TUNED_ROWS` rows remain."""
    customers = int(data.group.max()) + 1
    share = min(1.0, TUNED_ROWS / len(data.y))
    order = np.random.default_rng(0).permutation(customers)
    return np.asarray(order[data.group] < share * customers)


def _base(y: Float) -> float:
    """Where boosting starts: the mean."""
    return float(np.clip(y.mean(), 1e-4, 1 - 1e-4)) if set(np.unique(y)) <= {0, 1} else y.mean()
