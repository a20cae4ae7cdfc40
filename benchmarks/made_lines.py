"""A made purchase log of any size: Parquet in the canonical columns, sorted, the same for a seed.

Customers join through three years, buy at gamma-distributed rates until they leave (counts are then
negative-binomial), put Zipf-distributed products into baskets of skewed sizes, and get some three
lines in a hundred refunded days later, under the order and product that they bought. Lines are made
and written some thousands of customers at a time, so memory does not grow with the log.

    python benchmarks/made_lines.py --lines 1000000 --out var/bench/1000000.parquet
"""

import argparse
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Int = NDArray[np.int64]
Float = NDArray[np.float64]

FIRST_DAY = dt.date(2022, 1, 1)
DAYS = 1096  # three years, one of them with 366 days
LINES_A_CUSTOMER = 50
CUSTOMERS_A_CHUNK = 20_000
ROWS_A_GROUP = 262_144
PRODUCTS, CATEGORIES = 20_000, 40
CHANNELS = ("app", "phone", "shop", "web")
CHANNEL_SHARES = (0.25, 0.03, 0.4, 0.32)
ORDERS_A_DAY = 0.0492  # mean rate of a customer who has not left; gives LINES_A_CUSTOMER
REFUNDED = 0.03
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Shelf:
    """What the shop sells: for each product its share of sales, price, margin and category."""

    shares: Float
    price: Float
    margin: Float
    category: Int


@dataclass(frozen=True)
class Orders:
    """Orders by customer and time: customer number, seconds since the log's first midnight."""

    customer: Int
    second: Int


@dataclass(frozen=True)
class Lines:
    """Purchase lines or refunds, each of shape (n_lines,); money in cents, refunds negative."""

    customer: Int
    second: Int
    order: Int
    product: Int
    channel: Int
    quantity: Int
    amount: Int
    discount: Int
    cost: Int


def write_lines(path: Path, *, lines: int, seed: int = 0) -> int:
    """Write a log of about `lines` lines and give the exact number of them.

    Columns are `customer_id`, `ordered_at`, `amount`, `order_id`, `product_id`, `category`,
    `channel`, `quantity`, `discount` and `cost`, sorted by customer, time and order.
    """
    customers = max(lines // LINES_A_CUSTOMER, 1)
    shelf = _shelf(np.random.default_rng([seed, 0]))
    draft = path.with_name(f"{path.name}.draft")
    written = orders = 0
    with pq.ParquetWriter(draft, SCHEMA, store_schema=False) as writer:
        for chunk, start in enumerate(range(0, customers, CUSTOMERS_A_CHUNK)):
            rng = np.random.default_rng([seed, 1 + chunk])
            count = min(CUSTOMERS_A_CHUNK, customers - start)
            made = _orders(rng, count)
            table = _table(_with_refunds(rng, _lines(rng, made, shelf)), shelf, start, orders)
            writer.write_table(table, row_group_size=ROWS_A_GROUP)
            written += table.num_rows
            orders += len(made.customer)
    draft.replace(path)
    return written


def _shelf(rng: np.random.Generator) -> Shelf:
    weight = 1.0 / np.arange(1, PRODUCTS + 1) ** 1.05
    return Shelf(
        shares=np.cumsum(weight / weight.sum()),
        price=np.maximum(rng.lognormal(2.2, 0.8, PRODUCTS) * 100, 50),
        margin=rng.uniform(0.15, 0.55, PRODUCTS),
        category=rng.integers(CATEGORIES, size=PRODUCTS),
    )


def _orders(rng: np.random.Generator, customers: int) -> Orders:
    joined = rng.uniform(0, DAYS - 30, customers)
    leaves = joined + rng.exponential(rng.gamma(3.0, 250.0, customers))
    active = np.minimum(leaves, DAYS) - joined
    repeats = rng.poisson(rng.gamma(0.6, ORDERS_A_DAY / 0.6, customers) * active)
    who = np.repeat(np.arange(customers), repeats)
    day = joined[who] + rng.random(len(who)) * active[who]
    customer = np.concatenate([np.arange(customers), who])
    second = _in_shop_hours(rng, np.concatenate([joined, day]).astype(np.int64))
    order = np.argsort(customer * (DAYS * 86_400) + second, kind="stable")
    return Orders(customer[order], second[order])


def _in_shop_hours(rng: np.random.Generator, day: Int) -> Int:
    """A second between 8 and 22 o'clock of each day, most of them in the afternoon."""
    share = (rng.random(len(day)) + rng.random(len(day))) / 2
    return day * 86_400 + 8 * 3600 + (share * 14 * 3600).astype(np.int64)


def _lines(rng: np.random.Generator, orders: Orders, shelf: Shelf) -> Lines:
    # One line or more, with a long tail: a Poisson of a gamma rate is negative-binomial too.
    size = 1 + rng.poisson(rng.gamma(0.9, 2.0, len(orders.customer)))
    order = np.repeat(np.arange(len(size)), size)
    n = len(order)
    product = np.searchsorted(shelf.shares, rng.random(n)).clip(max=PRODUCTS - 1)
    channel = rng.choice(len(CHANNELS), size=len(size), p=CHANNEL_SHARES)
    quantity = np.minimum(rng.geometric(0.7, n), 24)
    full = np.round(shelf.price[product] * rng.uniform(0.95, 1.05, n)).astype(np.int64) * quantity
    off = np.where(rng.random(n) < 0.2, rng.choice([0.05, 0.1, 0.2, 0.3], n), 0.0)
    discount = np.round(full * off).astype(np.int64)
    cost = np.round(full * (1 - shelf.margin[product])).astype(np.int64)
    return Lines(
        customer=orders.customer[order],
        second=orders.second[order],
        order=order,
        product=product,
        channel=channel[order],
        quantity=quantity,
        amount=full - discount,
        discount=discount,
        cost=cost,
    )


def _with_refunds(rng: np.random.Generator, bought: Lines) -> Lines:
    """The lines with refunds of whole lines, at least a day after the purchase, all in order."""
    back = np.flatnonzero(rng.random(len(bought.order)) < REFUNDED)
    later = bought.second[back] // 86_400 + rng.integers(1, 22, len(back))
    back, later = back[later < DAYS], later[later < DAYS]
    columns = {}
    for name, column in vars(bought).items():
        sign = -1 if name in ("quantity", "amount", "discount", "cost") else 1
        columns[name] = np.concatenate([column, sign * column[back]])
    columns["second"][len(bought.order) :] = _in_shop_hours(rng, later)
    order = np.argsort(columns["customer"] * (DAYS * 86_400) + columns["second"], kind="stable")
    return Lines(**{name: column[order] for name, column in columns.items()})


SCHEMA = pa.schema(
    [
        ("customer_id", pa.dictionary(pa.int64(), pa.string())),
        ("ordered_at", pa.timestamp("us")),
        ("amount", pa.float64()),
        ("order_id", pa.dictionary(pa.int64(), pa.string())),
        ("product_id", pa.dictionary(pa.int64(), pa.string())),
        ("category", pa.dictionary(pa.int64(), pa.string())),
        ("channel", pa.dictionary(pa.int64(), pa.string())),
        ("quantity", pa.float64()),
        ("discount", pa.float64()),
        ("cost", pa.float64()),
    ]
)


def _table(lines: Lines, shelf: Shelf, first_customer: int, first_order: int) -> pa.Table:
    midnight = np.datetime64(FIRST_DAY, "us").astype(np.int64)
    stamps = midnight + lines.second * MICROSECONDS
    columns = {
        "customer_id": _named(lines.customer, [f"c{i + 1 + first_customer:07d}" for i in
                              range(int(lines.customer[-1]) + 1)]),
        "ordered_at": pa.array(stamps).cast(pa.timestamp("us")),
        "amount": lines.amount / 100,
        "order_id": _named(lines.order, [f"o{i + 1 + first_order:09d}" for i in
                           range(int(lines.order.max()) + 1)]),
        "product_id": _named(lines.product, [f"p{i:05d}" for i in range(PRODUCTS)]),
        "category": _named(shelf.category[lines.product], [f"k{i:02d}" for i in range(CATEGORIES)]),
        "channel": _named(lines.channel, list(CHANNELS)),
        "quantity": lines.quantity.astype(float),
        "discount": lines.discount / 100,
        "cost": lines.cost / 100,
    }  # fmt: skip
    return pa.table(columns, schema=SCHEMA)


def _named(codes: Int, names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes, pa.array(names))


def main() -> None:
    """Write a log as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    told.out.parent.mkdir(parents=True, exist_ok=True)
    print(write_lines(told.out, lines=told.lines, seed=told.seed))


if __name__ == "__main__":
    main()
