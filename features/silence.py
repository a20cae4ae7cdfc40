"""Roll customers forward with no order: features at days on which nothing more became known.

Every customer may be asked of another day. The values are those of `features.rows.rows_of` at that
day, had no line become known from the day of the snapshot on.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.catalogue import BY_NAME
from features.feature_table import FeatureTable
from features.log.purchase_log import PurchaseLog
from features.rows import LOOKBACK_DAYS, with_columns, without_effect
from features.running.columns import RunningColumns
from features.running.reading import Reading

Int = NDArray[np.int64]
Float = NDArray[np.float64]


class _Watched(Reading):
    """A reading that tells whether the days since a line were asked for."""

    moves = False

    def forget(self) -> None:
        """Start anew: what was read before would be given without a look at the days."""
        self.moves = False
        self._positions.clear()
        self._read.clear()

    @property
    def cutoff(self) -> Int:
        """Shop days of the rows, from which days are counted."""
        self.moves = True
        return self._cutoff

    @cutoff.setter
    def cutoff(self, days: Int) -> None:
        self._cutoff = days


class SilentCustomers:
    """Customers of a log who are seen to buy nothing from shop day `as_of` on.

    Parameters
    ----------
    log : PurchaseLog; lines known on or after `as_of` are not seen
    as_of : shop day
    names : names of features, in order

    Attributes
    ----------
    customer_ids : array of str, shape (n,): the customers with a line known before `as_of`, in the
        order of the rows of a snapshot
    """

    def __init__(self, log: PurchaseLog, as_of: int, names: Sequence[str]) -> None:
        if log.n_lines and log.known_day.max() >= as_of:
            log = log.known_before(as_of)
        self._columns = RunningColumns(with_columns(log, names))
        self._names = tuple(names)
        self.customer_ids = log.customer_ids
        self._kept = self._unmoved(as_of)

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def unmoved(self) -> frozenset[str]:
        """Names of the features that silence does not change, within the look-back."""
        return frozenset(self._kept)

    def features(self, customers: Int, days: Int) -> FeatureTable:
        """Features of customers at the days asked of each.

        Parameters
        ----------
        customers : numbers from 0 among these customers, each at most once, shape (n,)
        days : shop days not before `as_of`, shape (n,)

        Returns
        -------
        FeatureTable, a column each of the names, n rows
        """
        at = Reading.each(self._columns, customers, days)
        values = np.empty((len(self._names), len(at)))
        for i, name in enumerate(self._names):
            kept = self._kept.get(name)
            values[i] = BY_NAME[name].read(at) if kept is None else kept[customers]
        first = at.position(LOOKBACK_DAYS)
        partly = np.flatnonzero((first > at.begin) & (first < at.end))
        if len(partly):
            young = self._columns.log.take(customers[partly], first[partly], at.end[partly])
            values[:, partly] = self._of_each(young, days[partly])
        wholly = np.flatnonzero(first == at.end)
        if len(wholly):
            silent = without_effect(self._columns.log, days[wholly] - 1)
            values[:, wholly] = self._of_each(silent, days[wholly])
        return FeatureTable(self._names, values)

    def _unmoved(self, as_of: int) -> dict[str, Float]:
        """What does not change with silence, which is read once."""
        everyone = np.arange(len(self))
        at = _Watched.each(self._columns, everyone, np.full(len(self), as_of))
        kept = {}
        for name in self._names:
            at.forget()
            values = BY_NAME[name].read(at)
            if not at.moves:
                kept[name] = values
        return kept

    def _of_each(self, log: PurchaseLog, days: Int) -> Float:
        return self._read(Reading.each(RunningColumns(log), np.arange(len(days)), days))

    def _read(self, at: Reading) -> Float:
        values = np.empty((len(self._names), len(at)))
        for i, name in enumerate(self._names):
            values[i] = BY_NAME[name].read(at)
        return values
