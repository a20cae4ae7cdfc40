"""Running columns of a log, and what they read at a cutoff.

Along each customer's lines, in the order they became known, stand cumulative counts and sums and
running states. A feature at a cutoff is such a value at the last line known before it, or the
difference of two positions; what comes later cannot enter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from features import kernels
from features.line import AMOUNT_SCALE
from features.purchase_log import PurchaseLog

Float = NDArray[np.float64]
Int = NDArray[np.int64]
HALF_LIVES = (15, 45, 135)


class RunningColumns:
    """Cumulative and running columns of one log, made when first asked for.

    Parameters
    ----------
    log : PurchaseLog
    """

    def __init__(self, log: PurchaseLog) -> None:
        self.log = log

    @cached_property
    def cumulative(self) -> dict[str, Int | Float]:
        """Sums over all lines before each position, shape (n_lines + 1,); whole, so exact."""
        log = self.log
        bought = log.is_purchase
        columns: dict[str, NDArray[np.generic]] = {
            "orders": kernels.first_purchase_of_order(log.order_ref, log.amount),
            "lines": bought.astype(np.int64),
            "net": log.amount,
            "gross": np.where(bought, log.amount, 0),
            "refunds": (~bought).astype(np.int64),
            "refunded": np.where(bought, 0, -log.amount),
        }
        if log.quantity is not None:
            # Thousandths of an item, whole, so that sums do not depend on their order.
            items = np.where(bought, np.nan_to_num(log.quantity), 0.0)
            columns["counted"] = (bought & ~np.isnan(log.quantity)).astype(np.int64)
            columns["items"] = np.round(np.clip(items, 0, 1e9) * 1000).astype(np.int64)
        return {name: np.concatenate([[0], np.cumsum(c)]) for name, c in columns.items()}

    @cached_property
    def states(self) -> dict[str, Int | Float]:
        """Running states at each line, shape (n_lines,)."""
        log = self.log
        days = kernels.purchase_days(log.starts, log.ordered_day, log.amount)
        names = ("days", "first_day", "last_day", "last_gap", "gap_squares", "first_day_gross")
        states: dict[str, Int | Float] = dict(zip(names, days, strict=True))
        amounts = kernels.order_amounts(log.starts, log.ordered_day, log.amount, log.order_ref)
        states["first_order_net"], states["last_order_net"] = amounts
        orders = np.diff(self.cumulative["orders"]).astype(float)
        for half_life in HALF_LIVES:
            for name, value in (("orders", orders), ("spend", log.amount / AMOUNT_SCALE)):
                states[f"decayed_{name}_{half_life}"] = kernels.decayed_sum(
                    log.starts, log.ordered_day, log.known_day, value, float(half_life)
                )
        return states

    def at(self, cutoff: int) -> "Reading":
        """What the columns read at shop day `cutoff`, for customers with a line known before it."""
        ends = self.positions(cutoff)
        customers = np.flatnonzero(ends > self.log.starts[:-1])
        return Reading(self, cutoff, customers)

    def positions(self, day: int) -> Int:
        """First line of each customer not known before shop day `day`."""
        return self._positions(int(day))

    @cached_property
    def _positions(self) -> Callable[[int], Int]:
        def find(day: int) -> Int:
            found: Int = kernels.positions(self.log.starts, self.log.known_day, day)
            return found

        return lru_cache(maxsize=64)(find)


@dataclass(frozen=True)
class Reading:
    """Running columns read at one cutoff for the customers known by then.

    Attributes
    ----------
    columns : RunningColumns
    cutoff : shop day; lines known on or after it are not seen
    customers : numbers of the customers with a line known before the cutoff, ascending
    """

    columns: RunningColumns
    cutoff: int
    customers: Int

    @cached_property
    def _end(self) -> Int:
        return self.columns.positions(self.cutoff)[self.customers]

    @cached_property
    def _start(self) -> Int:
        return self.columns.log.starts[self.customers]

    def has(self, name: str) -> bool:
        """Whether the log has the column."""
        return name in self.columns.cumulative

    def total(self, name: str) -> Float:
        """Sum of a cumulative column over everything known before the cutoff."""
        return self._between(name, self._start, self._end)

    def window(self, name: str, days: int, *, back: int = 0) -> Float:
        """Sum over the `days` days that end `back` days before the cutoff."""
        low = self.columns.positions(self.cutoff - back - days)[self.customers]
        high = self.columns.positions(self.cutoff - back)[self.customers] if back else self._end
        return self._between(name, low, high)

    def _between(self, name: str, low: Int, high: Int) -> Float:
        cumulative = self.columns.cumulative[name]
        return (cumulative[high] - cumulative[low]) / UNITS.get(name, 1)

    def state(self, name: str) -> Float:
        """A running state at the last line known before the cutoff."""
        value: Float = self.columns.states[name][self._end - 1] / UNITS.get(name, 1)
        return value

    def decayed(self, name: str, half_life: int) -> Float:
        """A decayed sum carried forward from the last known line to the cutoff."""
        known = self.columns.log.known_day[self._end - 1]
        ages = (self.cutoff - known) / half_life
        value = self.columns.states[f"decayed_{name}_{half_life}"][self._end - 1]
        return np.asarray(value * np.exp2(-ages), float)

    @cached_property
    def bought(self) -> NDArray[np.bool_]:
        """True for customers with at least one purchase."""
        return self.columns.states["days"][self._end - 1] > 0

    def if_counted(self, items: Float) -> Float:
        """`items`, undefined for customers of whom no quantity is known."""
        return np.where(self.total("counted") > 0, items, np.nan)

    def if_bought(self, value: Float) -> Float:
        """`value`, undefined for customers with nothing but refunds."""
        return np.where(self.bought, value, np.nan)


UNITS = {
    "net": AMOUNT_SCALE,
    "gross": AMOUNT_SCALE,
    "refunded": AMOUNT_SCALE,
    "items": 1000,
    "first_day_gross": AMOUNT_SCALE,
    "first_order_net": AMOUNT_SCALE,
    "last_order_net": AMOUNT_SCALE,
}
