"""RFM: scores from 1 to 5 for recency, frequency and money, and ten groups with names.

Frequency is cut at fixed numbers of orders, for half of many shops' customers bought once and
quintiles would put these at random into two or three classes. Recency and money are cut at the
shop's own quintiles, which are kept with a published batch, so that a later request is cut alike.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.groups import order_group

Float = NDArray[np.float64]
Int = NDArray[np.int64]
FIFTHS = (0.2, 0.4, 0.6, 0.8)
GROUPS = (
    *("champions", "loyal", "active", "new", "promising"),
    *("needs_attention", "slipping", "previously_loyal", "almost_lost", "dormant"),
)
# Recency score 5 (bought lately) to 1, by frequency score 1 (one order), 2 (two), 3 (3-4), 4 (5-9),
# 5 (10 and more).
TABLE = {
    5: ("new", "promising", "active", "loyal", "champions"),
    4: ("promising", "promising", "active", "loyal", "champions"),
    3: ("slipping", "slipping", "needs_attention", "needs_attention", "loyal"),
    2: ("almost_lost", "almost_lost", "slipping", "previously_loyal", "previously_loyal"),
    1: ("dormant", "dormant", "dormant", "previously_loyal", "previously_loyal"),
}
_CELLS = np.array([TABLE[score] for score in (1, 2, 3, 4, 5)], object)


def rfm_cut_points(days_since_last: ArrayLike, net: ArrayLike) -> dict[str, list[float]]:
    """Cut points of a shop, as plain numbers that can be kept as JSON.

    Parameters
    ----------
    days_since_last : array of shape (n,), days; NaN is left out
    net : array of shape (n,), net spend to date, currency

    Returns
    -------
    dict of `recency_days` and `money`: four ascending numbers each; empty without a customer
    """
    days, spent = np.asarray(days_since_last, float), np.asarray(net, float)
    bought = ~np.isnan(days)
    if not bought.any():
        return {"recency_days": [], "money": []}
    return {
        "recency_days": [float(q) for q in np.quantile(days[bought], FIFTHS)],
        "money": [float(q) for q in np.quantile(spent[bought], FIFTHS)],
    }


def rfm(
    days_since_last: ArrayLike,
    n_orders: ArrayLike,
    net: ArrayLike,
    cuts: Mapping[str, Any],
) -> pd.DataFrame:
    """Scores and group of each customer.

    Parameters
    ----------
    days_since_last : array of shape (n,), days since the last purchase day
    n_orders : array of shape (n,), orders to date
    net : array of shape (n,), net spend to date, currency
    cuts : of `rfm_cut_points`, those of the published batch

    Returns
    -------
    DataFrame of shape (n, 4)
        recency_score, frequency_score, monetary_score : Int64, 1 to 5, 5 is best; a value on a cut
            has the better score
        rfm_group : one of `GROUPS`
        all null for a customer without a purchase
    """
    days, orders = np.asarray(days_since_last, float), np.asarray(n_orders, float)
    spent = np.asarray(net, float)
    recency, frequency, there = _scores(days, orders, cuts)
    money = np.clip(1 + np.searchsorted(cuts["money"], spent, side="right"), 1, 5)
    scores = {"recency_score": recency, "frequency_score": frequency, "monetary_score": money}
    found = pd.DataFrame(scores).astype("Int64")
    found[~there] = None
    found["rfm_group"] = pd.Series(rfm_groups(days, orders, cuts), dtype=object)
    return found


def rfm_groups(
    days_since_last: ArrayLike, n_orders: ArrayLike, cuts: Mapping[str, Any]
) -> NDArray[np.object_]:
    """The groups alone, shape (n,); None for a customer without a purchase. See `rfm`."""
    days, orders = np.asarray(days_since_last, float), np.asarray(n_orders, float)
    recency, frequency, there = _scores(days, orders, cuts)
    group = np.full(len(days), None, object)
    group[there] = _CELLS[recency[there] - 1, frequency[there] - 1]
    return group


def _scores(
    days: Float, orders: Float, cuts: Mapping[str, Any]
) -> tuple[Int, Int, NDArray[np.bool_]]:
    """Scores of recency and frequency, and who has a purchase."""
    recency = 5 - np.searchsorted(cuts["recency_days"], days, side="left")
    there = (orders > 0) & ~np.isnan(days)
    return np.clip(recency, 1, 5), np.clip(order_group(orders) + 1, 1, 5), there
