"""Made customers with known behaviour, and a small bundle of real trees fitted on them."""

from functools import cache

import numpy as np
import pandas as pd

from models.bundle import Bundle, save_parts, seal
from models.calibration import PlattCalibrator, fit_platt
from models.carry import Carry
from models.heads import MODEL, ReturnHead, ValueHead
from models.spread import fit_spread
from models.trees import Rows, fit_trees, predict_margin

FEATURES = ["days_since_last", "T", "n_orders", "average_order_value", "spend_90d"]


def made_features(n=400, seed=0):
    """Customers with a made past, indexed by customer_id; some values are undefined."""
    draw = np.random.default_rng(seed)
    silence = draw.integers(1, 200, n).astype(float)
    frame = pd.DataFrame(
        {
            "days_since_last": silence,
            "T": silence + draw.integers(0, 400, n),
            "n_orders": draw.integers(1, 12, n).astype(float),
            "average_order_value": np.where(draw.random(n) < 0.1, np.nan, draw.gamma(2, 20, n)),
            "spend_90d": draw.gamma(1, 30, n),
        },
        index=pd.Index([f"c{i:04d}" for i in range(n)], name="customer_id"),
    )
    return frame[FEATURES]


def made_outcome(features, seed=1):
    """Whether each churned, by a law of silence and orders, and what the others spent."""
    draw = np.random.default_rng(seed)
    odds = features["days_since_last"] / 60 - features["n_orders"] / 3
    churned = (draw.random(len(features)) < 1 / (1 + np.exp(-odds))).astype(float)
    return churned, np.where(churned, 0.0, draw.gamma(2, 25, len(features)))


@cache
def made_heads(seed=0):
    """Return and value heads on trees of ten rounds."""
    features = made_features()
    churned, value = made_outcome(features)
    back = churned == 0
    trees = fit_trees(Rows(features, churned), "binary:logistic", rounds=10, seed=seed)
    rows = Rows(features[back], np.log(value[back]))
    spend = fit_trees(rows, "reg:squarederror", rounds=10, seed=seed)
    calibrator = fit_platt(predict_margin(trees, features), churned)
    returns = ReturnHead(MODEL, calibrator, Carry(90, 90), booster=trees)
    expected = np.exp(predict_margin(spend, features))[back]
    spread = fit_spread(value[back], expected)
    return returns, ValueHead(MODEL, returns, 1.1, spread, booster=spend)


def made_bundle(seed=0, *, note="made"):
    """A bundle with real trees for churn and value, and a rule within the churn horizon."""
    returns, values = made_heads(seed)
    rule = ReturnHead("recency", PlattCalibrator(1.2, -4.5), Carry(90, 90), centre=3.0)
    return Bundle(
        version="",
        features=tuple(FEATURES),
        churn=returns,
        churn_value=ValueHead("last_window_spend", rule, 0.9, values.spread, base=0.5),
        value=values,
        groups={"usual_churn": [0.8, 0.6, 0.5, 0.4, 0.3], "risk_limits": [0.5, 0.75]},
        reference={"T": {"null": 0.0, "deciles": [1.0, 2.0]}},
        metrics={"auc": 0.75},
        training={"note": note},
        card={},
    )


def sealed_at(folder, bundle=None, card=None):
    """Save and seal a bundle in a folder; its version."""
    version = save_parts(bundle or made_bundle(), folder)
    seal(folder, version, card or {"model": "made"})
    return version
