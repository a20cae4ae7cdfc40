"""Supervised peers: logistic and ridge regression, XGBoost, hurdle, Tweedie, on stacked cutoffs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.peer_quantiles import Quantiles, spread_of, with_mass_at_zero
from benchmarks.peer_rows import Lesson, Rows
from benchmarks.peer_trees import FOLDS, Data, default_trees, quantile_trees, tune

Float = NDArray[np.float64]

RFM = ["days_since_last", "n_orders", "spend_total"]
PENALTIES = (0.003, 0.01, 0.1, 1.0)
# Without a purchase gap these are unknown; a customer's whole tenure is what they are at least.
GAPS = ("mean_gap", "median_gap", "last_gap", "longest_gap", "previous_gap")


@dataclass(frozen=True)
class Learned:
    """Predictions over the observed days, shape (n,) each.

    Attributes
    ----------
    churn, value : by name of the peer
    spend_if_back : the hurdle's expected spend of those who come back
    spread : ratios of actual to expected spend of those who came back, out of fold
    quantiles : of the quantile trees
    """

    churn: dict[str, Float]
    value: dict[str, Float]
    spend_if_back: Float
    spread: Float
    quantiles: Quantiles


def learn(lesson: Lesson, now: pd.DataFrame, past: list[pd.DataFrame], *, trials: int) -> Learned:
    """Fit all supervised peers.

    Parameters
    ----------
    now, past : BTYD outputs as features, of the customers of `lesson.now` and `lesson.past`
    trials : Optuna trials a tuned model
    """
    rows = _stacked(lesson.past, past)
    x = _with(lesson.now, now).reindex(columns=rows.columns)
    churned = np.concatenate([r.churned for r in lesson.past])
    value = np.concatenate([r.value for r in lesson.past])
    group = pd.factorize(rows.index)[0].astype(np.int64)
    ahead = x.to_numpy(np.float32)

    def data(y: Float) -> Data:
        return Data(rows.to_numpy(np.float32), y, group)

    churn = _linear_churn(lesson)
    churn["XGBoost default"] = default_trees(data(churned), ahead, "binary:logistic")
    tuned = tune(data(churned), "binary:logistic", "logloss", trials=trials)
    churn["XGBoost tuned"] = tuned.predict(data(churned), ahead)

    amounts = _linear_value(lesson)
    amounts["XGBoost default"] = default_trees(data(value), ahead, "reg:squarederror")
    squared = tune(data(value), "reg:squarederror", "rmse", trials=trials)
    amounts["XGBoost tuned"] = squared.predict(data(value), ahead)
    positive = np.maximum(value, 0.0)
    tweedie = tune(data(positive), "reg:tweedie", "rmse", trials=trials)
    amounts["Tweedie"] = tweedie.predict(data(positive), ahead)

    back = (churned == 0) & (value > 0)
    logs = data(np.log(np.where(back, value, 1.0))).where(back)
    logs = Data(logs.x, logs.y, pd.factorize(logs.group)[0].astype(np.int64))
    spend = tune(logs, "reg:squarederror", "rmse", trials=trials)
    # Smearing (Duan 1983), over rows that the trees did not see.
    smearing = float(np.exp(logs.y).sum() / np.exp(spend.out_of_fold).sum())
    given_back = smearing * np.exp(spend.predict(logs, ahead))
    amounts["hurdle"] = (1 - churn["XGBoost tuned"]) * given_back
    spread = spread_of(np.exp(logs.y), smearing * np.exp(spend.out_of_fold))
    trees = quantile_trees(data(positive), tuned.parameters)
    low, mid, high = np.sort(np.maximum(trees.predict(data(positive), ahead), 0.0), axis=1).T
    return Learned(churn, amounts, given_back, spread, Quantiles(low, mid, high))


def hurdle_quantiles(learned: Learned, churn: Float, spend_if_back: Float) -> Quantiles:
    """The mass at zero, and above it the hurdle's residuals."""
    return with_mass_at_zero(churn, spend_if_back, learned.spread)


def log_features(features: pd.DataFrame) -> pd.DataFrame:
    """Signed log(1 + |feature|); unknown gaps are the tenure, other unknowns 0."""
    known = features.copy()
    for name in GAPS:
        if name in known:
            known[name] = known[name].fillna(known["T"])
    known = known.fillna(0.0)
    logs: pd.DataFrame = known.apply(lambda column: np.sign(column) * np.log1p(column.abs()))
    return logs


def _linear_churn(lesson: Lesson) -> dict[str, Float]:
    newest = lesson.past[0]
    stacked = _stacked(lesson.past, None)
    churned = np.concatenate([r.churned for r in lesson.past])
    return {
        "logistic RFM": _logistic(newest.features[RFM], newest.churned, lesson.now),
        "logistic rich": _logistic(newest.features, newest.churned, lesson.now),
        "logistic rich, stacked": _logistic(stacked, churned, lesson.now),
    }


def _linear_value(lesson: Lesson) -> dict[str, Float]:
    newest = lesson.past[0]
    return {
        "ridge RFM": _ridge(newest.features[RFM], newest.value, lesson.now),
        "ridge rich": _ridge(newest.features, newest.value, lesson.now),
    }


def _logistic(rows: pd.DataFrame, churned: Float, now: pd.DataFrame) -> Float:
    """Logistic regression with the strength of its penalty found over folds by customer."""
    x, ahead = log_features(rows), log_features(now.reindex(columns=rows.columns))
    fold = pd.factorize(rows.index)[0] % FOLDS
    if any(len(np.unique(churned[fold != k])) < 2 for k in range(FOLDS)):
        return np.full(len(now), churned.mean())

    def fitted(c: float, keep: NDArray[np.bool_]) -> Pipeline:
        model: Pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000))
        return model.fit(x[keep], churned[keep])

    def loss(c: float) -> float:
        made = np.empty(len(x))
        for k in range(FOLDS):
            made[fold == k] = fitted(c, fold != k).predict_proba(x[fold == k])[:, 1]
        return float(log_loss(churned, made, labels=[0, 1]))

    best = fitted(min(PENALTIES, key=loss), np.ones(len(x), dtype=bool))
    return np.asarray(best.predict_proba(ahead)[:, 1], float)


def _ridge(rows: pd.DataFrame, value: Float, now: pd.DataFrame) -> Float:
    """Ridge on log(1 + value), smeared to its total; never above the largest value seen."""
    x, y = log_features(rows), np.log1p(np.maximum(value, 0.0))
    model: Pipeline = make_pipeline(StandardScaler(), Ridge(alpha=10.0)).fit(x, y)
    most = float(y.max())

    def amounts(features: pd.DataFrame) -> Float:
        return np.asarray(np.expm1(np.clip(model.predict(features), 0.0, most)), float)

    level = max(float(value.sum()), 0.0) / max(float(amounts(x).sum()), 1e-9)
    return amounts(log_features(now.reindex(columns=rows.columns))) * level


def _with(features: pd.DataFrame, btyd: pd.DataFrame | None) -> pd.DataFrame:
    return (
        features if btyd is None else pd.concat([features, btyd.set_index(features.index)], axis=1)
    )


def _stacked(past: tuple[Rows, ...], btyd: list[pd.DataFrame] | None) -> pd.DataFrame:
    given = btyd if btyd is not None else [None] * len(past)
    return pd.concat([_with(r.features, b) for r, b in zip(past, given, strict=True)])
