"""What members of a list did within its days: returned, spent, and what of it is profit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lists.caps import CONTACTED
from retention.lists.readout import profit_of

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]


def member_outcomes(
    members: pd.DataFrame, given: pd.DataFrame, cost: Float, assumed: Mapping[str, Any]
) -> pd.DataFrame:
    """One row a member, in their order.

    Parameters
    ----------
    members : `customer_id`, `arm`
    given : `customer_id`, `revenue`, `orders` (NaN: not told, revenue tells) and, where imported,
        `incentive_paid`; who is not in it bought nothing
    cost : of the contacts of each member, currency, shape (n,)
    assumed : terms of the list, as `ValueAssumptions.as_dict` has them

    Returns
    -------
    DataFrame with `customer_id`, `returned` (0 or 1), `revenue`, `profit`
    """
    table = members[["customer_id", "arm"]].merge(given, on="customer_id", how="left")
    revenue = table["revenue"].fillna(0.0).to_numpy(float)
    orders = table["orders"].to_numpy(float)
    returned = np.where(np.isnan(orders), revenue > 0, orders > 0)
    contacted = (table["arm"] == CONTACTED).to_numpy(bool)
    profit = profit_of(
        revenue,
        margin=float(assumed["margin"]),
        contact_cost=cost,
        incentive_paid=_incentives(table, returned & contacted, assumed),
    )
    return pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "returned": returned.astype(float),
            "revenue": revenue,
            "profit": profit,
        }
    )


def _incentives(table: pd.DataFrame, back: Mask, assumed: Mapping[str, Any]) -> Float:
    """Incentives paid; where that is not told, every contacted buyer redeems as was assumed."""
    share = max(float(assumed["redemption_saved"]), float(assumed["redemption_anyway"]))
    if "incentive_paid" not in table or table["incentive_paid"].isna().all():
        return np.where(back, float(assumed["incentive"]) * share, 0.0)
    return table["incentive_paid"].fillna(0.0).to_numpy(float)
