"""What orders come to: their spread, refunds, discounts and margin."""

import numpy as np

from features.families.feature import Feature, Float, ratio
from features.line import AMOUNT_SCALE
from features.running.reading import Reading


def sd_order_value(at: Reading) -> Float:
    """Population standard deviation of the orders' net amounts, currency; NaN without an order."""
    orders, nets = at.total("orders"), at.state("order_nets")
    # In whole ten-thousandths: equal orders then deviate by nothing at all.
    spread = orders * at.state("order_squares") - nets**2
    return ratio(np.sqrt(np.maximum(spread, 0.0)), orders) / AMOUNT_SCALE


def _mean_order_value(at: Reading) -> Float:
    """Mean net amount of an order, with the refunds that belong to orders."""
    return ratio(at.state("order_nets") / AMOUNT_SCALE, at.total("orders"))


def margin(at: Reading) -> Float:
    """Amount less cost over all lines of known cost, currency; NaN where none is known."""
    return at.where_known("costed", at.total("margin"))


FEATURES = (
    Feature(
        "largest_order_value",
        "currency",
        "money",
        "Amount of the largest order, before refunds.",
        "order_value",
        "The largest order came to {value}.",
        lambda at: at.if_bought(at.state("largest_order")),
    ),
    Feature(
        "sd_order_value",
        "currency",
        "money",
        "Standard deviation of the orders' net amounts.",
        "order_value",
        "The amount of an order varies by {value}.",
        sd_order_value,
    ),
    Feature(
        "order_value_variation",
        "ratio",
        "money",
        "Standard deviation of the orders' net amounts over their mean.",
        "order_value",
        "The amount of an order varies by {value} times its mean.",
        lambda at: ratio(sd_order_value(at), _mean_order_value(at)),
    ),
    Feature(
        "gross_total",
        "currency",
        "money",
        "Spend so far, before refunds.",
        "spend",
        "Orders so far come to {value} before refunds.",
        lambda at: at.total("gross"),
    ),
    Feature(
        "refunded_share",
        "ratio",
        "money",
        "Amount refunded over spend before refunds.",
        "returns",
        "Of what was ordered a share of {value} was refunded.",
        lambda at: ratio(at.total("refunded"), at.total("gross")),
    ),
    Feature(
        "refunded_orders_share",
        "ratio",
        "money",
        "Share of orders of which something came back.",
        "returns",
        "Of all orders a share of {value} came back in part or in full.",
        lambda at: ratio(at.state("refunded_orders"), at.total("orders")),
    ),
    Feature(
        "returned_orders_share",
        "ratio",
        "money",
        "Share of orders of which everything came back.",
        "returns",
        "Of all orders a share of {value} came back in full.",
        lambda at: ratio(at.state("returned_orders"), at.total("orders")),
    ),
    Feature(
        "zero_orders_share",
        "ratio",
        "money",
        "Share of orders that came to nothing, such as samples.",
        "gifts",
        "Of all orders a share of {value} was free of charge.",
        lambda at: ratio(at.state("zero_orders"), at.total("orders")),
    ),
    Feature(
        "discount_total",
        "currency",
        "money",
        "Discounts so far.",
        "discounts",
        "Discounts so far come to {value}.",
        lambda at: at.total("discount"),
        needs="discount",
    ),
    Feature(
        "discount_share",
        "ratio",
        "money",
        "Discounts over what the orders would have come to without them.",
        "discounts",
        "Of the full amount of all orders a share of {value} was discounted.",
        lambda at: ratio(at.total("discount"), at.total("full_price")),
        needs="discount",
    ),
    Feature(
        "discounted_lines_share",
        "ratio",
        "money",
        "Share of lines with a discount.",
        "discounts",
        "Of all lines a share of {value} had a discount.",
        lambda at: ratio(at.total("discounted_lines"), at.total("lines")),
        needs="discount",
    ),
    Feature(
        "margin_total",
        "currency",
        "money",
        "Net spend less cost so far, over lines of known cost.",
        "spend",
        "What was bought cost the shop {value} less than it came to.",
        margin,
        needs="cost",
    ),
    Feature(
        "margin_share",
        "ratio",
        "money",
        "Margin over net spend, over lines of known cost.",
        "spend",
        "Of what was paid a share of {value} was not cost.",
        lambda at: ratio(margin(at), at.total("margin_net")),
        needs="cost",
    ),
    Feature(
        "margin_365d",
        "currency",
        "money",
        "Net spend less cost in the last 365 days, over lines of known cost.",
        "recent_spend",
        "What was bought in the last 365 days cost the shop {value} less than it came to.",
        lambda at: at.where_known("costed", at.window("margin", 365)),
        needs="cost",
    ),
)
