"""What is in a customer's orders: how much, how varied, how new."""

from collections.abc import Callable

import numpy as np

from features.families.feature import Feature, Float, log_of_count, ratio
from features.running.reading import Reading


def distinct(kind: str) -> Callable[[Reading], Float]:
    """Reads the number of kinds bought so far; undefined where no kind is known."""
    return lambda at: where_any(at, kind, at.state(f"{kind}_distinct"))


def top_share(kind: str) -> Callable[[Reading], Float]:
    """Reads the share of lines that are of the most frequent kind."""
    return lambda at: ratio(at.state(f"{kind}_top"), at.state(f"{kind}_known"))


def entropy(kind: str) -> Callable[[Reading], Float]:
    """Reads the entropy of the kinds of all lines, nats: 0 where all are of one kind."""

    def read(at: Reading) -> Float:
        known = at.state(f"{kind}_known")
        evenness = log_of_count(known) - ratio(at.state(f"{kind}_logs"), known)
        return np.maximum(evenness, 0.0)

    return read


def where_any(at: Reading, kind: str, value: Float) -> Float:
    """`value`, undefined where the kind of no line is known."""
    return np.where(at.state(f"{kind}_known") > 0, value, np.nan)


def _gained(kind: str, days: int) -> Callable[[Reading], Float]:
    return lambda at: where_any(at, kind, at.gained(f"{kind}_distinct", days))


def _repeats(kind: str) -> Callable[[Reading], Float]:
    def read(at: Reading) -> Float:
        known = at.state(f"{kind}_known")
        return ratio(known - at.state(f"{kind}_distinct"), known)

    return read


FEATURES = (
    Feature(
        "lines_per_order",
        "lines",
        "basket",
        "Mean number of lines in an order.",
        "basket",
        "An order holds {value} lines on average.",
        lambda at: ratio(at.total("lines"), at.total("orders")),
    ),
    Feature(
        "last_order_lines",
        "lines",
        "basket",
        "Lines in the latest order.",
        "basket",
        "The latest order held {value} lines.",
        lambda at: at.if_bought(at.state("last_order_lines")),
    ),
    Feature(
        "average_item_price",
        "currency",
        "basket",
        "Mean price of an item, before refunds.",
        "order_value",
        "An item comes to {value} on average.",
        lambda at: ratio(at.total("gross"), at.where_known("counted", at.total("items"))),
        needs="quantity",
    ),
    Feature(
        "distinct_products",
        "products",
        "basket",
        "Different products bought so far.",
        "variety",
        "{value} different products were bought so far.",
        distinct("product"),
        needs="product",
    ),
    Feature(
        "new_products_90d",
        "products",
        "basket",
        "Products bought for the first time in the last 90 days.",
        "variety",
        "{value} products were bought for the first time in the last 90 days.",
        _gained("product", 90),
        needs="product",
    ),
    Feature(
        "products_per_order",
        "products",
        "basket",
        "Different products bought so far over orders so far.",
        "variety",
        "Each order brought {value} products not bought before, on average.",
        lambda at: ratio(distinct("product")(at), at.total("orders")),
        needs="product",
    ),
    Feature(
        "repeat_lines_share",
        "ratio",
        "basket",
        "Share of lines with a product that was bought before.",
        "habit",
        "Of all lines a share of {value} holds a product bought before.",
        _repeats("product"),
        needs="product",
    ),
    Feature(
        "top_product_share",
        "ratio",
        "basket",
        "Share of lines with the product bought most often.",
        "habit",
        "Of all lines a share of {value} holds the favourite product.",
        top_share("product"),
        needs="product",
    ),
    Feature(
        "product_entropy",
        "nats",
        "basket",
        "Entropy of the products of all lines; 0 where all are one product.",
        "variety",
        "On a scale from 0 (always the same) upwards the mix of products stands at {value}.",
        entropy("product"),
        needs="product",
    ),
    Feature(
        "distinct_categories",
        "categories",
        "basket",
        "Different categories bought from so far.",
        "variety",
        "{value} different categories were bought from so far.",
        distinct("category"),
        needs="category",
    ),
    Feature(
        "new_categories_90d",
        "categories",
        "basket",
        "Categories bought from for the first time in the last 90 days.",
        "variety",
        "{value} categories were bought from for the first time in the last 90 days.",
        _gained("category", 90),
        needs="category",
    ),
    Feature(
        "top_category_share",
        "ratio",
        "basket",
        "Share of lines from the category bought from most often.",
        "habit",
        "Of all lines a share of {value} comes from the favourite category.",
        top_share("category"),
        needs="category",
    ),
    Feature(
        "category_entropy",
        "nats",
        "basket",
        "Entropy of the categories of all lines; 0 where all are one category.",
        "variety",
        "On a scale from 0 (always the same) upwards the mix of categories stands at {value}.",
        entropy("category"),
        needs="category",
    ),
)
