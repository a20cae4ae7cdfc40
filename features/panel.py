"""One row per customer at a cutoff, and many such snapshots with labels: the panel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import CutoffError
from features.log.shop_log import ShopLog
from features.rows import FACTS, Request, Rows, features_with
from features.shop_clock import date_of

Int = NDArray[np.int64]


@dataclass(frozen=True)
class Snapshot:
    """Customers known before a cutoff and their features.

    Attributes
    ----------
    cutoff : shop day
    customers : int64, shape (n,), numbers of the customers in the log, ascending
    features : DataFrame of float64, shape (n, n_features), indexed by `customer_id`
    facts : DataFrame of float64, shape (n, len(FACTS)), same index: what is so over the whole
        history, which scores show and models do not see
    """

    cutoff: int
    customers: Int
    features: pd.DataFrame
    facts: pd.DataFrame


def snapshot(log: ShopLog, cutoff: int, names: tuple[str, ...] | None = None) -> Snapshot:
    """Features of every customer with a line known before shop day `cutoff`.

    Parameters
    ----------
    names : features to make, whether or not these customers have what they need; by default those
        of the columns of which the log knew a value before the cutoff

    Raises
    ------
    CutoffError
        If no line was known before the cutoff.
    """
    refuse_too_early(log, cutoff)
    names = features_with(log.columns_before(cutoff)) if names is None else names
    rows = log.rows(Request((cutoff,), names))
    ids = pd.Index(rows.customer_ids, name="customer_id")
    return Snapshot(
        cutoff,
        rows.customer,
        pd.DataFrame(rows.features.T, index=ids, columns=list(names)),
        pd.DataFrame(rows.facts.T, index=ids, columns=list(FACTS)),
    )


def refuse_too_early(log: ShopLog, cutoff: int) -> None:
    """Raise CutoffError if no line was known before shop day `cutoff`."""
    facts = log.facts
    if not facts.lines or facts.first_known_day >= cutoff:
        first = date_of(facts.first_known_day) if facts.lines else None
        raise CutoffError(
            f"no purchase is known before {date_of(cutoff)}"
            + (f"; the first line is of {first}, choose a cutoff after it" if first else "")
        )


@dataclass(frozen=True)
class Panel:
    """Snapshots at several cutoffs by customer, then cutoff, with labels for each horizon.

    Attributes
    ----------
    features : DataFrame of float64, shape (n_rows, n_features), indexed by `customer_id`
    customers : int64, shape (n_rows,), customer numbers of the log
    cutoffs : int64, shape (n_rows,), shop days
    labels : horizon in days -> DataFrame of shape (n_rows, n_labels), see `features.labels`
    """

    features: pd.DataFrame
    customers: Int
    cutoffs: Int
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


def panel(log: ShopLog, cutoffs: Sequence[int], horizons: Iterable[int]) -> Panel:
    """Snapshots at `cutoffs` with labels over each of `horizons`, in one pass over the log.

    Features are those of the columns known before the log's `until`, and labels see what was known
    before it. Whether the label windows are closed is the caller's care.
    """
    names = features_with(log.columns)
    wanted = tuple(dict.fromkeys(horizons))
    rows = log.rows(Request(tuple(cutoffs), names, wanted, log.until))
    ids = pd.Index(rows.customer_ids, name="customer_id")
    return Panel(
        features=pd.DataFrame(rows.features.T, index=ids, columns=list(names)),
        customers=rows.customer,
        cutoffs=rows.cutoff,
        labels=_by_horizon(rows, wanted),
    )


def labels_at(log: ShopLog, cutoff: int, horizons: Iterable[int]) -> dict[int, pd.DataFrame]:
    """Labels over each horizon of the customers of a snapshot at `cutoff`, without its features."""
    wanted = tuple(dict.fromkeys(horizons))
    return _by_horizon(log.rows(Request((cutoff,), (), wanted, log.until)), wanted)


def _by_horizon(rows: Rows, horizons: Iterable[int]) -> dict[int, pd.DataFrame]:
    return {
        h: pd.DataFrame({name: v for (days, name), v in rows.labels.items() if days == h})
        for h in horizons
    }
