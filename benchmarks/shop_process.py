"""What the simulated shops are made of: lives, orders in time, spends, lines, refunds.

Days are counted from the first day of a shop's log; days before 0 are made and then cut off, which
gives a shop that had customers before its log began. All functions are vectorised over customers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Random = np.random.Generator

MONTH_DAYS = 30.4375
YEAR_DAYS = 365.25
PRODUCTS, CATEGORIES = 400, 12
CENT = 0.01


@dataclass(frozen=True)
class Orders:
    """Orders of a shop in any order: customer number, day (fractions are ignored), net value."""

    customer: Int
    day: Float
    value: Float

    def __add__(self, more: "Orders") -> "Orders":
        """Both together."""
        pairs = zip(vars(self).values(), vars(more).values(), strict=True)
        return Orders(*(np.concatenate(pair) for pair in pairs))

    def where(self, kept: NDArray[np.bool_] | Int) -> "Orders":
        """Those of `kept` only, a mask or places."""
        return Orders(*(column[kept] for column in vars(self).values()))


@dataclass(frozen=True)
class Lives:
    """When each customer joined and left, in days; nobody buys outside of it."""

    joined: Float
    left: Float


def lives(rng: Random, joined: Float, *, shape: float, mean_days: float) -> Lives:
    """Exponential lives whose rates of leaving are gamma-distributed over customers.

    The median customer leaves after some `mean_days`; a small `shape` makes customers unlike.
    """
    rate = rng.gamma(shape, 1 / (shape * mean_days), len(joined))
    return Lives(joined, joined + rng.exponential(1 / np.maximum(rate, 1e-9)))


def poisson_times(rng: Random, intensity: Float, first: int = 0) -> tuple[Int, Float]:
    """Customer and day of each event of Poisson processes.

    Parameters
    ----------
    intensity : shape (n_customers, n_days), events expected of a customer on a day
    first : day of the first column
    """
    counts = rng.poisson(intensity)
    customer, column = np.nonzero(counts)
    times = counts[customer, column]
    return np.repeat(customer, times), np.repeat(column + float(first), times)


def alive(who: Lives, first: int, days: int) -> NDArray[np.bool_]:
    """Whether a customer is one on each day from `first`, shape (n_customers, days - first)."""
    day = np.arange(first, days)
    return np.asarray((day > who.joined[:, None]) & (day < who.left[:, None]))


def renewal_times(
    rng: Random, who: Lives, gap_days: Float, shape: Float | float, end: float
) -> tuple[Int, Float]:
    """Customer and day of orders at gamma-distributed gaps, the first on the day of joining.

    Parameters
    ----------
    gap_days : mean gap of each customer
    shape : of the gaps; 1 is a Poisson process, more is more regular
    """
    shapes = np.broadcast_to(np.asarray(shape, float), gap_days.shape)
    open_, day = np.arange(len(gap_days)), who.joined.copy()
    customers, days = [], []
    until = np.minimum(who.left, end)
    while len(open_):
        going = (day[open_] < until[open_]) | (day[open_] == who.joined[open_])
        open_ = open_[going & (day[open_] < end)]
        customers.append(open_)
        days.append(day[open_])
        day[open_] += rng.gamma(shapes[open_], gap_days[open_] / shapes[open_])
    return np.concatenate(customers), np.concatenate(days)


def season(start: str, first: int, days: int, by_month: list[float]) -> Float:
    """Level of each day from `first`, months joined by straight lines, with a mean of 1 a year."""
    date = pd.date_range(start, periods=days - first) + pd.Timedelta(days=first)
    place = (date.day_of_year.to_numpy(float) - 1) / MONTH_DAYS - 0.5
    level = np.interp(place, np.arange(12.0), by_month, period=12.0)
    return np.asarray(level / np.mean(by_month))


def weekdays(start: str, first: int, days: int, levels: list[float]) -> Float:
    """Level of each day from `first` by its weekday, Monday first, with a mean of 1."""
    date = pd.date_range(start, periods=days - first) + pd.Timedelta(days=first)
    level: Float = np.asarray(levels)[date.day_of_week.to_numpy()] / np.mean(levels)
    return level


def changing(rng: Random, n: int, days: int, *, spread: float, period_days: int = 61) -> Float:
    """Slow changes of each customer's rate around 1, shape (n, days)."""
    periods = days // period_days + 1
    level = rng.normal(0, spread, (n, periods))
    for k in range(1, periods):
        level[:, k] = 0.8 * level[:, k - 1] + 0.6 * level[:, k]
    levels: Float = np.repeat(np.exp(level - spread**2 / 2), period_days, axis=1)
    within: Float = levels[:, :days]
    return within


def spends(
    rng: Random, customer: Int, n: int, *, median: float, between: float, within: float
) -> Float:
    """Lognormal value of each order around the customer's own level, at least one unit."""
    level = np.log(median) + rng.normal(0, between, n)
    value = np.exp(level[customer] + rng.normal(0, within, len(customer)))
    return np.asarray(np.maximum(value, 1.0))


def lines_of(
    rng: Random, start: str, days: int, orders: Orders, *, more_lines: float = 0.0
) -> pd.DataFrame:
    """Purchase lines of the orders within the log, by time.

    Parameters
    ----------
    start, days : first day and length of the log
    more_lines : mean number of lines of an order beyond the first

    Returns
    -------
    DataFrame with customer_id, order_id, ordered_at, amount, product_id, category, quantity
    """
    made = orders.where((orders.day >= 0) & (orders.day < days))
    hour = 8 + 14 * (rng.random(len(made.day)) + rng.random(len(made.day))) / 2
    second = np.floor(made.day) * 86_400 + np.floor(hour * 3600)
    place: Int = np.argsort(second, kind="stable").astype(np.int64)
    made, second = made.where(place), second[place]
    size = 1 + rng.poisson(rng.gamma(1.5, more_lines / 1.5, len(place)))
    order = np.repeat(np.arange(len(size)), size)
    product = np.minimum(rng.zipf(1.3, len(order)) - 1, PRODUCTS - 1)
    product = np.where(product == PRODUCTS - 1, rng.integers(PRODUCTS, size=len(order)), product)
    weight = rng.gamma(1.5, 1.0, len(order)) + 0.05
    amount = made.value[order] * weight / np.bincount(order, weights=weight)[order]
    stamp = np.datetime64(start, "us") + (second * 1e6).astype("timedelta64[us]")
    return pd.DataFrame(
        {
            "customer_id": names("c", made.customer[order]),
            "order_id": names("o", order),
            "ordered_at": stamp[order],
            "amount": np.round(np.maximum(amount, CENT), 2),
            "product_id": names("p", product),
            "category": names("k", product % CATEGORIES),
            "quantity": rng.geometric(0.7, len(order)).astype(np.int64),
        }
    )


def names(letter: str, number: Int) -> pd.Series:
    """Ids such as `c00017`."""
    ids = pd.Series(np.arange(number.max() + 1 if len(number) else 0)).astype(str).str.zfill(6)
    named: pd.Series = (letter + ids).take(number).reset_index(drop=True)
    return named


def with_refunds(
    rng: Random, lines: pd.DataFrame, start: str, days: int, *, share: float, mean_days: float
) -> pd.DataFrame:
    """The lines and refunds of some: of a share of orders, whole or by a line, days later.

    Some customers send back much more than others. A refund has its order's id.
    """
    order = lines["order_id"].to_numpy()
    codes, first = np.unique(order, return_index=True)
    inverse = np.searchsorted(codes, order)
    shop, number = pd.factorize(lines["customer_id"])[0], len(codes)
    habit = rng.gamma(1.0, share, shop.max() + 1)[shop[first]]
    back = rng.random(number) < np.minimum(habit, 0.8)
    whole = rng.random(number) < 0.55
    later = 1 + np.floor(rng.gamma(2.0, mean_days / 2.0, number))
    chosen = back[inverse] & (whole[inverse] | (rng.random(len(lines)) < 0.4))
    refunds = lines[chosen].copy()
    refunds["ordered_at"] += pd.to_timedelta(later[inverse][chosen], unit="D").astype(
        "timedelta64[us]"
    )
    refunds[["amount", "quantity"]] *= -1
    end = pd.Timestamp(start) + pd.Timedelta(days=days)
    both = pd.concat([lines, refunds[refunds["ordered_at"] < end]], ignore_index=True)
    return by_time(both)


def by_time(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines in order of time."""
    ordered: pd.DataFrame = lines.sort_values("ordered_at", kind="stable", ignore_index=True)
    return ordered
