"""Compiled loops over the sorted log; each customer's lines are scanned alone, in order.

A result for one customer never depends on who else is in the log, so any split by customer gives
the same bytes.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]
Float = NDArray[np.float64]


@njit(cache=True)
def positions(starts: Int, days: Day, day: int) -> Int:
    """First line of each customer whose day is not before `day`, shape (n_customers,)."""
    found = np.empty(len(starts) - 1, np.int64)
    for customer in range(len(starts) - 1):
        low, high = starts[customer], starts[customer + 1]
        while low < high:
            middle = (low + high) // 2
            if days[middle] < day:
                low = middle + 1
            else:
                high = middle
        found[customer] = low
    return found


@njit(cache=True)
def first_purchase_of_order(order_ref: Int, amount: Int) -> NDArray[np.int64]:
    """1 at the first purchase line of each order, else 0, shape (n_lines,)."""
    seen = np.zeros(len(amount), np.bool_)
    first = np.zeros(len(amount), np.int64)
    for line in range(len(amount)):
        if amount[line] >= 0 and not seen[order_ref[line]]:
            seen[order_ref[line]] = True
            first[line] = 1
    return first


@njit(cache=True)
def purchase_days(
    starts: Int, ordered_day: Day, amount: Int
) -> tuple[Int, Int, Int, Int, Int, Int]:
    """Running values of a customer's distinct purchase days, each of shape (n_lines,).

    Returns
    -------
    count, first, last : distinct purchase days so far, the earliest and the latest
    last_gap : days between the two latest, -1 with fewer than two
    gap_squares : sum of squared gaps between neighbouring days
    first_day_amount : purchases on the earliest day, ten-thousandths
    """
    n = len(amount)
    count, first, last = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    last_gap, squares, opening = np.full(n, -1), np.zeros(n, np.int64), np.zeros(n, np.int64)
    for customer in range(len(starts) - 1):
        c, lo, hi, gap, square, spent = 0, 0, 0, -1, 0, 0
        for line in range(starts[customer], starts[customer + 1]):
            day = ordered_day[line]
            if amount[line] >= 0:
                if c == 0:
                    c, lo, hi, spent = 1, day, day, amount[line]
                elif day > hi:
                    gap = day - hi
                    square += gap * gap
                    c, hi = c + 1, day
                elif day < lo:
                    square += (lo - day) * (lo - day)
                    gap = hi - day if c == 1 else gap
                    c, lo, spent = c + 1, day, amount[line]
                else:
                    spent += amount[line] if day == lo else 0
                    # A line that became known late may add a day between two others.
                    before, after, known = lo, hi, day in (lo, hi)
                    if not known:
                        for other in range(starts[customer], line):
                            if amount[other] >= 0:
                                seen = ordered_day[other]
                                known = known or seen == day
                                if before < seen < day:
                                    before = seen
                                if day < seen < after:
                                    after = seen
                    if not known:
                        square += (day - before) ** 2 + (after - day) ** 2 - (after - before) ** 2
                        gap = hi - day if after == hi else gap
                        c += 1
            count[line], first[line], last[line] = c, lo, hi
            last_gap[line], squares[line], opening[line] = gap, square, spent
    return count, first, last, last_gap, squares, opening


@njit(cache=True)
def order_amounts(starts: Int, ordered_day: Day, amount: Int, order_ref: Int) -> tuple[Int, Int]:
    """Net amount of the first and of the latest order so far, ten-thousandths, (n_lines,) each.

    They are the orders of the purchase lines of the earliest and of the latest day, on equal days
    of the line known first and last; all lines of an order count, however they are interleaved.
    """
    n = len(amount)
    opening, latest, net = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    for customer in range(len(starts) - 1):
        first_ref, first_day, last_ref, last_day = -1, 0, -1, 0
        for line in range(starts[customer], starts[customer + 1]):
            ref, day = order_ref[line], ordered_day[line]
            net[ref] += amount[line]
            if amount[line] >= 0:
                if first_ref < 0 or day < first_day:
                    first_ref, first_day = ref, day
                if last_ref < 0 or day >= last_day:
                    last_ref, last_day = ref, day
            if first_ref >= 0:
                opening[line], latest[line] = net[first_ref], net[last_ref]
    return opening, latest


@njit(cache=True)
def decayed_sum(starts: Int, days: Day, known_day: Day, value: Float, half_life: float) -> Float:
    """Sum of `value` so far, halved every `half_life` days since the line's day, (n_lines,).

    The sum stands as of the line's `known_day`.
    """
    total = np.zeros(len(value))
    for customer in range(len(starts) - 1):
        running, at = 0.0, 0
        for line in range(starts[customer], starts[customer + 1]):
            if line > starts[customer]:
                running *= math.pow(2.0, -(known_day[line] - at) / half_life)
            at = known_day[line]
            running += value[line] * math.pow(2.0, -(at - days[line]) / half_life)
            total[line] = running
    return total
