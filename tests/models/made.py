"""Made customers with known behaviour, and a small bundle of real scores fitted on them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge

from models.btyd.bg_nbd import BgNbd
from models.btyd.gamma_gamma import GammaGamma
from models.btyd.mbg_cnbd_k import MbgCnbdK
from models.btyd.mbg_nbd import MbgNbd
from models.btyd.pareto_nbd import ParetoNbd
from models.btyd_columns import BtydColumns, columns_of
from models.bundle import Bundle, save_parts, seal
from models.calibration import PlattCalibrator, fit_platt
from models.carry import Carry
from models.heads import MODEL, OrdersHead, ReturnHead, ValueHead
from models.horizon import HorizonModel
from models.inputs import Inputs, Preparation
from models.linear_design import fit_design
from models.link_score import LinkScore
from models.next_order import NextOrderHead
from models.spread import fit_spread
from models.trees import TreeParameters, TreeRows, grow_trees

FEATURES = [
    *("days_since_last", "T", "frequency", "recency", "monetary_value"),
    *("n_orders", "average_order_value", "spend_90d"),
]
# Models of purchase days, as of a shop whose customers buy every two months; none is fitted here.
HISTORIES = {
    "bg_nbd": BgNbd(r=1.2, alpha=70.0, a=0.7, b=2.5),
    "mbg_cnbd_k": MbgCnbdK(r=1.5, alpha=50.0, a=0.6, b=2.5, k=2),
    "mbg_nbd": MbgNbd(r=1.2, alpha=70.0, a=0.7, b=2.5),
    "pareto_nbd": ParetoNbd(r=1.2, alpha=70.0, s=0.7, beta=150.0),
}
SPEND = GammaGamma(p=6.0, q=4.0, v=15.0)
READ = columns_of(("bg_nbd", "mbg_cnbd_k"), spend=True)
TREES = TreeParameters(min_child_weight=5.0)
ROUNDS = 10
DATES = NextOrderHead(90, 365, 40.0, (-1.2, 0.0, 0.8), {"returners": 150})


def made_features(n=400, seed=0):
    """Customers with a made past, indexed by customer_id; some values are undefined."""
    draw = np.random.default_rng(seed)
    silence = draw.integers(1, 200, n).astype(float)
    orders = draw.integers(1, 12, n).astype(float)
    recency = np.where(orders > 1, orders + draw.integers(0, 400, n), 0.0)
    order_value = draw.gamma(2, 20, n) + 1
    frame = pd.DataFrame(
        {
            "days_since_last": silence,
            "T": silence + recency,
            "frequency": orders - 1,
            "recency": recency,
            "monetary_value": np.where(orders > 1, order_value, np.nan),
            "n_orders": orders,
            "average_order_value": np.where(draw.random(n) < 0.1, np.nan, order_value),
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


def made_score(inputs, rows, target, objective, *, seed=0):
    """A score on a link scale: a penalised linear one and a few trees, fitted on some rows.

    Parameters
    ----------
    inputs : Inputs with a linear design
    rows : bool, shape (n,)
    target : 0 or 1, or the logarithm of an amount, shape (n,)
    """
    x, y = inputs.linear[rows], target[rows]
    if objective == "binary:logistic":
        fitted = LogisticRegression(C=1 / (0.01 * len(y)), max_iter=200).fit(x, y)
        intercept, coefficients = float(fitted.intercept_[0]), fitted.coef_[0]
        base = float(np.log(y.mean() / (1 - y.mean())))
    else:
        fitted = Ridge(alpha=0.01 * len(y)).fit(x, y)
        intercept, coefficients, base = float(fitted.intercept_), fitted.coef_, float(y.mean())
    start = np.full(len(y), base)
    grown = TreeRows(inputs.dense[rows], y, start)
    trees = grow_trees(grown, objective, parameters=TREES, seed=seed, rounds=ROUNDS)
    return LinkScore(intercept, np.asarray(coefficients, float), base, trees)


def made_preparation(features, days=90):
    """From features to the inputs of scores, with the buy-till-you-die models above."""
    btyd = BtydColumns(days, HISTORIES, SPEND)
    bare = Preparation(tuple(features.columns), btyd, READ)
    inputs = bare.of(features)
    return replace(bare, design=fit_design(pd.Index(inputs.columns), inputs.dense))


def made_horizon(features, churned, value, *, carry=Carry(90, 90), seed=0):  # noqa: B008 - frozen
    """Heads of one horizon fitted on customers and what came of them, without dates."""
    preparation = made_preparation(features, carry.observed_days)
    inputs: Inputs = preparation.of(features)
    everybody, spent = np.ones(len(features), bool), value > 0
    log_value = np.log(np.maximum(value, 1.0))
    score = made_score(inputs, everybody, churned, "binary:logistic", seed=seed)
    calibrator = fit_platt(score.raw(inputs.dense, inputs.linear), churned)
    returns = ReturnHead(MODEL, calibrator, carry, score=score)
    churn = returns.observed_churn(inputs)
    spend = made_score(inputs, spent, log_value, "reg:squarederror", seed=seed)
    total = made_score(inputs, everybody, log_value, "reg:squarederror", seed=seed)
    raw = [np.exp(s.raw(inputs.dense, inputs.linear)) for s in (spend, total)]
    levels = [float(value.sum() / e.sum()) for e in ((1 - churn) * raw[0], raw[1])]
    mean = ((1 - churn) * levels[0] * raw[0] + levels[1] * raw[1]) / 2
    spread = fit_spread(value, mean / (1 - churn), churn, churned == 0)
    values = ValueHead(
        MODEL, levels[1], spread, spend_level=levels[0], spend=spend, total=total, total_share=0.5
    )
    orders = made_score(inputs, everybody, np.log1p(1 - churned), "reg:squarederror", seed=seed)
    return HorizonModel(preparation, returns, values, OrdersHead(0.8, orders))


def made_rule(member="recency", carry=Carry(90, 90), centre=3.0):  # noqa: B008 - frozen
    """A rule of return, roughly calibrated."""
    return ReturnHead(member, PlattCalibrator(1.2, -4.5), carry, centre)


@cache
def made_heads(seed=0):
    """Heads of ninety days, on trees of ten rounds; the same object each time."""
    features = made_features()
    return made_horizon(features, *made_outcome(features), seed=seed)


def carried(model, carry):
    """The same heads for a longer horizon."""
    return replace(model, returns=replace(model.returns, carry=carry))


def ruled(model, returns=None, value="last_window_spend"):
    """The same horizon served by rules."""
    head = ValueHead(value, 0.9, model.value.spread, base=0.5)
    rule = returns or made_rule(carry=model.returns.carry)
    return replace(model, returns=rule, value=head, orders=OrdersHead(1.0), next_order=None)


def made_bundle(seed=0, *, note="made"):
    """A bundle with scores for ninety days, the same carried to a year, and dates."""
    churn = made_heads(seed)
    value = replace(carried(churn, Carry(90, 365, 0.6, 0.9)), next_order=DATES)
    return Bundle(
        version="",
        features=tuple(FEATURES),
        churn=churn,
        value=value,
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
