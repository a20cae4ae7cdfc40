"""Choose how trees are grown, by log loss of return on the newest windows (Optuna's TPE)."""

import threading
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import optuna

from models.link_score import Float, margins
from models.trees import TreeParameters, TreeRows, grow_trees
from training.clustered import gain_error
from training.fit_rows import FitRows
from training.links import RETURN
from training.side_by_side import side_by_side

# A choice among small trees needs no more; more would only take longer.
MOST_ROWS = 6_000
HELD_FOLDS = (0, 1)


class _Quiet:
    """Keeps Optuna from telling of each trial, as long as any thread tunes."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = optuna.logging.get_verbosity()
                optuna.logging.set_verbosity(optuna.logging.WARNING)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                optuna.logging.set_verbosity(self._before)


_QUIET = _Quiet()


def tune(rows: FitRows, *, trials: int, seed: int) -> TreeParameters:
    """Try `trials` sets of parameters and keep the default unless another is surely better.

    Rows of two fifths or thirds of the customers are predicted by fits that did not see them; the
    best trial is taken where its gain over the default is more than one standard error.
    """
    usual = TreeParameters()
    if trials < 2:
        return usual
    sample = _sample(rows, seed)
    splits = [
        _Split(sample.take(sample.fold != k), sample.take(sample.fold == k)) for k in HELD_FOLDS
    ]
    tried: dict[int, Float] = {}

    def loss(trial: optuna.Trial) -> float:
        parameters = _suggested(trial)
        pieces = [partial(split.losses, parameters, seed) for split in splits]
        found = np.concatenate(side_by_side(pieces))
        tried[trial.number] = found
        return float(found.mean())

    with _QUIET:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.enqueue_trial(asdict(usual))
        study.optimize(loss, n_trials=trials)
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


@dataclass(frozen=True)
class _Split:
    """Rows to grow trees on, and rows of other customers to stop by and to judge them by."""

    seen: FitRows
    held: FitRows

    def losses(self, parameters: TreeParameters, seed: int) -> Float:
        """Losses of the rows held, by trees that did not see their customers."""
        base = RETURN.start(self.seen.churned)

        def as_rows(rows: FitRows) -> TreeRows:
            return TreeRows(rows.dense, rows.churned, np.full(len(rows), base), rows.matrix)

        check = as_rows(self.held)
        booster = grow_trees(
            as_rows(self.seen), RETURN.objective, parameters=parameters, seed=seed, check=check
        )
        return RETURN.losses(self.held.churned, base + margins(booster, self.held.dense))
