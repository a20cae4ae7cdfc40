"""Simulated shops with a calendar: seasonal retail, the same without a season, December buyers."""

import numpy as np
import pandas as pd

from benchmarks.shop_process import (
    YEAR_DAYS,
    Float,
    Int,
    Lives,
    Orders,
    Random,
    alive,
    changing,
    lines_of,
    lives,
    poisson_times,
    renewal_times,
    season,
    spends,
    weekdays,
    with_refunds,
)

RETAIL_START, RETAIL_DAYS, BEFORE = "2023-01-01", 731, 365
# British giftware: a quiet spring, then orders for Christmas from September on.
GIFTWARE = [0.72, 0.70, 0.76, 0.72, 0.78, 0.82, 0.84, 0.90, 1.25, 1.50, 1.75, 1.05]
SHOP_WEEK = [1.1, 1.15, 1.1, 1.15, 1.0, 0.2, 0.6]


def seasonal_retail(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Giftware: twice as many orders in autumn as in spring, refunds, wholesale buyers."""
    rng = np.random.default_rng([seed, 1])
    n, wholesale = round(6300 * scale), round(65 * scale)
    level = season(RETAIL_START, -BEFORE, RETAIL_DAYS, GIFTWARE)
    # No autumn is quite like the last one.
    level *= np.repeat(rng.lognormal(0, 0.04, len(level) // 30 + 1), 30)[: len(level)]
    orders = _retail_orders(rng, n, level) + _wholesale_orders(rng, n, wholesale, level)
    lines = lines_of(rng, RETAIL_START, RETAIL_DAYS, orders, more_lines=2.0)
    return with_refunds(rng, lines, RETAIL_START, RETAIL_DAYS, share=0.065, mean_days=12)


def _retail_orders(rng: Random, n: int, level: Float) -> Orders:
    arrivals = np.cumsum(level**0.7)
    joined = np.searchsorted(arrivals, rng.random(n) * arrivals[-1]).astype(float) - BEFORE
    who = lives(rng, joined, shape=1.2, mean_days=420)
    keen = rng.choice([0.3, 1.0, 1.5], n, p=[0.25, 0.5, 0.25])
    rate = rng.gamma(0.75, 1 / (0.75 * 80), n)[:, None] * level ** keen[:, None]
    rate *= changing(rng, n, RETAIL_DAYS + BEFORE, spread=0.35)
    rate *= weekdays(RETAIL_START, -BEFORE, RETAIL_DAYS, SHOP_WEEK)
    rate *= alive(who, -BEFORE, RETAIL_DAYS)
    customer, day = poisson_times(rng, rate, -BEFORE)
    customer, day = np.concatenate([np.arange(n), customer]), np.concatenate([joined, day])
    value = spends(rng, customer, n, median=75, between=0.7, within=0.5)
    value *= level[day.astype(int) + BEFORE] ** 0.15
    return Orders(customer, day, value)


def _wholesale_orders(rng: Random, first: int, n: int, level: Float) -> Orders:
    joined = rng.uniform(-BEFORE, RETAIL_DAYS, n)
    who = lives(rng, joined, shape=3.0, mean_days=1500)
    gap = rng.uniform(40, 80, n)
    customer, day = renewal_times(rng, who, gap, 6.0, RETAIL_DAYS)
    value = spends(rng, customer, n, median=75, between=0.2, within=0.25)
    value *= rng.uniform(20, 50, n)[customer] * level[day.astype(int) + BEFORE] ** 0.5
    return Orders(customer + first, day, value)


def seasonless(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Nothing hangs on the date: customers join, buy and leave at rates that never change."""
    rng = np.random.default_rng([seed, 2])
    n = round(5000 * scale)
    joined = np.floor(rng.uniform(0, RETAIL_DAYS, n))
    who = lives(rng, joined, shape=1.2, mean_days=420)
    rate = rng.gamma(0.75, 1 / (0.75 * 70), n)[:, None] * alive(who, 0, RETAIL_DAYS)
    customer, day = poisson_times(rng, rate)
    customer, day = np.concatenate([np.arange(n), customer]), np.concatenate([joined, day])
    value = spends(rng, customer, n, median=60, between=0.7, within=0.5)
    lines = lines_of(rng, RETAIL_START, RETAIL_DAYS, Orders(customer, day, value), more_lines=1.0)
    return with_refunds(rng, lines, RETAIL_START, RETAIL_DAYS, share=0.05, mean_days=10)


GIFTS_START, GIFTS_DAYS = "2021-07-01", 1311


def december_buyers(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Gifts once a year at a date of one's own, for seven of ten customers before Christmas.

    Who bought a month ago is done for the year; who bought eleven months ago is about to return.
    How much a customer spends hardly changes from year to year.
    """
    rng = np.random.default_rng([seed, 3])
    n = round(6000 * scale)
    joined, customer, day = _yearly(rng, n)
    more = rng.poisson(0.3, len(day))
    customer = np.concatenate([customer, np.repeat(customer, more)])
    day = np.concatenate([day, np.repeat(day, more) + rng.uniform(1, 14, more.sum())])
    last = np.full(n, -np.inf)
    np.maximum.at(last, customer, day)
    odd = np.where(alive(Lives(joined, last + 200), 0, GIFTS_DAYS), 0.2 / YEAR_DAYS, 0.0)
    others, other_days = poisson_times(rng, odd)
    customer, day = np.concatenate([customer, others]), np.concatenate([day, other_days])
    value = spends(rng, customer, n, median=55, between=0.8, within=0.3)
    return lines_of(rng, GIFTS_START, GIFTS_DAYS, Orders(customer, day, value), more_lines=0.8)


def _yearly(rng: Random, n: int) -> tuple[Float, Int, Float]:
    """First day of each customer; customer and day of each year's main order."""
    offset = (pd.Timestamp("2021-12-10") - pd.Timestamp(GIFTS_START)).days
    december = rng.random(n) < 0.7
    date = np.where(december, rng.normal(offset, 9, n), rng.uniform(0, YEAR_DAYS, n))
    first_year = rng.choice(4, n, p=[0.4, 0.22, 0.2, 0.18])
    stays = rng.beta(3.5, 1.2, n)
    years = first_year + rng.geometric(np.maximum(1 - stays, 1e-3))
    year = np.arange(4)
    buys = (year >= first_year[:, None]) & (year < years[:, None])
    buys &= (rng.random((n, 4)) > 0.1) | (year == first_year[:, None])
    customer, which = np.nonzero(buys)
    day = date[customer] + which * YEAR_DAYS + rng.normal(0, 7, len(customer))
    day = np.clip(day, 0, None)
    return date + first_year * YEAR_DAYS, customer, day
