"""Whether a customer's buying grows or fades."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.families.feature import Feature, ratio
from features.families.gaps import last_gap, mean_gap
from features.families.rfm import average_order_value
from features.running.decay import HALF_LIVES
from features.running.reading import Reading

Float = NDArray[np.float64]
DAYS = (30, 90, 180)


def _change(column: str, days: int) -> Callable[[Reading], Float]:
    def read(at: Reading) -> Float:
        return at.window(column, days) - at.window(column, days, back=days)

    return read


def _decayed(column: str, half_life: int) -> Callable[[Reading], Float]:
    def read(at: Reading) -> Float:
        return at.decayed(column, half_life)

    return read


def _orders_change(days: int) -> Feature:
    return Feature(
        f"orders_change_{days}d",
        "orders",
        "trend",
        f"Orders in the last {days} days less those in the {days} days before.",
        "trend",
        f"Orders of the last {days} days against the {days} days before: {{value}}.",
        _change("orders", days),
    )


def _spend_change(days: int) -> Feature:
    return Feature(
        f"spend_change_{days}d",
        "currency",
        "trend",
        f"Net spend in the last {days} days less that in the {days} days before.",
        "trend",
        f"Spend of the last {days} days against the {days} days before: {{value}}.",
        _change("net", days),
    )


def _decayed_orders(half_life: int) -> Feature:
    return Feature(
        f"decayed_orders_{half_life}d",
        "orders",
        "trend",
        f"Orders so far, each counting half after every {half_life} days.",
        "recent_orders",
        "Recent orders, older ones counting less, come to {value}.",
        _decayed("orders", half_life),
    )


def _decayed_spend(half_life: int) -> Feature:
    return Feature(
        f"decayed_spend_{half_life}d",
        "currency",
        "trend",
        f"Net spend so far, each line counting half after every {half_life} days.",
        "recent_spend",
        "Recent spend, older orders counting less, comes to {value}.",
        _decayed("spend", half_life),
    )


def _recent_gaps(at: Reading) -> Float:
    """The two latest gaps over the mean gap."""
    previous = at.state("previous_gap")
    both = np.where(previous >= 0, (last_gap(at) + previous) / 2, np.nan)
    return ratio(both, mean_gap(at))


def _recent_share(column: str) -> Callable[[Reading], Float]:
    def read(at: Reading) -> Float:
        return ratio(at.window(column, 90), at.window(column, 365))

    return read


FEATURES = (
    *(_orders_change(d) for d in DAYS),
    *(_spend_change(d) for d in DAYS),
    *(_decayed_orders(h) for h in HALF_LIVES),
    *(_decayed_spend(h) for h in HALF_LIVES),
    Feature(
        "last_gap_to_mean",
        "ratio",
        "trend",
        "Days between the two latest purchase days over the mean gap.",
        "rhythm",
        "The latest wait between orders was {value} times the usual one.",
        lambda at: ratio(last_gap(at), mean_gap(at)),
    ),
    Feature(
        "recent_gaps_to_mean",
        "ratio",
        "trend",
        "Mean of the two latest gaps over the mean gap; above 1 the customer slows down.",
        "rhythm",
        "The two latest waits between orders were {value} times the usual one.",
        _recent_gaps,
    ),
    Feature(
        "last_order_to_mean",
        "ratio",
        "trend",
        "Net amount of the latest order over the mean of all.",
        "order_value",
        "The latest order was {value} times an average one.",
        lambda at: ratio(at.state("last_order_net"), average_order_value(at)),
    ),
    Feature(
        "orders_90d_share",
        "ratio",
        "trend",
        "Share of the last 365 days' orders that fell into the last 90.",
        "recent_orders",
        "Of the orders of the last 365 days, a share of {value} came in the last 90.",
        _recent_share("orders"),
    ),
)
