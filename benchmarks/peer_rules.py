"""The simple rules of a shop without a model, calibrated on the newest closed window."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.peer_rows import Lesson

Float = NDArray[np.float64]

WINDOWS = (7, 14, 30, 60, 90, 180, 365)
YEAR = 365.0


def rule_churn(lesson: Lesson) -> dict[str, Float]:
    """Churn probability over the observed days by rule: a Platt scaling of one number."""
    newest, days = lesson.past[0], lesson.observed_days
    then, now = _scores(newest.features, days), _scores(lesson.now, days)
    return {name: _platt(then[name], newest.churned, now[name]) for name in then}


def rule_value(lesson: Lesson) -> dict[str, Float]:
    """Value over the asked horizon by rule, as it comes and at the newest window's level."""
    newest = lesson.past[0]
    then = _amounts(newest.features, lesson.observed_days)
    now = _amounts(lesson.now, lesson.horizon_days)
    found = dict(now)
    for name, amounts in then.items():
        total = float(amounts.sum())
        level = max(float(newest.value.sum()), 0.0) / total if total > 0 else 1.0
        found[f"{name}, levelled"] = now[name] * level
    return found


def _scores(features: pd.DataFrame, days: int) -> dict[str, Float]:
    silence = _known(features, "days_since_last")
    orders = _known(features, "n_orders") / np.maximum(_known(features, "T"), 1.0) * days
    return {
        "recency": np.log1p(silence),
        "past rate": -np.log(orders + 0.01),
        "no purchase in X days": (silence > days).astype(float),
    }


def _amounts(features: pd.DataFrame, days: int) -> dict[str, Float]:
    orders, tenure = _known(features, "n_orders"), np.maximum(_known(features, "T"), 1.0)
    mean = np.maximum(_known(features, "average_order_value"), 0.0)
    # The window nearest in length is brought to the horizon.
    near = min(WINDOWS, key=lambda w: abs(w - days))
    lately = np.maximum(_known(features, f"spend_{near}d"), 0.0) * days / near
    a_year = orders / np.maximum(tenure / YEAR, 1.0)
    return {
        "past rate x order value": mean * orders / tenure * days,
        "last-horizon spend": lately,
        # Order value x orders a year x years; a customer of less than a year has a year's orders.
        "formula CLV": mean * a_year * days / YEAR,
    }


def _platt(then: Float, churned: Float, now: Float) -> Float:
    if len(np.unique(churned)) < 2:
        return np.full(len(now), churned.mean())
    model = LogisticRegression(C=1e6, max_iter=1000).fit(then[:, None], churned)
    return np.asarray(model.predict_proba(now[:, None])[:, 1], float)


def _known(features: pd.DataFrame, name: str) -> Float:
    if name not in features:
        return np.zeros(len(features))
    return features[name].fillna(0.0).to_numpy(float)
