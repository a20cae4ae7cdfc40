"""How a customer began: what the first order held."""

from collections.abc import Callable

import numpy as np

from features.families.feature import Feature, Float, ratio
from features.running.reading import Reading


def _first(state: str) -> Callable[[Reading], Float]:
    return lambda at: at.if_bought(at.state(state))


def _month(at: Reading) -> Float:
    """Month of the first purchase day, 1 to 12."""
    days = at.state("first_day").astype("datetime64[D]")
    return at.if_bought(days.astype("datetime64[M]").astype(int) % 12 + 1.0)


def _refunded(at: Reading) -> Float:
    gross = at.state("first_order_gross")
    return ratio(gross - at.state("first_order_net"), gross)


def _discounted(at: Reading) -> Float:
    off = at.state("first_order_discount")
    return ratio(off, at.state("first_order_gross") + off)


def _products(at: Reading) -> Float:
    known = at.state("product_known") > 0
    return np.where(known, at.state("first_order_products"), np.nan)


FEATURES = (
    Feature(
        "first_order_lines",
        "lines",
        "cohort",
        "Lines in the first order.",
        "first_order",
        "The first order held {value} lines.",
        _first("first_order_lines"),
    ),
    Feature(
        "first_order_products",
        "products",
        "cohort",
        "Different products in the first order.",
        "first_order",
        "The first order held {value} different products.",
        _products,
        needs="product",
    ),
    Feature(
        "first_order_discount_share",
        "ratio",
        "cohort",
        "Discount of the first order over its full amount.",
        "first_order",
        "Of the first order's full amount a share of {value} was discounted.",
        _discounted,
        needs="discount",
    ),
    Feature(
        "first_order_refunded_share",
        "ratio",
        "cohort",
        "Share of the first order's amount that came back.",
        "first_order",
        "Of the first order a share of {value} came back.",
        _refunded,
    ),
    Feature(
        "first_order_to_mean",
        "ratio",
        "cohort",
        "Net amount of the first order over the mean of all.",
        "first_order",
        "The first order was {value} times an average one.",
        lambda at: ratio(at.state("first_order_net"), ratio(at.total("net"), at.total("orders"))),
    ),
    Feature(
        "first_month",
        "month",
        "cohort",
        "Month of the first purchase, 1 to 12.",
        "first_order",
        "The first order came in month {value} of the year.",
        _month,
    ),
)
