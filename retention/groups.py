"""Cut points of tiers and groups: fixed with the bundle, or with each published batch."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lifecycle import lifecycle_status

Float = NDArray[np.float64]
# One-time buyers are half of many shops' customers, so the cuts are fixed and not quantiles.
ORDER_CUTS = (2, 3, 5, 10)
RISK_QUANTILES = (0.70, 0.90)
VALUE_QUANTILES = (0.50, 0.80, 0.95)
VALUE_TIERS = ("low", "medium", "high", "top")
RISK_TIERS = ("low", "medium", "high")
SHRINK_CUSTOMERS = 20.0


def order_group(n_orders: Float) -> NDArray[np.int64]:
    """Group by number of orders: 0 for one, then 2, 3-4, 5-9, 10 and more."""
    return np.searchsorted(ORDER_CUTS, n_orders, side="right")


def usual_churn(n_orders: Float, churned: Float) -> list[float]:
    """Share that did not return in each group by orders, shrunk towards the overall share."""
    groups = order_group(n_orders)
    overall = float(churned.mean())
    sums = np.bincount(groups, churned, minlength=len(ORDER_CUTS) + 1)
    sizes = np.bincount(groups, minlength=len(ORDER_CUTS) + 1)
    shares = (sums + SHRINK_CUSTOMERS * overall) / (sizes + SHRINK_CUSTOMERS)
    return [float(s) for s in shares]


def risk_limits(
    features: pd.DataFrame, churn_probability: Float, rhythm: dict[str, Any]
) -> list[float]:
    """Churn probabilities from which risk is medium and high: percentiles 70 and 90 of customers
    not lapsed; a probability that everybody shares is above neither."""
    there = lifecycle_status(features, rhythm) != "lapsed"
    seen = churn_probability[there] if there.any() else churn_probability
    return [float(np.nextafter(q, 2.0)) for q in np.quantile(seen, RISK_QUANTILES)]


def risk_tier(churn_probability: Float, limits: list[float]) -> NDArray[np.object_]:
    """`low`, `medium` or `high`, shape (n,)."""
    return np.array(RISK_TIERS, object)[np.searchsorted(limits, churn_probability, side="right")]


def cut_points(churn_probability: Float, predicted_clv: Float) -> dict[str, list[float]]:
    """Percentiles of a batch by which its rows, and later requests, are grouped."""
    return {
        "churn_percentiles": np.quantile(churn_probability, np.arange(1, 100) / 100).tolist(),
        "value_limits": np.quantile(predicted_clv, VALUE_QUANTILES).tolist(),
    }


def churn_percentile(churn_probability: Float, cuts: dict[str, list[float]]) -> NDArray[np.int64]:
    """1 to 100, 100 = riskiest, shape (n,)."""
    return np.searchsorted(cuts["churn_percentiles"], churn_probability, side="left") + 1


def value_tier(predicted_clv: Float, cuts: dict[str, list[float]]) -> NDArray[np.object_]:
    """`top` 5 %, `high` to 20 %, `medium` to 50 %, `low`, shape (n,)."""
    return np.array(VALUE_TIERS, object)[
        np.searchsorted(cuts["value_limits"], predicted_clv, side="left")
    ]
