"""Rows of a snapshot or panel, and where the days before a cutoff begin in a customer's lines."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]


@njit(cache=True, nogil=True)
def first_from(days: Day, low: int, high: int, day: int) -> int:
    """First of the lines `low:high`, ascending by day, whose day is not before `day`; or `high`."""
    while low < high:
        middle = (low + high) // 2
        if days[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def rows_at(starts: Int, known_day: Day, cutoffs: Int) -> tuple[Int, Int, Int, Int]:
    """A row for each customer and cutoff with a line known before it, by customer, then cutoff.

    Returns
    -------
    customer, cutoff : of each row, shape (n_rows,)
    begin, end : the customer's lines known before the cutoff are `begin:end`
    """
    most = (len(starts) - 1) * len(cutoffs)
    customer, cutoff = np.empty(most, np.int64), np.empty(most, np.int64)
    begin, end = np.empty(most, np.int64), np.empty(most, np.int64)
    n = 0
    for c in range(len(starts) - 1):
        for day in cutoffs:
            known = first_from(known_day, starts[c], starts[c + 1], day)
            if known > starts[c]:
                customer[n], cutoff[n], begin[n], end[n] = c, day, starts[c], known
                n += 1
    return customer[:n], cutoff[:n], begin[:n], end[:n]


@njit(cache=True, nogil=True)
def positions(days: Day, begin: Int, end: Int, day: Int) -> Int:
    """First line of each row's `begin:end` whose day is not before the row's `day`, (n_rows,)."""
    found = np.empty(len(begin), np.int64)
    for row in range(len(begin)):
        found[row] = first_from(days, begin[row], end[row], day[row])
    return found


@njit(cache=True, nogil=True)
def sums_before(values: Int) -> Int:
    """Sum of all values before each position, shape (n + 1,)."""
    total = np.empty(len(values) + 1, np.int64)
    running = 0
    for i in range(len(values)):
        total[i] = running
        running += values[i]
    total[len(values)] = running
    return total
