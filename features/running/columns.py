"""Running columns of a log: made when first asked for, and read at a customer's last known line."""

from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE, UNKNOWN_MONEY
from features.log.purchase_log import PurchaseLog
from features.running import decay, diversity, orders, positions, purchase_days

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Values = NDArray[Any]
Column = TypeVar("Column", NDArray[np.float64], NDArray[np.int64])

ITEM_SCALE = 1000  # items are whole thousandths, so that sums do not depend on their order
MOST_ITEMS = 1e9
# Scale of what is kept in whole numbers.
UNITS = {
    **dict.fromkeys(("net", "gross", "refunded", "discount", "full_price", "margin"), AMOUNT_SCALE),
    **dict.fromkeys(("margin_net", "first_day_gross", "largest_order"), AMOUNT_SCALE),
    **dict.fromkeys(("first_order_net", "last_order_net"), AMOUNT_SCALE),
    **dict.fromkeys(("first_order_gross", "first_order_discount"), AMOUNT_SCALE),
    "items": ITEM_SCALE,
    "middle_gaps": 2,
}


class RunningColumns:
    """Cumulative sums and running states along each customer's lines of one log.

    Parameters
    ----------
    log : PurchaseLog
    """

    def __init__(self, log: PurchaseLog) -> None:
        self.log = log
        self._sums: dict[str, Int] = {}
        self._states: dict[str, Values] = {}

    def sums(self, name: str) -> Int:
        """Sum of a column over all lines before each position, shape (n_lines + 1,); exact."""
        if name not in self._sums:
            self._sums[name] = positions.sums_before(self._per_line(name))
        return self._sums[name]

    def state(self, name: str) -> Values:
        """A running state at each line, shape (n_lines,)."""
        if name not in self._states:
            self._states |= self._family(name)
        return self._states[name]

    @cached_property
    def _opens(self) -> NDArray[np.int8]:
        """1 at the first purchase line of each order."""
        return orders.first_purchases(self.log.order_ref, self.log.is_purchase)

    def _per_line(self, name: str) -> Values:
        """Whole numbers, one a line, whose sums are asked for."""
        log = self.log
        bought = log.is_purchase
        if name == "orders":
            return self._opens
        if name == "lines":
            return bought
        if name == "net":
            return log.amount
        if name == "gross":
            return np.where(bought, log.amount, 0)
        if name == "refunds":
            return log.is_refund
        if name == "refunded":
            return np.where(log.is_refund, -log.amount, 0)
        if name == "weekend_orders":
            # 1970-01-01 was a Thursday.
            return self._opens * ((log.ordered_day + 3) % 7 >= 5)
        if name == "season_orders":
            return self._opens * _in_season(log.ordered_day)
        if name in ("counted", "items"):
            return self._of_quantity(name)
        return self._of_money(name)

    def _of_quantity(self, name: str) -> Values:
        quantity = _there(self.log.quantity, "quantity")
        there = self.log.is_purchase & ~np.isnan(quantity)
        if name == "counted":
            return there
        items = np.clip(np.where(there, quantity, 0.0), 0, MOST_ITEMS)
        return np.round(items * ITEM_SCALE).astype(np.int64)

    def _of_money(self, name: str) -> Values:
        log = self.log
        if name in ("discount", "full_price", "discounted_lines"):
            off = self._discount
            if name == "discounted_lines":
                discounted: Values = off > 0
                return discounted
            return off if name == "discount" else off + np.where(log.is_purchase, log.amount, 0)
        cost = _there(log.cost, "cost")
        known = cost != UNKNOWN_MONEY
        if name == "costed":
            bought: Values = known & log.is_purchase
            return bought
        found: Values = np.where(known, log.amount - cost if name == "margin" else log.amount, 0)
        return found

    @cached_property
    def _discount(self) -> Int:
        """Discount of each purchase line, 0 where unknown; a shop may write it below 0."""
        given = self.log.discount
        if given is None:
            return np.zeros(self.log.n_lines, np.int64)
        off: Int = np.where((given != UNKNOWN_MONEY) & self.log.is_purchase, np.abs(given), 0)
        return off

    def _family(self, name: str) -> dict[str, Values]:
        """The states that are made together with `name`."""
        log = self.log
        if name in purchase_days.NAMES:
            days: tuple[Values, ...] = purchase_days.purchase_days(
                log.starts, log.ordered_day, log.amount, log.is_purchase
            )
            return dict(zip(purchase_days.NAMES, days, strict=True))
        if name in orders.NAMES:
            product = np.full(log.n_lines, -1, np.int32) if log.product is None else log.product
            found: tuple[Values, ...] = orders.order_states(
                log.starts, log.ordered_day, log.amount, log.is_purchase, log.order_ref,
                self._discount, product,
            )  # fmt: skip
            return dict(zip(orders.NAMES, found, strict=True))
        if name.startswith("decayed_"):
            sums = decay.decayed_sums(
                log.starts, log.ordered_day, log.known_day, self._opens, log.amount
            )
            return {f"decayed_{n}": v for n, v in sums.items()}
        kind = name.split("_", 1)[0]
        code = getattr(log, kind)
        kinds: tuple[Values, ...] = diversity.diversity(log.starts, code, log.is_purchase)
        return {f"{kind}_{n}": v for n, v in zip(diversity.NAMES, kinds, strict=True)}


def _there(column: Column | None, name: str) -> Column:
    if column is None:
        raise ValueError(f"the log has no {name}; ask for features that do without it")
    return column


def _in_season(days: NDArray[np.int32]) -> NDArray[np.bool_]:
    """True for days in November and December."""
    first = int(days.min())
    calendar = np.arange(first, int(days.max()) + 1).astype("datetime64[D]")
    months = calendar.astype("datetime64[M]").astype(int) % 12
    flags: NDArray[np.bool_] = (months >= 10)[days - first]
    return flags
