"""A simulated shop of refills: regular gaps, skipped ones, discount codes, people who stop."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.shop_process import Float, Int, Orders, Random, by_time, lines_of, spends

Flags = NDArray[np.bool_]
START, DAYS = "2023-01-01", 578
PLAN_DAYS, PLAN_SHARES = np.array([28.0, 42.0, 56.0, 84.0]), [0.35, 0.25, 0.25, 0.15]
REGULARITY = 12.0  # shape of the Erlang-distributed gaps
SKIPPED, EXTRA, CODE = 0.06, 0.08, 0.12


def regular_subscribers(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Refills at each customer's own rhythm until one day they stop.

    Who came with a discount code stops twice as readily. Some refills are skipped, some orders come
    in between, and one in eight uses a code.
    """
    rng = np.random.default_rng([seed, 10])
    n = round(3000 * scale)
    plan = rng.choice(len(PLAN_DAYS), n, p=PLAN_SHARES)
    by_code = rng.random(n) < 0.35
    customer, day, first = _refills(rng, PLAN_DAYS[plan] * rng.lognormal(0, 0.08, n), by_code)
    value = spends(rng, customer, n, median=30, between=0.25, within=0.12)
    value *= PLAN_DAYS[plan][customer] / 42
    more = rng.random(len(customer)) < EXTRA
    between = Orders(customer[more], day[more] + rng.uniform(2, 20, more.sum()), value[more] * 0.6)
    off = np.where(rng.random(len(customer)) < CODE, 0.1, 0.0)
    off = np.where(first & by_code[customer], 0.25, off)
    kinds = (off == 0, off == 0.1, off == 0.25)
    refills = Orders(customer, day, value)
    groups = [refills.where(kind) for kind in kinds]
    groups[0] = groups[0] + between
    made = [
        _discounted(lines_of(rng, START, DAYS, orders, more_lines=0.3), share, code)
        for orders, share, code in zip(groups, (0.0, 0.1, 0.25), "NSW", strict=True)
    ]
    lines = pd.concat(made, ignore_index=True)
    number = lines["customer_id"].str[1:].astype(int).to_numpy()
    main = ~lines["order_id"].duplicated().to_numpy()
    lines.loc[main, "product_id"] = "plan" + pd.Series(plan[number[main]]).astype(str).to_numpy()
    lines.loc[main, "category"] = "refill"
    return by_time(lines)


def _refills(rng: Random, gap: Float, by_code: Flags) -> tuple[Int, Float, Flags]:
    """Customer, day, and whether it is the first one, of each refill."""
    n = len(gap)
    stops = rng.beta(1.2, 14, n) * np.where(by_code, 2.0, 1.0)
    day = rng.uniform(-200, DAYS, n)
    first = np.ones(n, dtype=bool)
    open_ = np.arange(n)
    found: list[tuple[Int, Float, Flags]] = []
    while len(open_):
        taken = open_[(rng.random(len(open_)) >= SKIPPED) | first[open_]]
        found.append((taken, day[taken], first[taken]))
        first[open_] = False
        open_ = open_[rng.random(len(open_)) >= stops[open_]]
        day[open_] += rng.gamma(REGULARITY, gap[open_] / REGULARITY)
        open_ = open_[day[open_] < DAYS]
    customer, days, firsts = (np.concatenate(part) for part in zip(*found, strict=True))
    return customer, days, firsts


def _discounted(lines: pd.DataFrame, share: float, code: str) -> pd.DataFrame:
    """The lines with a share taken off, and order ids of their own."""
    discount = (lines["amount"] * share).round(2)
    return lines.assign(
        amount=(lines["amount"] - discount).round(2),
        discount=discount,
        order_id=code + lines["order_id"],
    )
