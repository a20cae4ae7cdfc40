"""One row per customer at a cutoff, and many such snapshots with labels: the panel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.catalogue import FEATURES
from features.errors import CutoffError
from features.labels import LabelReader
from features.running import RunningColumns
from features.shop_clock import date_of


@dataclass(frozen=True)
class Snapshot:
    """Customers known before a cutoff and their features.

    Attributes
    ----------
    cutoff : shop day
    customers : int64, shape (n,), numbers of the customers in the log, ascending
    features : DataFrame of float64, shape (n, n_features), indexed by `customer_id`
    """

    cutoff: int
    customers: NDArray[np.int64]
    features: pd.DataFrame


def snapshot(columns: RunningColumns, cutoff: int) -> Snapshot:
    """Features of every customer with a line known before shop day `cutoff`.

    Raises
    ------
    CutoffError
        If no line was known before the cutoff.
    """
    at = columns.at(cutoff)
    if not len(at.customers):
        first = date_of(int(columns.log.known_day.min())) if columns.log.n_lines else None
        raise CutoffError(
            f"no purchase is known before {date_of(cutoff)}"
            + (f"; the first line is of {first}, choose a cutoff after it" if first else "")
        )
    values = {
        f.name: np.asarray(f.read(at), float)
        for f in FEATURES
        if f.needs is None or at.has(f.needs)
    }
    ids = pd.Index(columns.log.customer_ids[at.customers], name="customer_id")
    return Snapshot(cutoff, at.customers, pd.DataFrame(values, index=ids))


@dataclass(frozen=True)
class Panel:
    """Snapshots at several cutoffs on top of each other, with labels for each horizon.

    Attributes
    ----------
    features : DataFrame of shape (n_rows, n_features)
    customers : int64, shape (n_rows,), customer numbers of the log
    cutoffs : int64, shape (n_rows,), shop days
    labels : horizon in days -> DataFrame of shape (n_rows, 3), see `features.labels`
    """

    features: pd.DataFrame
    customers: NDArray[np.int64]
    cutoffs: NDArray[np.int64]
    labels: dict[int, pd.DataFrame]

    def __len__(self) -> int:
        return len(self.customers)

    def where(self, mask: NDArray[np.bool_]) -> "Panel":
        """The rows for which `mask` is true."""
        return Panel(
            self.features[mask],
            self.customers[mask],
            self.cutoffs[mask],
            {h: frame[mask] for h, frame in self.labels.items()},
        )


def panel(columns: RunningColumns, cutoffs: Sequence[int], horizons: Iterable[int]) -> Panel:
    """Snapshots at `cutoffs` with labels over each of `horizons`, in one go.

    Whether the label windows are closed is the caller's care.
    """
    labels = LabelReader(columns.log)
    shots = [snapshot(columns, cutoff) for cutoff in cutoffs]
    return Panel(
        features=pd.concat([s.features for s in shots]),
        customers=np.concatenate([s.customers for s in shots]),
        cutoffs=np.concatenate([np.full(len(s.customers), s.cutoff) for s in shots]),
        labels={
            h: pd.concat([labels.read(s.customers, s.cutoff, h) for s in shots], ignore_index=True)
            for h in dict.fromkeys(horizons)
        },
    )
