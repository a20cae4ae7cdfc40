"""Simulated shops without a calendar: four months of a grocer, and two small shops."""

import numpy as np
import pandas as pd

from benchmarks.shop_process import (
    Float,
    Lives,
    Orders,
    Random,
    lines_of,
    lives,
    renewal_times,
    spends,
)

GROCERY_START, GROCERY_DAYS = "2024-01-01", 121


def short_grocery(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Four months of weekly shoppers: most were customers before the log began."""
    rng = np.random.default_rng([seed, 4])
    n = round(2000 * scale)
    gap = np.clip(rng.lognormal(np.log(8), 0.65, n), 2.5, 60)
    old = rng.random(n) < 0.75
    joined = np.where(old, -rng.uniform(100, 130, n), rng.uniform(0, GROCERY_DAYS, n))
    left = joined + rng.exponential(rng.gamma(2, 150, n))
    left = np.where(old, rng.exponential(rng.gamma(2, 150, n)), left)
    customer, day = renewal_times(rng, Lives(joined, left), gap, 2.5, GROCERY_DAYS)
    away, pause = rng.uniform(0, GROCERY_DAYS, n), rng.uniform(7, 24, n)
    pause = np.where(rng.random(n) < 0.3, pause, 0.0)
    out = (day >= away[customer]) & (day < (away + pause)[customer])
    customer, day = customer[~out], _to_saturday(rng, day[~out])
    value = spends(rng, customer, n, median=32, between=0.5, within=0.45)
    value *= (gap[customer] / 8) ** 0.35
    orders = Orders(customer, day, value)
    return lines_of(rng, GROCERY_START, GROCERY_DAYS, orders, more_lines=5.0)


def _to_saturday(rng: Random, day: Float) -> Float:
    """Move some shopping days to the Saturday next to them; day 0 is a Monday."""
    whole = np.floor(day)
    near = np.abs(whole % 7 - 5) <= 1
    return np.where(near & (rng.random(len(day)) < 0.5), whole - whole % 7 + 5, whole)


SMALL_START = "2023-03-01"


def small_600(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Twelve months of a small shop: 600 customers."""
    return _small(np.random.default_rng([seed, 6]), round(680 * scale), 366)


def small_1500(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Fifteen months of a small shop: 1,500 customers."""
    return _small(np.random.default_rng([seed, 7]), round(1710 * scale), 457)


def _small(rng: Random, n: int, days: int) -> pd.DataFrame:
    """A third buys at a steady rhythm, the others now and then; half had bought before."""
    steady = rng.random(n) < 0.33
    joined = np.where(rng.random(n) < 0.3, rng.uniform(-200, 0, n), rng.uniform(0, days, n))
    who = lives(rng, joined, shape=1.5, mean_days=300)
    gap = np.where(steady, rng.lognormal(np.log(26), 0.4, n), rng.lognormal(np.log(120), 0.7, n))
    customer, day = renewal_times(rng, who, gap, np.where(steady, 4.0, 1.0), days)
    value = spends(rng, customer, n, median=45, between=0.6, within=0.45)
    return lines_of(rng, SMALL_START, days, Orders(customer, day, value), more_lines=0.7)
