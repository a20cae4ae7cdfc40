"""What a customer is worth against what winning the customer cost, and against the first order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.clv.ladder import NO_ACQUISITION_COST, NO_MARGIN, in_currency
from retention.clv.survival import DAYS_A_YEAR

Float = NDArray[np.float64]
Codes = NDArray[np.object_]
FREE_OF_COST = "acquisition_cost_is_zero"
NEVER_PAYS_BACK = "never_pays_back"
NO_SPEND = "no_spend"
NO_FIRST_ORDER = "no_purchases"
MONTHS = DAYS_A_YEAR / 12


@dataclass(frozen=True)
class Ratios:
    """Each of shape (n,); where a number is NaN its code says why, else the code is None.

    Attributes
    ----------
    clv_to_acquisition_cost : total contribution before acquisition over acquisition cost
    payback_months : months from the first purchase until contribution covered the acquisition, or
        is expected to, at the customer's own pace so far and predicted pace from here
    first_order_share : first order over net revenue to date plus predicted
    codes : name of the ratio -> codes
    """

    clv_to_acquisition_cost: Float
    payback_months: Float
    first_order_share: Float
    codes: dict[str, Codes]


def ratios(
    historic: pd.DataFrame,
    predicted: pd.DataFrame,
    *,
    first_order: ArrayLike,
    n_orders: ArrayLike,
    tenure_days: ArrayLike,
    horizon_days: int,
) -> Ratios:
    """Ratios of customers whose steps are known.

    Parameters
    ----------
    historic, predicted : DataFrames of `retention.clv.ladder`, the same customers
    first_order : array of shape (n,), ten-thousandths, as of `retention.history`
    n_orders, tenure_days : arrays of shape (n,)
    horizon_days : days of the prediction
    """
    earned, ahead = in_currency(historic["contribution"]), in_currency(predicted["contribution"])
    cost = in_currency(historic["acquisition"])
    net = in_currency(historic["net"]) + in_currency(predicted["net"])
    tenure, orders = np.asarray(tenure_days, float), np.asarray(n_orders, float)
    months = payback_months(cost, earned, ahead, tenure_days=tenure, horizon_days=horizon_days)
    whole = earned + ahead
    to_cost = np.divide(whole, cost, out=np.full(len(cost), np.nan), where=cost > 0)
    first = np.asarray(first_order, float) / 10_000
    share = np.divide(first, net, out=np.full(len(net), np.nan), where=(net > 0) & (orders > 0))
    unknown = [(np.isnan(cost), NO_ACQUISITION_COST), (np.isnan(whole), NO_MARGIN)]
    return Ratios(
        to_cost,
        months,
        share,
        {
            "clv_to_acquisition_cost": _codes(to_cost, [*unknown, (cost == 0, FREE_OF_COST)]),
            "payback_months": _codes(months, [*unknown, (np.isnan(months), NEVER_PAYS_BACK)]),
            "first_order_share": _codes(
                share, [(~(orders > 0), NO_FIRST_ORDER), (~(net > 0), NO_SPEND)]
            ),
        },
    )


def payback_months(
    cost: ArrayLike,
    earned: ArrayLike,
    ahead: ArrayLike,
    *,
    tenure_days: ArrayLike,
    horizon_days: int,
) -> Float:
    """Months until contribution covers the acquisition cost; NaN where it is not expected to.

    Parameters
    ----------
    cost, earned, ahead : arrays of shape (n,), currency: acquisition cost, contribution so far,
        contribution expected within the horizon, each taken as coming in evenly
    tenure_days : array of shape (n,), days since the first purchase

    Notes
    -----
    Within the horizon only: what would come after it is not predicted, so not counted.
    """
    c, e, a = (np.asarray(v, float) for v in (cost, earned, ahead))
    tenure = np.asarray(tenure_days, float)
    left = c - e
    past = tenure * np.divide(c, e, out=np.zeros(len(c)), where=e > 0)
    future = tenure + horizon_days * np.divide(left, a, out=np.zeros(len(c)), where=a > 0)
    days = np.select(
        [np.isnan(c + e + a), c == 0, left <= 0, (a > 0) & (left <= a)],
        [np.nan, 0.0, past, future],
        default=np.nan,
    )
    return np.asarray(days / MONTHS)


def _codes(value: Float, reasons: list[tuple[NDArray[np.bool_], str]]) -> Codes:
    """The first reason that holds, where there is no value."""
    found = np.full(len(value), None, object)
    for holds, code in reversed(reasons):
        found[np.isnan(value) & holds] = code
    return found
