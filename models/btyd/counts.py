"""Customers with the same history counted once: the rows a buy-till-you-die model is fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Distinct histories and how many customers have each; arrays of shape (n_histories,).

    Attributes
    ----------
    frequency : repeat purchase days [x]
    recency : days from first to last purchase [t_x]
    T : days from first purchase to cutoff
    weight : customers with this history
    """

    frequency: Float
    recency: Float
    T: Float
    weight: Float

    @property
    def customers(self) -> float:
        """Customers in all."""
        return float(self.weight.sum())

    @property
    def repeaters(self) -> float:
        """Customers with at least one repeat purchase day."""
        return float(self.weight[self.frequency > 0].sum())

    def thinned(self, customers: int) -> "Counts":
        """Return the histories of so many customers, evenly spaced in sorted order, for all."""
        if self.weight.size <= customers:
            return self
        up_to, step = np.cumsum(self.weight), self.customers / customers
        at = np.searchsorted(up_to, (np.arange(customers) + 0.5) * step)
        row, times = np.unique(np.minimum(at, len(up_to) - 1), return_counts=True)
        return Counts(
            self.frequency[row], self.recency[row], self.T[row], (times * step).astype(np.float64)
        )

    def rescaled(self, days: float) -> "Counts":
        """Return the same with time counted in units of so many days."""
        return Counts(self.frequency, self.recency / days, self.T / days, self.weight)


def counts_of(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Counts:
    """Count customers by history.

    Parameters
    ----------
    frequency, recency, T : arrays of shape (n_customers,)
        Repeat purchase days, days from first to last purchase, days from first purchase to cutoff.
        Another unit of time does too: the parameters of a fit are then in that unit.

    Returns
    -------
    Counts, sorted by frequency, recency and T

    Raises
    ------
    ValueError
        If the lengths differ, a value is negative or not finite, or a history is impossible: the
        last purchase after the cutoff, or a repeat purchase on the day of the first.
    """
    x, t_x, tenure = (np.asarray(a, dtype=np.float64).ravel() for a in (frequency, recency, T))
    if not len(x) == len(t_x) == len(tenure):
        raise ValueError(
            f"frequency, recency and T have {len(x)}, {len(t_x)} and {len(tenure)} values; "
            "pass one of each per customer"
        )
    _check(x, t_x, tenure)
    (x_of, x_at), (r_of, r_at), (t_of, t_at) = (coded(a) for a in (x, t_x, tenure))
    key = (x_at * len(r_of) + r_at) * len(t_of) + t_at
    found, weight = np.unique(key, return_counts=True)
    rest, t_at = np.divmod(found, len(t_of))
    x_at, r_at = np.divmod(rest, len(r_of))
    return Counts(x_of[x_at], r_of[r_at], t_of[t_at], weight.astype(np.float64))


def _check(x: Float, t_x: Float, tenure: Float) -> None:
    for name, values in (("frequency", x), ("recency", t_x), ("T", tenure)):
        wrong = ~(np.isfinite(values) & (values >= 0))
        if wrong.any():
            raise ValueError(
                f"{name} must be finite and >= 0, is not for {wrong.sum()} of {len(x)} customers, "
                f"first {values[wrong][0]}; take these columns as the features give them"
            )
    after, split = t_x > tenure, (x > 0) != (t_x > 0)
    if after.any():
        raise ValueError(
            f"recency exceeds T for {after.sum()} of {len(x)} customers, first "
            f"{t_x[after][0]} > {tenure[after][0]}; count both from the first purchase day"
        )
    if split.any():
        raise ValueError(
            f"recency must be > 0 exactly where frequency is, is not for {split.sum()} of {len(x)} "
            f"customers, first frequency {x[split][0]}, recency {t_x[split][0]}; "
            "count purchase days, the first not counted"
        )


def coded(values: Float) -> tuple[Float, NDArray[np.int64]]:
    """Return the distinct values and each value's place among them.

    Of small whole numbers, all up to the largest count as distinct: that needs no sorting.
    """
    top = values.max(initial=0.0)
    whole = values.astype(np.int64)
    if top < 1e6 and np.array_equal(whole, values):
        return np.arange(top + 1, dtype=np.float64), whole
    distinct, place = np.unique(values, return_inverse=True)
    return distinct, place.astype(np.int64)
