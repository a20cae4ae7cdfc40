"""What a customer did in the last days before the cutoff."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.families.feature import Feature
from features.running import Reading

Float = NDArray[np.float64]

DAYS = (7, 14, 30, 60, 90, 180, 365)
REFUND_DAYS = (90, 365)


def _windowed(column: str, days: int) -> Callable[[Reading], Float]:
    def read(at: Reading) -> Float:
        return at.window(column, days)

    return read


def _counted(days: int) -> Callable[[Reading], Float]:
    def read(at: Reading) -> Float:
        return at.if_counted(at.window("items", days))

    return read


def _orders(days: int) -> Feature:
    return Feature(
        f"orders_{days}d",
        "orders",
        "windows",
        f"Orders in the last {days} days.",
        "recent_orders",
        f"There were {{value}} orders in the last {days} days.",
        _windowed("orders", days),
    )


def _spend(days: int) -> Feature:
    return Feature(
        f"spend_{days}d",
        "currency",
        "windows",
        f"Net spend in the last {days} days.",
        "recent_spend",
        f"Orders of the last {days} days come to {{value}}.",
        _windowed("net", days),
    )


def _items(days: int) -> Feature:
    return Feature(
        f"items_{days}d",
        "items",
        "windows",
        f"Items bought in the last {days} days.",
        "basket",
        f"{{value}} items were bought in the last {days} days.",
        _counted(days),
        needs="items",
    )


def _refunds(days: int) -> Feature:
    return Feature(
        f"refunds_{days}d",
        "lines",
        "windows",
        f"Lines refunded in the last {days} days.",
        "returns",
        f"Lines refunded in the last {days} days: {{value}}.",
        _windowed("refunds", days),
    )


FEATURES = (
    *(_orders(d) for d in DAYS),
    *(_spend(d) for d in DAYS),
    *(_items(d) for d in DAYS),
    *(_refunds(d) for d in REFUND_DAYS),
)
