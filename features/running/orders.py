"""Running values of a customer's orders: their net amounts, and what the first and last hold."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]
Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

NAMES = (
    *("first_order_net", "last_order_net", "first_order_gross", "first_order_discount"),
    *("first_order_lines", "last_order_lines", "first_order_products", "largest_order"),
    *("order_nets", "order_squares", "zero_orders", "refunded_orders", "returned_orders"),
)


@njit(cache=True, nogil=True)
def first_purchases(order_ref: Int, is_purchase: Flags) -> NDArray[np.int8]:
    """1 at the first purchase line of each order, else 0, shape (n_lines,)."""
    first = np.zeros(len(order_ref), np.int8)
    for line in range(len(order_ref)):
        first[line] = is_purchase[line] and order_ref[line] == line
    return first


@njit(cache=True, nogil=True)
def order_states(
    starts: Int,
    ordered_day: Day,
    amount: Int,
    is_purchase: Flags,
    order_ref: Int,
    discount: Int,
    product: Day,
) -> tuple[Int, Int, Int, Int, Day, Day, Day, Int, Int, Float, Day, Day, Day]:
    """Running values at each line, shape (n_lines,) each; named in `NAMES`.

    The first and the last order are those of the earliest and the latest day, on equal days of the
    line known first and last. Products count with the order in which they were first bought.

    Parameters
    ----------
    discount : ten-thousandths, 0 where unknown
    product : the customer's own numbering, -1 where unknown

    Returns
    -------
    largest_order is before refunds; order_nets and order_squares are sums of the net amounts, which
    leave out refunds that belong to no order, and of their squares; zero_orders
    came to nothing before refunds; of refunded_orders something, of returned_orders all came back
    """
    n = len(amount)
    first_net, last_net = np.zeros(n, np.int64), np.zeros(n, np.int64)
    first_gross, first_discount = np.zeros(n, np.int64), np.zeros(n, np.int64)
    first_lines, last_lines = np.zeros(n, np.int32), np.zeros(n, np.int32)
    first_products, largest = np.zeros(n, np.int32), np.zeros(n, np.int64)
    nets, squares, zeros = np.zeros(n, np.int64), np.zeros(n), np.zeros(n, np.int32)
    refunded, returned = np.zeros(n, np.int32), np.zeros(n, np.int32)
    net, gross, off = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    lines, news = np.zeros(n, np.int32), np.zeros(n, np.int32)
    has_refund = np.zeros(n, np.bool_)
    most = 0
    for line in range(n):
        most = max(most, product[line] + 1)
    bought_by = np.full(most, -1)
    for customer in range(len(starts) - 1):
        first, last = -1, -1
        top, zero, some, whole = 0, 0, 0, 0
        total, square = 0, 0.0
        for line in range(starts[customer], starts[customer + 1]):
            ref, day = order_ref[line], ordered_day[line]
            if is_purchase[line]:
                if first < 0 or day < ordered_day[first]:
                    first = line
                if last < 0 or day >= ordered_day[last]:
                    last = line
                if lines[ref] == 0:
                    zero += amount[line] == 0
                elif gross[ref] == 0 and amount[line] > 0:
                    zero -= 1
                lines[ref] += 1
                off[ref] += discount[line]
                if product[line] >= 0 and bought_by[product[line]] != customer:
                    bought_by[product[line]] = customer
                    news[ref] += 1
            if is_purchase[line] or (amount[line] < 0 and ref != line):
                whole -= gross[ref] > 0 and net[ref] <= 0
                square -= float(net[ref]) * float(net[ref])
                net[ref] += amount[line]
                total += amount[line]
                if is_purchase[line]:
                    gross[ref] += amount[line]
                elif not has_refund[ref]:
                    has_refund[ref] = True
                    some += 1
                square += float(net[ref]) * float(net[ref])
                whole += gross[ref] > 0 and net[ref] <= 0
                top = max(top, gross[ref])
            if first >= 0:
                one, two = order_ref[first], order_ref[last]
                first_net[line], last_net[line] = net[one], net[two]
                first_gross[line], first_discount[line] = gross[one], off[one]
                first_lines[line], last_lines[line] = lines[one], lines[two]
                first_products[line], largest[line], squares[line] = news[one], top, square
                nets[line] = total
                zeros[line], refunded[line], returned[line] = zero, some, whole
    return (
        first_net, last_net, first_gross, first_discount, first_lines, last_lines, first_products,
        largest, nets, squares, zeros, refunded, returned,
    )  # fmt: skip
