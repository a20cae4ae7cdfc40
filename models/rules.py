"""The simple rules a shop would use without a model: the bar that every model must clear.

Each rule is one number read off the features; for return it is calibrated by Platt scaling, for
value it is multiplied to the right level, on the same rows as the model.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float = NDArray[np.float64]
WINDOWS = (7, 14, 30, 60, 90, 180, 365)


def _column(features: pd.DataFrame, name: str, default: float) -> Float:
    values = features[name].to_numpy(float)
    return np.where(np.isfinite(values), values, default)


def recency(features: pd.DataFrame, horizon_days: int) -> Float:
    """Silence: log of the days since the latest purchase."""
    return np.log1p(_column(features, "days_since_last", 3650.0))


def past_rate(features: pd.DataFrame, horizon_days: int) -> Float:
    """Log of the orders expected in the horizon at the past rate, with the sign of churn."""
    tenure = np.maximum(_column(features, "T", 30.0), 30.0)
    return -np.log(_column(features, "n_orders", 0.0) * horizon_days / tenure + 0.01)


def no_purchase_in_horizon(features: pd.DataFrame, horizon_days: int) -> Float:
    """1 where nothing was bought for as long as the horizon, else 0."""
    return (_column(features, "days_since_last", 3650.0) > horizon_days).astype(float)


def base_rate(features: pd.DataFrame, horizon_days: int) -> Float:
    """The same for everybody."""
    return np.zeros(len(features))


def rate_times_order_value(features: pd.DataFrame, horizon_days: int) -> Float:
    """Past orders a day x mean order value x days of the horizon, currency."""
    tenure = np.maximum(_column(features, "T", 30.0), 30.0)
    orders = _column(features, "n_orders", 0.0) * horizon_days / tenure
    return np.maximum(orders * _column(features, "average_order_value", 0.0), 0.0)


def last_window_spend(features: pd.DataFrame, horizon_days: int) -> Float:
    """Net spend in the window nearest in length to the horizon, brought to the horizon."""
    days = min(WINDOWS, key=lambda w: abs(w - horizon_days))
    spend = _column(features, f"spend_{days}d", 0.0)
    return np.maximum(spend * horizon_days / days, 0.0)


def mean_value(features: pd.DataFrame, horizon_days: int) -> Float:
    """The same for everybody."""
    return np.ones(len(features))


def spend_at_rate(features: pd.DataFrame, horizon_days: int) -> Float:
    """Mean order value x orders expected of someone with at least one, at the past rate."""
    tenure = np.maximum(_column(features, "T", 30.0), 30.0)
    orders = np.maximum(_column(features, "n_orders", 0.0) * horizon_days / tenure, 1e-9)
    return _order_value(features) * orders / -np.expm1(-orders)


def spend_as_lately(features: pd.DataFrame, horizon_days: int) -> Float:
    """Spend of the last window, at least one order of mean value."""
    return np.maximum(last_window_spend(features, horizon_days), _order_value(features))


def _order_value(features: pd.DataFrame) -> Float:
    return np.maximum(_column(features, "average_order_value", 0.0), 0.0)


Rule = Callable[[pd.DataFrame, int], Float]
RETURN_RULES: dict[str, Rule] = {
    "recency": recency,
    "past_rate": past_rate,
    "no_purchase_in_horizon": no_purchase_in_horizon,
    "base_rate": base_rate,
}
VALUE_RULES: dict[str, Rule] = {
    "rate_times_order_value": rate_times_order_value,
    "last_window_spend": last_window_spend,
    "mean_value": mean_value,
}
# What a value rule expects of a customer who does return; it does not grow with silence.
SPEND_RULES: dict[str, Rule] = {
    "rate_times_order_value": spend_at_rate,
    "last_window_spend": spend_as_lately,
    "mean_value": mean_value,
}
# The feature that a return rule rests on, for the reasons it gives.
RULE_FEATURE = {
    "recency": "days_since_last",
    "past_rate": "orders_per_month",
    "no_purchase_in_horizon": "days_since_last",
}
