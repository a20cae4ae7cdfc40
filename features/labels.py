"""What customers did after a cutoff: the labels that models learn and are judged by."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import kernels
from features.line import AMOUNT_SCALE
from features.purchase_log import PurchaseLog

LABELS = ("churned", "future_orders", "future_value")


class LabelReader:
    """Reads labels off a log whose lines it orders by the day of the order.

    Parameters
    ----------
    log : PurchaseLog
    """

    def __init__(self, log: PurchaseLog) -> None:
        self.log = log
        order = np.lexsort((log.ordered_day, log.customer_of_line))
        self._day = log.ordered_day[order]
        first = kernels.first_purchase_of_order(log.order_ref, log.amount)[order]
        columns = (log.is_purchase[order].astype(np.int64), first, log.amount[order])
        self._lines, self._orders, self._amount = (
            np.concatenate([[0], np.cumsum(c)]) for c in columns
        )

    def read(self, customers: NDArray[np.int64], cutoff: int, horizon_days: int) -> pd.DataFrame:
        """Labels of `customers` over `[cutoff, cutoff + horizon_days)`.

        Returns
        -------
        DataFrame of shape (n_customers, 3)
            churned : 1.0 where no purchase lies in the window, else 0.0
            future_orders : orders in the window
            future_value : sum of amounts in the window, refunds included, currency units
        """
        low = kernels.positions(self.log.starts, self._day, cutoff)[customers]
        high = kernels.positions(self.log.starts, self._day, cutoff + horizon_days)[customers]
        bought = self._lines[high] > self._lines[low]
        orders = np.maximum(self._orders[high] - self._orders[low], bought)
        value = (self._amount[high] - self._amount[low]) / AMOUNT_SCALE
        return pd.DataFrame(
            {"churned": 1.0 - bought, "future_orders": orders.astype(float), "future_value": value}
        )
