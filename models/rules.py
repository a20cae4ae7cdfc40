"""What a shop would use instead: simple rules and buy-till-you-die models, the bar to clear.

Each is one number read off the features, or off the columns beside them that the models fill
(`models.btyd_columns`); for return it is calibrated by Platt scaling, for value it is multiplied to
the right level, on the same rows as the model.
"""

from collections.abc import Callable, Collection
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.feature_table import FeatureTable
from models.btyd_columns import SPEND, churn_column, orders_column

Float = NDArray[np.float64]
WINDOWS = (7, 14, 30, 60, 90, 180, 365)
# Buy-till-you-die models, and what people call them.
BTYD_MODELS = {
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "mbg_cnbd_k": "MBG/CNBD-k",
}


def _column(features: FeatureTable, name: str, default: float) -> Float:
    values = features[name]
    return np.where(np.isfinite(values), values, default)


def recency(features: FeatureTable, horizon_days: int) -> Float:
    """Silence: log of the days since the latest purchase."""
    return np.log1p(_column(features, "days_since_last", 3650.0))


def past_rate(features: FeatureTable, horizon_days: int) -> Float:
    """Log of the orders expected in the horizon at the past rate, with the sign of churn."""
    tenure = np.maximum(_column(features, "T", 30.0), 30.0)
    return -np.log(_column(features, "n_orders", 0.0) * horizon_days / tenure + 0.01)


def no_purchase_in_horizon(features: FeatureTable, horizon_days: int) -> Float:
    """1 where nothing was bought for as long as the horizon, else 0."""
    return (_column(features, "days_since_last", 3650.0) > horizon_days).astype(float)


def base_rate(features: FeatureTable, horizon_days: int) -> Float:
    """The same for everybody."""
    return np.zeros(len(features))


def rate_times_order_value(features: FeatureTable, horizon_days: int) -> Float:
    """Past orders a day x mean order value x days of the horizon, currency."""
    tenure = np.maximum(_column(features, "T", 30.0), 30.0)
    orders = _column(features, "n_orders", 0.0) * horizon_days / tenure
    return np.maximum(orders * _column(features, "average_order_value", 0.0), 0.0)


def last_window_spend(features: FeatureTable, horizon_days: int) -> Float:
    """Net spend in the window nearest in length to the horizon, brought to the horizon."""
    days = min(WINDOWS, key=lambda w: abs(w - horizon_days))
    spend = _column(features, f"spend_{days}d", 0.0)
    return np.maximum(spend * horizon_days / days, 0.0)


def mean_value(features: FeatureTable, horizon_days: int) -> Float:
    """The same for everybody."""
    return np.ones(len(features))


def spend_at_rate(features: FeatureTable, horizon_days: int) -> Float:
    """Mean order value x orders expected of someone with at least one, at the past rate."""
    tenure = np.maximum(_column(features, "T", 30.0), 30.0)
    orders = np.maximum(_column(features, "n_orders", 0.0) * horizon_days / tenure, 1e-9)
    return _order_value(features) * orders / -np.expm1(-orders)


def spend_as_lately(features: FeatureTable, horizon_days: int) -> Float:
    """Spend of the last window, at least one order of mean value."""
    return np.maximum(last_window_spend(features, horizon_days), _order_value(features))


def _order_value(features: FeatureTable) -> Float:
    return np.maximum(_column(features, "average_order_value", 0.0), 0.0)


def past_rate_formula(features: FeatureTable, horizon_days: int) -> Float:
    """The formula CLV over the horizon: order value x orders a year, counted over a year at least.

    A newcomer's first order is thereby one order a year, and not one a month.
    """
    tenure = np.maximum(_column(features, "T", 365.0), 365.0)
    orders = _column(features, "n_orders", 0.0) * horizon_days / tenure
    return np.maximum(orders * _column(features, "average_order_value", 0.0), 0.0)


def btyd_churn(features: FeatureTable, horizon_days: int, *, model: str) -> Float:
    """Log odds of no purchase of a buy-till-you-die model; never its P(alive)."""
    return _column(features, churn_column(model), 0.0)


def btyd_value(features: FeatureTable, horizon_days: int, *, model: str) -> Float:
    """Purchase days expected x spend of a purchase day (Gamma-Gamma), currency."""
    orders = _column(features, orders_column(model), -14.0)
    return np.asarray(np.exp(np.minimum(orders, 12.0)) * _day_spend(features), dtype=np.float64)


def btyd_spend(features: FeatureTable, horizon_days: int, *, model: str) -> Float:
    """The same of someone with at least one purchase day."""
    orders = np.exp(np.minimum(_column(features, orders_column(model), -14.0), 12.0))
    returns: Float = expit(-_column(features, churn_column(model), 0.0))
    return _day_spend(features) * np.maximum(orders / np.maximum(returns, 1e-9), 1.0)


def _day_spend(features: FeatureTable) -> Float:
    return np.asarray(np.exp(np.minimum(_column(features, SPEND, 0.0), 20.0)), dtype=np.float64)


Rule = Callable[[FeatureTable, int], Float]
RETURN_RULES: dict[str, Rule] = {
    "recency": recency,
    "past_rate": past_rate,
    "no_purchase_in_horizon": no_purchase_in_horizon,
    "base_rate": base_rate,
    **{name: partial(btyd_churn, model=name) for name in BTYD_MODELS},
}
VALUE_RULES: dict[str, Rule] = {
    "rate_times_order_value": rate_times_order_value,
    "last_window_spend": last_window_spend,
    "formula": past_rate_formula,
    "mean_value": mean_value,
    **{name: partial(btyd_value, model=name) for name in BTYD_MODELS},
}
# What a value rule expects of a customer who does return; it does not grow with silence.
SPEND_RULES: dict[str, Rule] = {
    "rate_times_order_value": spend_at_rate,
    "last_window_spend": spend_as_lately,
    "formula": spend_at_rate,
    "mean_value": mean_value,
    **{name: partial(btyd_spend, model=name) for name in BTYD_MODELS},
}
# The feature that a simple rule of return rests on, for the reasons it gives.
RULE_FEATURE = {
    "recency": "days_since_last",
    "past_rate": "orders_per_month",
    "no_purchase_in_horizon": "days_since_last",
}


def return_rules(columns: Collection[str]) -> dict[str, Rule]:
    """Rules of return that can be asked: simple ones, and models whose columns are there."""
    return {n: r for n, r in RETURN_RULES.items() if _there(n, columns)}


def value_rules(columns: Collection[str]) -> dict[str, Rule]:
    """The same for value; those of models need a model of spend too."""
    return {
        n: r
        for n, r in VALUE_RULES.items()
        if _there(n, columns) and (n not in BTYD_MODELS or SPEND in columns)
    }


def _there(name: str, columns: Collection[str]) -> bool:
    return name not in BTYD_MODELS or churn_column(name) in columns
