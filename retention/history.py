"""What each customer did until a cutoff, over the whole history: sums, first order, days."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog

Int = NDArray[np.int64]
MONEY = ("gross", "refunded", "net", "first_order")
COLUMNS = (*MONEY, "orders", "purchase_days", "first_day", "second_day", "last_day")
# Room for a day beside the number of a customer in one integer.
_DAYS = 1 << 22
_SHIFT = 1 << 21
# Bits for the place of a line beside the day; above every day there is.
_PLACE = 40
_NEVER = np.iinfo(np.int64).max


def history_of(log: PurchaseLog, cutoff: int) -> pd.DataFrame:
    """What is so of every customer with a line known before shop day `cutoff`.

    Returns
    -------
    DataFrame indexed by sorted `customer_id`
        gross, refunded, net : int64, ten-thousandths of the currency unit; net = gross - refunded
        first_order : int64, ten-thousandths, net of the refunds that belong to the first order
        orders, purchase_days : int64
        first_day, second_day, last_day : float, shop days of the first, second and last purchase
            day; NaN without one
    """
    if not (log.known_day < cutoff).any():
        return _empty()
    log = log.known_before(cutoff)
    begins = log.starts[:-1]
    bought = np.where(log.is_purchase, log.amount, 0)
    back = np.where(log.is_refund, -log.amount, 0)
    gross, refunded = np.add.reduceat(bought, begins), np.add.reduceat(back, begins)
    opens = log.is_purchase & (log.order_ref == np.arange(log.n_lines))
    orders = np.add.reduceat(opens, begins, dtype=np.int64)
    who, day = purchase_days(log)
    counts = np.bincount(who, minlength=log.n_customers)
    place = np.concatenate([[0], np.cumsum(counts)])[:-1]
    return pd.DataFrame(
        {
            "gross": gross,
            "refunded": refunded,
            "net": gross - refunded,
            "first_order": _first_order(log, opens),
            "orders": orders,
            "purchase_days": counts,
            "first_day": _at(day, place, counts > 0),
            "second_day": _at(day, place + 1, counts > 1),
            "last_day": _at(day, place + counts - 1, counts > 0),
        },
        index=pd.Index(log.customer_ids.astype(str), name="customer_id"),
    )


def shop_history(log: ShopLog, cutoff: int) -> pd.DataFrame:
    """The same of all customers of a shop's log; see `history_of`."""
    until = cutoff if log.until is None else min(cutoff, log.until)
    return pd.concat(list(log.map(partial(history_of, cutoff=until))) or [_empty()])


def purchase_days(log: PurchaseLog) -> tuple[Int, Int]:
    """Customer (number within `log`) and shop day of every purchase day, by customer and day."""
    some = log.is_purchase
    keys = log.customer_of_line[some] * _DAYS + (log.ordered_day[some].astype(np.int64) + _SHIFT)
    keys = np.unique(keys)
    return keys // _DAYS, keys % _DAYS - _SHIFT


def visits_of(log: PurchaseLog, cutoff: int) -> pd.DataFrame:
    """Purchase days known before shop day `cutoff`, with what came in on and for each.

    Returns
    -------
    DataFrame by customer and day: `customer_id`, `day` (shop day), `first_day` (that of the
        customer's first purchase), `orders` (placed on the day), `net` (ten-thousandths: the
        purchases of the day less refunds that became known until the cutoff and belong to them)
    """
    found = numbered_visits(log, cutoff)
    if found.empty:
        return found.astype({"customer_id": object})
    number = found["customer_id"].to_numpy() - log.first_customer
    ids = log.known_before(cutoff).customer_ids
    return found.assign(customer_id=ids[number].astype(str))


def numbered_visits(log: PurchaseLog, cutoff: int) -> pd.DataFrame:
    """The same with numbers for ids, which no other range of the log has: fewer bytes."""
    columns = ["customer_id", "day", "first_day", "orders", "net"]
    if not (log.known_day < cutoff).any():
        return pd.DataFrame({n: np.array([], np.int64) for n in columns})
    number_of_first = log.first_customer
    log = log.known_before(cutoff)
    kept = log.is_purchase[log.order_ref]
    opens = kept & (log.order_ref == np.arange(log.n_lines))
    # A refund of an order counts on the day of the order.
    on = log.ordered_day[np.where(log.is_purchase, np.arange(log.n_lines), log.order_ref)[kept]]
    on = on.astype(np.int64)
    keys = log.customer_of_line[kept] * _DAYS + (on + _SHIFT)
    found, place = np.unique(keys, return_inverse=True)
    net = np.zeros(len(found), np.int64)
    np.add.at(net, place, log.amount[kept])
    orders = np.bincount(place, opens[kept], minlength=len(found)).astype(np.int64)
    who, day = found // _DAYS, found % _DAYS - _SHIFT
    begin = np.concatenate([[True], who[1:] != who[:-1]]) if len(who) else np.array([], bool)
    first = day[begin][np.cumsum(begin) - 1]
    values = (who + number_of_first, day, first, orders, net)
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def shop_visits(log: ShopLog, cutoff: int) -> pd.DataFrame:
    """The same of all customers of a shop's log; see `visits_of`."""
    until = cutoff if log.until is None else min(cutoff, log.until)
    parts = list(log.map(partial(visits_of, cutoff=until)))
    return pd.concat(parts, ignore_index=True)


def first_orders(log: PurchaseLog, cutoff: int) -> tuple[NDArray[np.object_], Int]:
    """Ids of the customers known before a cutoff, and what is left of the first order of each.

    Returns
    -------
    customer_ids : shape (n,), in the order of the log
    first_order : int64, shape (n,), as `history_of` gives it
    """
    if not (log.known_day < cutoff).any():
        return np.array([], object), np.array([], np.int64)
    log = log.known_before(cutoff)
    opens = log.is_purchase & (log.order_ref == np.arange(log.n_lines))
    return log.customer_ids, _first_order(log, opens)


def _first_order(log: PurchaseLog, opens: NDArray[np.bool_]) -> Int:
    """What is left of each customer's first order; 0 without an order."""
    nets = np.zeros(log.n_lines, np.int64)
    np.add.at(nets, log.order_ref, log.amount)
    # Day and place in one number: of orders of one day the first line's counts.
    place = np.arange(log.n_lines, dtype=np.int64)
    keys = np.where(opens, ((log.ordered_day.astype(np.int64) + _SHIFT) << _PLACE) | place, _NEVER)
    first = np.minimum.reduceat(keys, log.starts[:-1])
    never = first == _NEVER
    found = nets[np.where(never, 0, first & ((1 << _PLACE) - 1))]
    return np.where(never, 0, found)


def _at(day: Int, place: Int, there: NDArray[np.bool_]) -> NDArray[np.float64]:
    found = np.full(len(place), np.nan)
    found[there] = day[place[there]]
    return found


def _empty() -> pd.DataFrame:
    index = pd.Index([], dtype=str, name="customer_id")
    whole = {name: np.array([], np.int64) for name in (*MONEY, "orders", "purchase_days")}
    days = {name: np.array([], float) for name in ("first_day", "second_day", "last_day")}
    return pd.DataFrame({**whole, **days}, index=index)[list(COLUMNS)]
