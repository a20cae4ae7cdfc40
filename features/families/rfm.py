"""Recency, frequency, monetary value and tenure of each customer at a cutoff.

Definitions and bracketed symbols: Fader, Hardie & Lee (2005), Marketing Science 24(2), 275-284.
"""

import numpy as np
from numpy.typing import NDArray

from features.families.feature import Feature, ratio
from features.running.reading import Reading

Float = NDArray[np.float64]


def days_since_last(at: Reading) -> Float:
    """Days from the latest purchase day to the cutoff."""
    return at.if_bought(at.cutoff - at.state("last_day"))


def tenure(at: Reading) -> Float:
    """Days from the first purchase day to the cutoff [T]."""
    return at.if_bought(at.cutoff - at.state("first_day"))


def recency(at: Reading) -> Float:
    """Days from the first to the latest purchase day [t_x]."""
    return at.if_bought(at.state("last_day") - at.state("first_day"))


def frequency(at: Reading) -> Float:
    """Repeat purchase days [x]."""
    return at.if_bought(at.state("days") - 1)


def monetary_value(at: Reading) -> Float:
    """Mean amount of a repeat purchase day; NaN without a repeat."""
    return ratio(at.total("gross") - at.state("first_day_gross"), at.state("days") - 1)


def average_order_value(at: Reading) -> Float:
    """Mean net amount of all orders."""
    return ratio(at.total("net"), at.total("orders"))


FEATURES = (
    Feature(
        "days_since_last",
        "days",
        "rfm",
        "Days since the latest purchase.",
        "silence",
        "The last order was {value} days ago.",
        days_since_last,
    ),
    Feature(
        "T",
        "days",
        "rfm",
        "Days since the first purchase (tenure).",
        "tenure",
        "The first order was {value} days ago.",
        tenure,
    ),
    Feature(
        "recency",
        "days",
        "rfm",
        "Days from the first to the latest purchase.",
        "tenure",
        "There are {value} days between the first and the latest order.",
        recency,
    ),
    Feature(
        "frequency",
        "days",
        "rfm",
        "Repeat purchase days: days with a purchase, the first not counted.",
        "orders",
        "There were orders on {value} days after the first.",
        frequency,
    ),
    Feature(
        "n_orders",
        "orders",
        "rfm",
        "Orders so far.",
        "orders",
        "There were {value} orders so far.",
        lambda at: at.total("orders"),
    ),
    Feature(
        "orders_per_month",
        "orders in 30 days",
        "rfm",
        "Orders so far per 30 days since the first.",
        "orders",
        "On average there were {value} orders in 30 days.",
        lambda at: ratio(30 * at.total("orders"), np.maximum(tenure(at), 30)),
    ),
    Feature(
        "monetary_value",
        "currency",
        "rfm",
        "Mean amount of a repeat purchase day.",
        "order_value",
        "A repeat order comes to {value} on average.",
        monetary_value,
    ),
    Feature(
        "average_order_value",
        "currency",
        "rfm",
        "Mean net amount of all orders.",
        "order_value",
        "An order comes to {value} on average.",
        average_order_value,
    ),
    Feature(
        "spend_total",
        "currency",
        "rfm",
        "Net spend so far.",
        "spend",
        "Orders so far come to {value}.",
        lambda at: at.total("net"),
    ),
    Feature(
        "refunded_total",
        "currency",
        "rfm",
        "Amount refunded so far.",
        "returns",
        "{value} was refunded so far.",
        lambda at: at.total("refunded"),
    ),
    Feature(
        "first_order_value",
        "currency",
        "rfm",
        "Net amount of the first order.",
        "first_order",
        "The first order came to {value}.",
        lambda at: at.if_bought(at.state("first_order_net")),
    ),
    Feature(
        "last_order_value",
        "currency",
        "rfm",
        "Net amount of the latest order.",
        "order_value",
        "The latest order came to {value}.",
        lambda at: at.if_bought(at.state("last_order_net")),
    ),
    Feature(
        "items_per_order",
        "items",
        "rfm",
        "Mean number of items in an order.",
        "basket",
        "An order holds {value} items on average.",
        lambda at: at.where_known("counted", ratio(at.total("items"), at.total("orders"))),
        needs="quantity",
    ),
)
