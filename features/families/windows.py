"""What a customer did in the last days before the cutoff."""

from collections.abc import Callable

from features.families.feature import Feature, Float, windowed
from features.running.reading import Reading

DAYS = (7, 14, 30, 60, 90, 180, 365)
YEAR = (90, 365)


def _counted(days: int) -> Callable[[Reading], Float]:
    return lambda at: at.where_known("counted", at.window("items", days))


def _gained(state: str, days: int) -> Callable[[Reading], Float]:
    return lambda at: at.gained(state, days)


def _orders(days: int) -> Feature:
    return Feature(
        f"orders_{days}d",
        "orders",
        "windows",
        f"Orders in the last {days} days.",
        "recent_orders",
        f"There were {{value}} orders in the last {days} days.",
        windowed("orders", days),
    )


def _spend(days: int) -> Feature:
    return Feature(
        f"spend_{days}d",
        "currency",
        "windows",
        f"Net spend in the last {days} days.",
        "recent_spend",
        f"Orders of the last {days} days come to {{value}}.",
        windowed("net", days),
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
        needs="quantity",
    )


def _purchase_days(days: int) -> Feature:
    return Feature(
        f"purchase_days_{days}d",
        "days",
        "windows",
        f"Days with a purchase that became known in the last {days} days.",
        "recent_orders",
        f"There were orders on {{value}} of the last {days} days.",
        _gained("days", days),
    )


def _refunds(days: int) -> Feature:
    return Feature(
        f"refunds_{days}d",
        "lines",
        "windows",
        f"Lines refunded in the last {days} days.",
        "returns",
        f"Lines refunded in the last {days} days: {{value}}.",
        windowed("refunds", days),
    )


def _refunded(days: int) -> Feature:
    return Feature(
        f"refunded_{days}d",
        "currency",
        "windows",
        f"Amount refunded in the last {days} days.",
        "returns",
        f"{{value}} was refunded in the last {days} days.",
        windowed("refunded", days),
    )


def _discounts(days: int) -> Feature:
    return Feature(
        f"discount_{days}d",
        "currency",
        "windows",
        f"Discounts given in the last {days} days.",
        "discounts",
        f"Discounts of the last {days} days come to {{value}}.",
        windowed("discount", days),
        needs="discount",
    )


FEATURES = (
    *(_orders(d) for d in DAYS),
    *(_spend(d) for d in DAYS),
    *(_items(d) for d in DAYS),
    *(_purchase_days(d) for d in (30, *YEAR)),
    *(_refunds(d) for d in YEAR),
    *(_refunded(d) for d in YEAR),
    *(_discounts(d) for d in YEAR),
)
