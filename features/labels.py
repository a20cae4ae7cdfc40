"""What customers did after a cutoff: the labels that models learn and are judged by."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE, UNKNOWN_MONEY
from features.log.purchase_log import PurchaseLog
from features.running import orders, positions

Int = NDArray[np.int64]
Float = NDArray[np.float64]

LABELS = (
    *("churned", "future_orders", "future_gross", "future_value", "future_margin"),
    "next_order_days",
)


@njit(cache=True, nogil=True)
def _next_purchase(starts: Int, is_purchase: NDArray[np.bool_]) -> Int:
    """First purchase line at or after each line of the customer, shape (n_lines,); -1 for none."""
    found = np.empty(len(is_purchase), np.int64)
    for customer in range(len(starts) - 1):
        following = -1
        for line in range(starts[customer + 1] - 1, starts[customer] - 1, -1):
            following = line if is_purchase[line] else following
            found[line] = following
    return found


class LabelReader:
    """Reads labels off a log whose lines it orders by the day of the order.

    Parameters
    ----------
    log : PurchaseLog
    until : shop day; lines known on or after it are not seen
    """

    def __init__(self, log: PurchaseLog, until: int | None = None) -> None:
        known = np.ones(log.n_lines, bool) if until is None else log.known_day < until
        bought = log.is_purchase & known
        net = np.where(known, log.amount, 0)
        opens = orders.first_purchases(log.order_ref, log.is_purchase) * known
        columns = {
            "lines": bought,
            "orders": opens,
            "gross": np.where(bought, net, 0),
            "net": net,
        }
        if log.cost is not None:
            columns["margin"] = np.where(log.cost != UNKNOWN_MONEY, net - known * log.cost, 0)
        self._starts, self._day = log.starts, log.ordered_day
        if log.known_day is not log.ordered_day:
            order = np.lexsort((log.ordered_day, log.customer_of_line))
            self._day, bought = log.ordered_day[order], bought[order]
            columns = {name: values[order] for name, values in columns.items()}
        self._sums = {name: positions.sums_before(values) for name, values in columns.items()}
        self._next = _next_purchase(log.starts, bought)

    def read(self, customers: Int, cutoffs: Int, horizon_days: int) -> dict[str, Float]:
        """Labels of rows of customers over `[cutoff, cutoff + horizon_days)`.

        Parameters
        ----------
        customers, cutoffs : numbers within this log, and shop days, shape (n_rows,)

        Returns
        -------
        dict of arrays of shape (n_rows,)
            churned : 1.0 where no purchase lies in the window, else 0.0
            future_orders : orders in the window
            future_gross, future_value : sums of purchases, and of amounts with refunds, currency
            future_margin : sum of amount less cost over lines of known cost; only where the log
                knows costs
            next_order_days : days from the cutoff to the first purchase in the window, NaN where
                there is none, which is censored
        """
        begin, end = self._starts[customers], self._starts[customers + 1]
        low = positions.positions(self._day, begin, end, cutoffs)
        high = positions.positions(self._day, begin, end, cutoffs + horizon_days)
        counts = {name: sums[high] - sums[low] for name, sums in self._sums.items()}
        bought = counts["lines"] > 0
        following = self._next[np.minimum(low, len(self._next) - 1)]
        waited = self._day[np.maximum(following, 0)] - cutoffs
        labels = {
            "churned": 1.0 - bought,
            "future_orders": np.maximum(counts["orders"], bought).astype(float),
            "future_gross": counts["gross"] / AMOUNT_SCALE,
            "future_value": counts["net"] / AMOUNT_SCALE,
        }
        if "margin" in counts:
            labels["future_margin"] = counts["margin"] / AMOUNT_SCALE
        labels["next_order_days"] = np.where(bought, waited, np.nan)
        return labels
