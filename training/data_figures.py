"""Figures of a purchase log for the data report, made range by range and added up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.running import orders

Int = NDArray[np.int64]
Float = NDArray[np.float64]

_NONE = np.zeros(0, np.int64)
_NO_AMOUNT = np.zeros(0, np.float64)
_NEVER = 2**40
_LOW_BITS = 32
# Order values are told to so many digits, so that few of them need to be kept.
_DIGITS = 3


@dataclass(frozen=True)
class Span:
    """Days of a log, and days by which customers count as lost and as scored.

    Attributes
    ----------
    first_day : shop day of the first line
    n_days : days up to the last
    churn_days : horizon of churn
    scored_days : days after a purchase for which a customer is scored
    """

    first_day: int
    n_days: int
    churn_days: int
    scored_days: int

    @property
    def end(self) -> int:
        """Shop day after the last."""
        return self.first_day + self.n_days


@dataclass(frozen=True)
class LogFigures:
    """Counts, sums and distributions that add up over customers.

    Attributes
    ----------
    counts : name -> exact number; money in ten-thousandths of the currency unit
    order_values : value of an order to three digits -> orders
    largest_order : ten-thousandths
    orders_of_customer : customers by their number of orders
    gaps : gaps between a customer's purchase days, by days
    orders, new_customers : by day of the log
    net : spend net of refunds by day of the log, ten-thousandths
    active, lost, scored, scored_lost : steps by day of the log, of which the running sum over
        `[0, c]` counts at cutoff c: customers with a purchase in the `churn_days` before, and those
        of them without one in the `churn_days` from c on; and the same of customers with a purchase
        in the `scored_days` before
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    order_values: Mapping[int, int] = field(default_factory=dict)
    largest_order: int = 0
    orders_of_customer: Int = field(default_factory=_NONE.copy)
    gaps: Int = field(default_factory=_NONE.copy)
    orders: Int = field(default_factory=_NONE.copy)
    new_customers: Int = field(default_factory=_NONE.copy)
    net: Float = field(default_factory=_NO_AMOUNT.copy)
    active: Int = field(default_factory=_NONE.copy)
    lost: Int = field(default_factory=_NONE.copy)
    scored: Int = field(default_factory=_NONE.copy)
    scored_lost: Int = field(default_factory=_NONE.copy)

    def __add__(self, other: "LogFigures") -> "LogFigures":
        both: dict[str, Any] = {}
        for name in (f.name for f in fields(self)):
            one, two = getattr(self, name), getattr(other, name)
            if isinstance(one, np.ndarray):
                both[name] = _added(one, two)
            elif isinstance(one, Mapping):
                both[name] = {k: one.get(k, 0) + two.get(k, 0) for k in {**one, **two}}
            else:
                both[name] = max(one, two)
        return LogFigures(**both)


def figures_of(log: ShopLog, span: Span) -> LogFigures:
    """Figures over all customers of a log, in the memory of a few ranges."""
    total = LogFigures()
    for part in log.map(partial(figures_of_range, span=span)):
        total += part
    return total


def figures_of_range(log: PurchaseLog, span: Span) -> LogFigures:
    """Figures over the customers of one range."""
    bought, refund = log.is_purchase, log.is_refund
    opens = orders.first_purchases(log.order_ref, bought).astype(bool)
    matched = refund & (log.order_ref != np.arange(log.n_lines))
    values = np.zeros(log.n_lines, np.int64)
    np.add.at(values, log.order_ref[bought], log.amount[bought])
    values = values[opens]
    n_orders = np.add.reduceat(opens, log.starts[:-1], dtype=np.int64)
    day = log.ordered_day.astype(np.int64) - span.first_day
    # A customer without a purchase has no visit.
    customer, visit = _visits(log.customer_of_line[bought], day[bought], span.n_days)
    same = customer[1:] == customer[:-1]
    following = np.append(np.where(same, visit[1:], _NEVER), _NEVER)[: len(visit)]
    return LogFigures(
        counts={
            "purchase_lines": int(bought.sum()),
            "refund_lines": int(refund.sum()),
            "matched_refund_lines": int(matched.sum()),
            "lines_without_effect": int((~bought & ~refund).sum()),
            "orders": int(opens.sum()),
            "zero_value_orders": int((values == 0).sum()),
            "gross": exact_sum(log.amount[bought]),
            "refunded": -exact_sum(log.amount[refund]),
            "matched_refunded": -exact_sum(log.amount[matched]),
            "customers": log.n_customers,
            "customers_without_purchase": int((n_orders == 0).sum()),
        },
        order_values=_rounded(values),
        largest_order=int(values.max(initial=0)),
        orders_of_customer=np.bincount(n_orders),
        gaps=np.bincount(following[following < _NEVER] - visit[following < _NEVER]),
        orders=np.bincount(day[opens], minlength=span.n_days),
        new_customers=np.bincount(visit[np.diff(customer, prepend=-1) != 0], minlength=span.n_days),
        net=np.asarray(np.bincount(day, log.amount, span.n_days), np.float64),
        active=_steps(visit, following, span.churn_days, 0, span.n_days),
        lost=_steps(visit, following, span.churn_days, span.churn_days, span.n_days),
        scored=_steps(visit, following, span.scored_days, 0, span.n_days),
        scored_lost=_steps(visit, following, span.scored_days, span.churn_days, span.n_days),
    )


def exact_sum(amounts: Int) -> int:
    """Sum that no 64 bits bound."""
    low = int((amounts & (2**_LOW_BITS - 1)).sum())
    return (int((amounts >> _LOW_BITS).sum()) << _LOW_BITS) + low


def quantile(counts: Mapping[int, int], share: float) -> int | None:
    """Least value that at least `share` of the counted are not above; None where none is."""
    values = sorted(value for value, n in counts.items() if n)
    if not values:
        return None
    running = np.cumsum([counts[value] for value in values])
    return values[min(int(np.searchsorted(running, share * running[-1])), len(values) - 1)]


def by_value(histogram: Int) -> dict[int, int]:
    """Value -> count, of an array that counts by value."""
    return {int(value): int(histogram[value]) for value in np.flatnonzero(histogram)}


def _added(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
    if len(one) == len(two):
        return np.asarray(one + two)
    total = np.zeros(max(len(one), len(two)), one.dtype)
    total[: len(one)] += one
    total[: len(two)] += two
    return total


def _visits(customer: Int, day: Int, n_days: int) -> tuple[Int, Int]:
    """Customer and day of each purchase day, in this order."""
    found = np.unique(customer * n_days + day)
    return found // n_days, found % n_days


def _steps(visit: Int, following: Int, within: int, silent: int, n_days: int) -> Int:
    """Steps at which customers come to and leave a state that begins the day after a visit.

    It ends `within` days after the visit, and `silent` days before the next one at the latest.
    """
    last = np.minimum(np.minimum(following - silent, visit + within), n_days)
    some = last > visit
    size = n_days + 2
    come = np.bincount(visit[some] + 1, minlength=size)
    return np.asarray(come - np.bincount(last[some] + 1, minlength=size), np.int64)


def _rounded(values: Int) -> Counter[int]:
    size = np.floor(np.log10(np.maximum(values, 1))).astype(np.int64)
    unit = 10 ** np.maximum(size - (_DIGITS - 1), 0)
    kept, n = np.unique((values + unit // 2) // unit * unit, return_counts=True)
    return Counter(dict(zip(kept.tolist(), n.tolist(), strict=True)))
