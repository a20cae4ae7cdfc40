"""What one customer's value is told from, put beside the score rows of a batch."""

from typing import Any

import numpy as np
import pandas as pd

from features.line import AMOUNT_SCALE
from retention.clv.ladder import refund_share_of
from retention.extra_fields import CUTS

COST = "acquisition_cost"


def with_worth(
    rows: pd.DataFrame,
    cuts: dict[str, Any],
    history: pd.DataFrame,
    customers: pd.DataFrame | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score rows and cut points with what the value of each customer is told from.

    Parameters
    ----------
    history : of `retention.history.history_of`, all customers
    customers : of `features.tables.customers.customers_at`; None where the shop has no such table

    Returns
    -------
    rows : with `serving.store.tables.WORTH`, currency, NaN where it is not told
    cuts : the share of refunds of the shop among those of the value fields
    """
    ids = pd.Index(rows["customer_id"])
    past = history[["gross", "refunded"]].reindex(ids).to_numpy(float) / AMOUNT_SCALE
    cost = np.full(len(rows), np.nan)
    if customers is not None and COST in customers:
        cost = customers[COST].reindex(ids).to_numpy(float)
    told = {"historic_gross": past[:, 0], "historic_refunds": past[:, 1], COST: cost}
    if CUTS in cuts:
        cuts = {**cuts, CUTS: {**cuts[CUTS], "refund_share": refund_share_of(history)}}
    return rows.assign(**told), cuts
