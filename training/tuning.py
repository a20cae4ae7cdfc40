"""Choose how trees are grown, by log loss of return on the newest windows (Optuna's TPE)."""

from dataclasses import asdict, replace

import numpy as np
import optuna
from joblib import Parallel, delayed
from numpy.typing import NDArray

from models.link_score import Float, margins
from models.trees import TreeParameters, TreeRows, grow_trees
from training.clustered import gain_error
from training.fit_rows import FitRows
from training.links import RETURN

JOBS = 2
# A choice among small trees needs no more; more would only take longer.
MOST_ROWS = 6_000
HELD_FOLDS = (0, 1)


def tune(rows: FitRows, *, trials: int, seed: int) -> TreeParameters:
    """Try `trials` sets of parameters and keep the default unless another is surely better.

    Rows of two fifths or thirds of the customers are predicted by fits that did not see them; the
    best trial is taken where its gain over the default is more than one standard error.
    """
    usual = TreeParameters()
    if trials < 2:
        return usual
    sample = _sample(rows, seed)
    tried: dict[int, Float] = {}

    def loss(trial: optuna.Trial) -> float:
        found = _losses(sample, _suggested(trial), seed)
        tried[trial.number] = found
        return float(found.mean())

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.enqueue_trial(asdict(usual))
        study.optimize(loss, n_trials=trials)
    finally:
        optuna.logging.set_verbosity(verbosity)
    gain = tried[0] - tried[study.best_trial.number]
    held = np.concatenate([np.flatnonzero(sample.fold == k) for k in HELD_FOLDS])
    if float(gain.mean()) <= gain_error(gain, sample.customer[held]):
        return usual
    return replace(usual, **study.best_params)


def _suggested(trial: optuna.Trial) -> TreeParameters:
    return TreeParameters(
        max_depth=trial.suggest_int("max_depth", 1, 5),
        learning_rate=trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        min_child_weight=trial.suggest_float("min_child_weight", 3.0, 200.0, log=True),
        subsample=trial.suggest_float("subsample", 0.5, 1.0),
        colsample_bynode=trial.suggest_float("colsample_bynode", 0.1, 1.0),
        reg_lambda=trial.suggest_float("reg_lambda", 0.3, 100.0, log=True),
    )


def _sample(rows: FitRows, seed: int) -> FitRows:
    """Rows of some customers, all of each."""
    if len(rows) <= MOST_ROWS:
        return rows
    customers = np.unique(rows.customer)
    share = MOST_ROWS / len(rows)
    kept = np.random.default_rng(seed).random(len(customers)) < share
    return rows.take(np.isin(rows.customer, customers[kept]))


def _losses(rows: FitRows, parameters: TreeParameters, seed: int) -> Float:
    """Losses of the rows of the held folds, by trees that did not see their customers."""
    parts = Parallel(n_jobs=JOBS, prefer="threads")(
        delayed(_fold_losses)(rows, rows.fold == k, parameters, seed) for k in HELD_FOLDS
    )
    return np.concatenate(parts)


def _fold_losses(
    rows: FitRows, held: NDArray[np.bool_], parameters: TreeParameters, seed: int
) -> Float:
    y = rows.churned
    base = RETURN.start(y[~held])

    def as_rows(mask: NDArray[np.bool_]) -> TreeRows:
        return TreeRows(rows.dense[mask], y[mask], np.full(int(mask.sum()), base))

    check = as_rows(held)
    booster = grow_trees(
        as_rows(~held), RETURN.objective, parameters=parameters, seed=seed, check=check
    )
    return RETURN.losses(y[held], base + margins(booster, rows.dense[held]))
