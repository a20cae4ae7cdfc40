"""The orders of customers, as a person wants to read them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.log.purchase_log import PurchaseLog


def orders_of(log: PurchaseLog) -> Mapping[str, NDArray[Any]]:
    """Orders of every customer, oldest first, as columns of equal length.

    Returns
    -------
    mapping with `customer` (number), `ordered_day`, `amount` (net of the refunds that belong to the
    order, ten-thousandths), `items` (NaN where no quantity is known) and `lines` (purchases)
    """
    quantity = np.full(log.n_lines, np.nan) if log.quantity is None else log.quantity
    frame = pd.DataFrame(
        {
            "order": log.order_ref,
            "customer": log.customer_of_line,
            "day": log.ordered_day,
            "amount": log.amount,
            "items": np.where(log.is_purchase, quantity, np.nan),
            "bought": log.is_purchase,
        }
    )
    # A refund of no known order refers to itself, and is no order.
    frame = frame[log.is_purchase[log.order_ref]]
    grouped = frame.groupby("order", sort=True)
    orders = grouped.agg(
        customer=("customer", "first"),
        ordered_day=("day", "min"),
        amount=("amount", "sum"),
        lines=("bought", "sum"),
    )
    orders["items"] = grouped["items"].sum(min_count=1)
    orders = orders.sort_values(["customer", "ordered_day"], kind="stable")
    columns = ("customer", "ordered_day", "amount", "items", "lines")
    return {name: orders[name].to_numpy() for name in columns}
