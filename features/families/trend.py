"""Whether a customer's buying grows or fades."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.families.feature import Feature
from features.running import HALF_LIVES, Reading

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


FEATURES = (
    *(_orders_change(d) for d in DAYS),
    *(_spend_change(d) for d in DAYS),
    *(_decayed_orders(h) for h in HALF_LIVES),
    *(_decayed_spend(h) for h in HALF_LIVES),
)
