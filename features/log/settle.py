"""Settle lines with one another: which order a refund belongs to, and what was cancelled at once.

Only lines that became known on the same shop day or before are looked at, so nothing that is
decided here for a line can change when more lines become known.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]
Flags = NDArray[np.bool_]
NONE = -1
VOID = -1
# Purchases of one product among which a refund looks for its own.
MOST_LOOKED = 1000


@njit(cache=True, nogil=True)
def settle(
    starts: Int,
    known_day: Day,
    known_at: Int,
    amount: Int,
    cancelled: Flags,
    order: Int,
    refers_to: Int,
    product: Int,
    n_orders: int,
    n_products: int,
) -> tuple[Int, Flags, Int]:
    """Attach refunds to orders, and void what was refunded in full on the day it was ordered.

    Parameters
    ----------
    starts : first line of each customer, shape (n_customers + 1,)
    known_day, known_at : shop day and microsecond at which each line became known, shape (n_lines,)
    amount : raw line totals, ten-thousandths
    cancelled : lines marked as cancelled
    order, product : codes of a customer's own orders and products from 0, -1 where unknown
    refers_to : code of the order that a refund says it belongs to, -1 where it says none
    n_orders, n_products : numbers of codes

    Returns
    -------
    order_ref : first purchase line of the line's order; of a refund without one, the line itself
    is_purchase : False for refunds, cancelled lines and void ones
    settled : amounts; a cancelled line is the refund of what it cancels, else 0; void lines are 0
    """
    n = len(amount)
    order_ref = np.arange(n)
    is_purchase = np.zeros(n, np.bool_)
    settled = amount.copy()
    left = np.zeros(n, np.int64)
    before = np.full(n, NONE)
    latest = np.full(n_products, NONE)
    opened = np.full(n_orders, NONE)
    order_left = np.zeros(n_orders, np.int64)
    order_gross = np.zeros(n_orders, np.int64)
    for customer in range(len(starts) - 1):
        line = starts[customer]
        while line < starts[customer + 1]:
            end = line
            refunds = False
            while end < starts[customer + 1] and known_day[end] == known_day[line]:
                if amount[end] < 0 or cancelled[end]:
                    refunds = True
                    end += 1
                    continue
                key, bought = order[end], product[end]
                if opened[key] < 0:
                    opened[key] = end
                order_ref[end], is_purchase[end], left[end] = opened[key], True, amount[end]
                order_left[key] += amount[end]
                order_gross[key] += amount[end]
                if bought >= 0:
                    before[end], latest[bought] = latest[bought], end
                end += 1
            if refunds:
                for k in range(line, end):
                    if is_purchase[k]:
                        continue
                    asked = abs(amount[k])
                    found, off = NONE, NONE
                    if amount[k] < 0:
                        found, off = _order_of(
                            k,
                            asked,
                            known_at,
                            order,
                            refers_to,
                            product,
                            opened,
                            left,
                            before,
                            latest,
                        )
                    else:
                        # Only a line that says the same was written before it was cancelled.
                        off = _copy_of(
                            k,
                            starts[customer],
                            end,
                            amount,
                            order,
                            refers_to,
                            product,
                            opened,
                            left,
                        )
                        if off >= 0 and order_left[order[off]] < asked:
                            off = NONE
                        found = order[off] if off >= 0 else NONE
                        settled[k] = -asked if off >= 0 else 0
                    if found >= 0:
                        order_ref[k] = opened[found]
                        order_left[found] -= asked
                        if off >= 0:
                            left[off] = max(0, left[off] - asked)
                _void(
                    line,
                    end,
                    order,
                    order_ref,
                    order_left,
                    order_gross,
                    opened,
                    is_purchase,
                    settled,
                    left,
                )
            line = end
    return order_ref, is_purchase, settled


@njit(cache=True, nogil=True)
def _order_of(
    refund: int,
    asked: int,
    known_at: Int,
    order: Int,
    refers_to: Int,
    product: Int,
    opened: Int,
    left: Int,
    before: Int,
    latest: Int,
) -> tuple[int, int]:
    """Code of the order that a refund belongs to, and the line refunded; -1 for none."""
    named = NONE
    if refers_to[refund] >= 0 and opened[refers_to[refund]] >= 0:
        named = refers_to[refund]
    elif order[refund] >= 0 and opened[order[refund]] >= 0:
        named = order[refund]
    if product[refund] < 0:
        return named, NONE
    # The latest purchase of the product that covers it, else the latest that is not used up.
    whole, part = NONE, NONE
    newer = NONE
    k = latest[product[refund]]
    looked = 0
    while k >= 0 and whole < 0 and looked < MOST_LOOKED:
        if left[k] <= 0:
            if newer >= 0:
                before[newer] = before[k]  # used up: later refunds need not pass it again
            else:
                latest[product[refund]] = before[k]
            k = before[k]
            continue
        newer = k
        looked += 1
        if known_at[k] <= known_at[refund] and (named < 0 or order[k] == named):
            part = k if part < 0 else part
            whole = k if left[k] >= asked else whole
        k = before[k]
    chosen: int = whole if whole >= 0 else part
    return (named if chosen < 0 else order[chosen]), chosen


@njit(cache=True, nogil=True)
def _copy_of(
    cancelled: int,
    start: int,
    end: int,
    amount: Int,
    order: Int,
    refers_to: Int,
    product: Int,
    opened: Int,
    left: Int,
) -> int:
    """Line of the same order, product and amount of which nothing was taken back; -1 for none."""
    asked = amount[cancelled]
    named = refers_to[cancelled]
    if named < 0 or opened[named] < 0:
        named = order[cancelled]
    if named < 0 or opened[named] < 0 or asked <= 0:
        return NONE
    for k in range(end - 1, max(start, opened[named], end - MOST_LOOKED) - 1, -1):
        same = order[k] == named and product[k] == product[cancelled]
        if same and amount[k] == asked and left[k] == asked:
            return k
    return NONE


@njit(cache=True, nogil=True)
def _void(
    line: int,
    end: int,
    order: Int,
    order_ref: Int,
    order_left: Int,
    order_gross: Int,
    opened: Int,
    is_purchase: Flags,
    settled: Int,
    left: Int,
) -> None:
    """Take away the orders opened on the shop day `line:end` of which it also left nothing."""
    any_void = False
    for k in range(line, end):
        key = order[k]
        if is_purchase[k] and opened[key] == k and order_gross[key] > 0 and order_left[key] == 0:
            order_gross[key], any_void = VOID, True
    if not any_void:
        return
    for k in range(line, end):
        first = order_ref[k]
        if (is_purchase[k] or settled[k] < 0) and order[first] >= 0:
            key = order[first]
            if first >= line and opened[key] == first and order_gross[key] == VOID:
                settled[k], left[k] = 0, 0
                if k != first:
                    is_purchase[k], order_ref[k] = False, k
    for k in range(line, end):
        key = order[k]
        if is_purchase[k] and opened[key] == k and order_gross[key] == VOID:
            is_purchase[k], opened[key], order_gross[key] = False, NONE, 0


@njit(cache=True, nogil=True)
def first_seen_codes(starts: Int, code: Int, n_codes: int) -> NDArray[np.int32]:
    """Each customer's own numbering of what `code` names, in the order first seen; -1 stays."""
    own = np.full(n_codes, NONE, np.int32)
    found = np.full(len(code), NONE, np.int32)
    for customer in range(len(starts) - 1):
        seen = 0
        for line in range(starts[customer], starts[customer + 1]):
            if code[line] >= 0:
                if own[code[line]] < 0:
                    own[code[line]] = seen
                    seen += 1
                found[line] = own[code[line]]
    return found
