"""Running values of a customer's distinct purchase days and the gaps between them."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]
Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

NAMES = (
    *("days", "first_day", "last_day", "last_gap", "previous_gap", "second_gap", "longest_gap"),
    *("middle_gaps", "gap_squares", "gap_logs", "first_day_gross"),
)


@njit(cache=True, nogil=True)
def _insert(values: Day, n: int, value: int) -> None:
    """Put `value` into its place among the first n values, which are ascending."""
    at = n
    while at > 0 and values[at - 1] > value:
        values[at] = values[at - 1]
        at -= 1
    values[at] = value


@njit(cache=True, nogil=True)
def purchase_days(
    starts: Int, ordered_day: Day, amount: Int, is_purchase: Flags
) -> tuple[Day, Day, Day, Day, Day, Day, Day, Day, Int, Float, Int]:
    """Running values at each line, shape (n_lines,) each; named in `NAMES`.

    Returns
    -------
    days, first_day, last_day : distinct purchase days so far, the earliest and the latest
    last_gap, previous_gap : days between the two latest, and between the two before; -1 if none
    second_gap : days from the first to the second; -1 if there is none
    longest_gap : the longest so far; 0 if there is none
    middle_gaps : sum of the two middle gaps, twice the median; 0 if there is none
    gap_squares, gap_logs : sums of squared gaps, and of gap x log gap
    first_day_gross : purchases on the earliest day, ten-thousandths
    """
    n = len(amount)
    count, first, last = np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32)
    last_gap, previous = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    second, longest = np.full(n, -1, np.int32), np.zeros(n, np.int32)
    middle, squares = np.zeros(n, np.int32), np.zeros(n, np.int64)
    logs, opening = np.zeros(n), np.zeros(n, np.int64)
    most = 1
    for customer in range(len(starts) - 1):
        most = max(most, starts[customer + 1] - starts[customer])
    days, gaps = np.empty(most + 1, np.int32), np.empty(most + 1, np.int32)
    for customer in range(len(starts) - 1):
        c, square, log_sum, gross = 0, 0, 0.0, 0
        for line in range(starts[customer], starts[customer + 1]):
            day = ordered_day[line]
            if is_purchase[line]:
                if c == 0 or day > days[c - 1]:
                    if c > 0:
                        gap = day - days[c - 1]
                        square += gap * gap
                        log_sum += gap * math.log(gap)
                        _insert(gaps, c - 1, gap)
                    else:
                        gross = 0
                    days[c] = day
                    c += 1
                    if c == 1:
                        gross = amount[line]
                elif day != days[c - 1] or c == 1:
                    at = np.searchsorted(days[:c], day)
                    if days[at] != day:
                        # A line that became known late adds a day before or between others.
                        _insert(days, c, day)
                        c += 1
                        square, log_sum = 0, 0.0
                        for k in range(1, c):
                            gap = days[k] - days[k - 1]
                            square += gap * gap
                            log_sum += gap * math.log(gap)
                            gaps[k - 1] = gap
                        gaps[: c - 1].sort()
                        if at == 0:
                            gross = amount[line]
                    elif at == 0:
                        gross += amount[line]
            if c > 0:
                count[line], first[line], last[line], opening[line] = c, days[0], days[c - 1], gross
            if c > 1:
                last_gap[line], second[line] = days[c - 1] - days[c - 2], days[1] - days[0]
                longest[line], squares[line], logs[line] = gaps[c - 2], square, log_sum
                middle[line] = gaps[(c - 2) // 2] + gaps[(c - 1) // 2]
            if c > 2:
                previous[line] = days[c - 2] - days[c - 3]
    return (
        count, first, last, last_gap, previous, second, longest, middle, squares, logs, opening,
    )  # fmt: skip
