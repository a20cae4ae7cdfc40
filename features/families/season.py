"""What a customer did at this time of the year before, and at which times he buys."""

from collections.abc import Callable

import numpy as np

from features.families.feature import Feature, Float, ratio
from features.running.reading import Reading

YEAR = 365
AHEAD = (30, 90)


def _year_old(at: Reading, value: Float) -> Float:
    """`value`, undefined for customers who have not been here for a year."""
    return np.where(at.if_bought(at.cutoff - at.state("first_day")) >= YEAR, value, np.nan)


def _after_anniversary(column: str, days: int) -> Callable[[Reading], Float]:
    return lambda at: _year_old(at, at.window(column, days, back=YEAR - days))


def _before_anniversary(column: str, days: int) -> Callable[[Reading], Float]:
    return lambda at: _year_old(at, at.window(column, days, back=YEAR))


def _orders_ahead(days: int) -> Feature:
    return Feature(
        f"orders_next_{days}d_last_year",
        "orders",
        "season",
        f"Orders in the {days} days that began a year before the cutoff: the season ahead.",
        "season",
        f"A year ago there were {{value}} orders in the {days} days that come next.",
        _after_anniversary("orders", days),
    )


def _spend_ahead(days: int) -> Feature:
    return Feature(
        f"spend_next_{days}d_last_year",
        "currency",
        "season",
        f"Net spend in the {days} days that began a year before the cutoff: the season ahead.",
        "season",
        f"A year ago orders of the {days} days that come next came to {{value}}.",
        _after_anniversary("net", days),
    )


FEATURES = (
    *(_orders_ahead(d) for d in AHEAD),
    *(_spend_ahead(d) for d in AHEAD),
    Feature(
        "orders_90d_last_year",
        "orders",
        "season",
        "Orders in the 90 days that ended a year before the cutoff.",
        "season",
        "A year ago there were {value} orders in 90 days.",
        _before_anniversary("orders", 90),
    ),
    Feature(
        "spend_90d_last_year",
        "currency",
        "season",
        "Net spend in the 90 days that ended a year before the cutoff.",
        "season",
        "A year ago the orders of 90 days came to {value}.",
        _before_anniversary("net", 90),
    ),
    Feature(
        "orders_change_year",
        "orders",
        "season",
        "Orders in the last 365 days less those in the 365 days before.",
        "trend",
        "Orders of the last year against the year before: {value}.",
        lambda at: _year_old(at, at.window("orders", YEAR) - at.window("orders", YEAR, back=YEAR)),
    ),
    Feature(
        "season_orders_share",
        "ratio",
        "season",
        "Share of all orders placed in November or December.",
        "season",
        "Of all orders a share of {value} came in November and December.",
        lambda at: ratio(at.total("season_orders"), at.total("orders")),
    ),
    Feature(
        "weekend_orders_share",
        "ratio",
        "season",
        "Share of all orders placed on a Saturday or Sunday.",
        "habit",
        "Of all orders a share of {value} came at weekends.",
        lambda at: ratio(at.total("weekend_orders"), at.total("orders")),
    ),
)
