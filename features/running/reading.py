"""What running columns read at cutoffs: the arguments of every feature."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE
from features.log.purchase_log import PurchaseLog
from features.running import decay, positions
from features.running.columns import UNITS, RunningColumns

Float = NDArray[np.float64]
Int = NDArray[np.int64]


class Reading:
    """Running columns read for rows of customers at cutoffs.

    Only lines known before the row's cutoff are read: a row's lines are `begin:end`, and what a
    feature asks for is the value at the last of them, or the difference of two positions.

    Parameters
    ----------
    log : PurchaseLog
    cutoffs : shop days, ascending

    Attributes
    ----------
    customer, cutoff, begin, end : int64, shape (n_rows,), ordered by customer, then cutoff
    """

    def __init__(self, log: PurchaseLog, cutoffs: Sequence[int]) -> None:
        self.columns = RunningColumns(log)
        days = np.array(sorted(set(cutoffs)), np.int64)
        self.customer, self.cutoff, self.begin, self.end = positions.rows_at(
            log.starts, log.known_day, days
        )
        self._positions: dict[int, Int] = {}
        self._read: dict[object, Float] = {}

    @classmethod
    def each(cls, columns: RunningColumns, customer: Int, cutoff: Int) -> Self:
        """Rows of customers at cutoffs of their own, in the order given.

        Parameters
        ----------
        columns : of a log; what it has made is not made again
        customer, cutoff : numbers in the log, and shop days by which each has a line, shape (n,)
        """
        log = columns.log
        at = cls(log, ())
        at.columns, at.customer, at.cutoff = columns, customer, cutoff
        at.begin = log.starts[customer]
        at.end = positions.positions(log.known_day, at.begin, log.starts[customer + 1], cutoff)
        return at

    def __len__(self) -> int:
        return len(self.customer)

    def position(self, days_back: int) -> Int:
        """First line of each row known from `days_back` days before the cutoff on."""
        if days_back not in self._positions:
            log = self.columns.log
            self._positions[days_back] = positions.positions(
                log.known_day, self.begin, self.end, self.cutoff - days_back
            )
        return self._positions[days_back]

    def total(self, name: str) -> Float:
        """Sum of a column over everything known before the cutoff."""
        return self._once(("total", name), lambda: self._between(name, self.begin, self.end))

    def window(self, name: str, days: int, *, back: int = 0) -> Float:
        """Sum over what became known in the `days` days that end `back` days before the cutoff."""

        def read() -> Float:
            high = self.position(back) if back else self.end
            return self._between(name, self.position(back + days), high)

        return self._once((name, days, back), read)

    def _between(self, name: str, low: Int, high: Int) -> Float:
        sums = self.columns.sums(name)
        return _in_units(name, sums.take(high) - sums.take(low))

    def state(self, name: str) -> Float:
        """A running state at the last line known before the cutoff."""

        def read() -> Float:
            return _in_units(name, self.columns.state(name).take(self._last))

        return self._once(name, read)

    def gained(self, name: str, days: int) -> Float:
        """How much a running state grew in the last `days` days."""
        earlier = self.position(days)
        before = _in_units(name, self.columns.state(name).take(np.maximum(earlier - 1, 0)))
        return self.state(name) - np.where(earlier > self.begin, before, 0.0)

    def decayed(self, name: str, half_life: int) -> Float:
        """A decayed sum carried forward from the last known line to the cutoff."""
        ages = self.cutoff - self.columns.log.known_day[self._last]
        kept = decay.weights_at(half_life, ages)
        value: Float = self.columns.state(f"decayed_{name}_{half_life}").take(self._last) * kept
        return value / (AMOUNT_SCALE if name == "spend" else 1)

    def _once(self, key: object, read: Callable[[], Float]) -> Float:
        if key not in self._read:
            self._read[key] = read()
        return self._read[key]

    @cached_property
    def _last(self) -> Int:
        return self.end - 1

    @cached_property
    def bought(self) -> NDArray[np.bool_]:
        """True for rows with at least one purchase."""
        return self.state("days") > 0

    def if_bought(self, value: Float) -> Float:
        """`value`, undefined for rows with nothing but refunds."""
        return np.where(self.bought, value, np.nan)

    def where_known(self, count: str, value: Float) -> Float:
        """`value`, undefined for rows of which the column counted by `count` says nothing."""
        return np.where(self.total(count) > 0, value, np.nan)


def _in_units(name: str, values: NDArray[Any]) -> Float:
    scale = UNITS.get(name)
    found: Float = values.astype(float) if scale is None else values / scale
    return found
