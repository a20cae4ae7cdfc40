"""Simulated shops whose law is known in closed form, with the best P(return) a history allows."""

import numpy as np
import pandas as pd
from scipy.special import betaln

from benchmarks.shop_process import (
    Float,
    Int,
    Lives,
    Orders,
    Random,
    alive,
    lines_of,
    poisson_times,
    spends,
)
from benchmarks.shop_truth import history, return_probability

START = "2023-01-01"
ALIKE_DAYS = 578
# Rates are gamma-distributed with this shape around one order in so many days. A history then tells
# two customers apart with an AUC of 0.57, though the true rates would give 0.66.
ALIKE_SHAPE, ALIKE_GAP = 5.0, 140.0


def hardly_any_signal(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Customers whose past says little: Poisson orders at rates that are not far apart."""
    rng = np.random.default_rng([seed, 5])
    n = round(5000 * scale)
    joined = np.floor(rng.uniform(0, ALIKE_DAYS, n))
    rate = rng.gamma(ALIKE_SHAPE, 1 / (ALIKE_SHAPE * ALIKE_GAP), n)
    nobody_leaves = Lives(joined, np.full(n, np.inf))
    customer, day = poisson_times(rng, rate[:, None] * alive(nobody_leaves, 0, ALIKE_DAYS))
    customer, day = np.concatenate([np.arange(n), customer]), np.concatenate([joined, day])
    value = spends(rng, customer, n, median=40, between=0.08, within=0.5)
    return lines_of(rng, START, ALIKE_DAYS, Orders(customer, day, value), more_lines=0.5)


def alike_truth(lines: pd.DataFrame, cutoff: str, horizon_days: int) -> pd.Series:
    """P(an order in the horizon) of `hardly_any_signal`: the posterior of its gamma prior."""
    past = history(lines, cutoff)
    known = ALIKE_SHAPE * ALIKE_GAP + past["T"]
    none = (known / (known + horizon_days)) ** (ALIKE_SHAPE + past["x"])
    return return_probability(1 - none)


BTYD_DAYS = 457
# Letters of Fader, Hardie & Lee (2005), Marketing Science 24(2), 275-284; time in days. Spends have
# the Gamma-Gamma estimates for CDNOW (Fader & Hardie, note 025).
R, ALPHA, A, B = 0.55, 38.0, 0.7, 2.6
P, Q, V = 6.25, 3.74, 15.44


def btyd_made(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """The world of BG/NBD and Gamma-Gamma, to the letter."""
    rng = np.random.default_rng([seed, 8])
    n = round(8000 * scale)
    rate = np.maximum(rng.gamma(R, 1 / ALPHA, n), 1e-12)
    stops = rng.beta(A, B, n)
    open_, day = np.arange(n), rng.uniform(0, BTYD_DAYS, n)
    customers: list[Int] = []
    days: list[Float] = []
    while len(open_):
        customers.append(open_)
        days.append(day[open_])
        # Nobody stops at the first order: so BG/NBD has it.
        open_ = open_[(rng.random(len(open_)) >= stops[open_]) | (len(days) == 1)]
        day[open_] += rng.exponential(1 / rate[open_])
        open_ = open_[day[open_] < BTYD_DAYS]
    customer = np.concatenate(customers)
    value = rng.gamma(P, 1 / rng.gamma(Q, 1 / V, n)[customer])
    orders = Orders(customer, np.floor(np.concatenate(days)), value)
    return lines_of(rng, START, BTYD_DAYS, orders)


def btyd_truth(lines: pd.DataFrame, cutoff: str, horizon_days: int) -> pd.Series:
    """P(an order in the horizon) of `btyd_made`: a ratio of two BG/NBD likelihoods."""
    past = history(lines, cutoff)
    x, t_x, known = (past[name].to_numpy(float) for name in ("x", "t_x", "T"))

    def log_alive(until: Float) -> Float:
        return np.asarray(betaln(A, B + x) - (R + x) * np.log(ALPHA + until))

    # Who has not come back yet cannot have stopped.
    gone = betaln(A + 1, np.maximum(B + x - 1, B)) - (R + x) * np.log(ALPHA + t_x)
    log_gone = np.where(x > 0, gone, -np.inf)
    below = np.logaddexp(log_alive(known), log_gone)
    none = np.exp(np.logaddexp(log_alive(known + horizon_days), log_gone) - below)
    return return_probability(pd.Series(1 - none, index=past.index))


RECENCY_DAYS, RECENCY_HORIZON = 578, 90
# P(no order in the horizon) is the logistic function of LEVEL + SLOPE * log(1 + days silent).
LEVEL, SLOPE = -1.8, 0.6


def pure_recency(seed: int, scale: float = 1.0) -> pd.DataFrame:
    """Return hangs on the days since the last order and on nothing else.

    All customers draw their gaps from one law, made so that for the shop's horizon the log odds of
    staying away are exactly linear in log(1 + days silent): the rule `recency` is the truth.
    """
    rng = np.random.default_rng([seed, 9])
    n = round(6000 * scale)
    silent = _still_silent(RECENCY_DAYS + 1)
    open_, day = np.arange(n), np.floor(rng.uniform(0, RECENCY_DAYS, n))
    customers: list[Int] = []
    days: list[Float] = []
    while len(open_):
        customers.append(open_)
        days.append(day[open_])
        day[open_] += _gaps(rng, silent, len(open_))
        open_ = open_[day[open_] < RECENCY_DAYS]
    customer = np.concatenate(customers)
    value = spends(rng, customer, n, median=12, between=0.0, within=0.4)
    orders = Orders(customer, np.concatenate(days), value)
    return lines_of(rng, START, RECENCY_DAYS, orders)


def pure_recency_truth(lines: pd.DataFrame, cutoff: str, horizon_days: int) -> pd.Series:
    """P(an order in the horizon) of `pure_recency`, for any horizon."""
    past = history(lines, cutoff)
    silent = past["silent"].astype(int).to_numpy()
    still = _still_silent(int(silent.max()) + horizon_days)
    none = still[silent + horizon_days - 1] / still[silent - 1]
    return return_probability(pd.Series(1 - none, index=past.index))


def _stays_away(silent: Float) -> Float:
    return np.asarray(1 / (1 + np.exp(-LEVEL - SLOPE * np.log1p(silent))))


def _still_silent(days: int) -> Float:
    """Return P(gap >= d) for d = 1 ... `days`.

    Up to a horizon it may be chosen; beyond, P(gap >= d + H) is P(gap >= d) P(no order | d).
    """
    day = np.arange(1.0, days + 1)
    away = _stays_away(day)
    far = _stays_away(np.array([1.0 + RECENCY_HORIZON]))[0]
    still = away[0] / away * far ** ((day - 1) / RECENCY_HORIZON)
    for begin in range(RECENCY_HORIZON, days, RECENCY_HORIZON):
        part = slice(begin, min(begin + RECENCY_HORIZON, days))
        before = slice(begin - RECENCY_HORIZON, part.stop - RECENCY_HORIZON)
        still[part] = still[before] * away[before]
    if (np.diff(still) > 0).any():
        raise ValueError(f"LEVEL {LEVEL} and SLOPE {SLOPE} belong to no law of gaps; lower SLOPE")
    return np.asarray(still)


def _gaps(rng: Random, still: Float, n: int) -> Float:
    """Draws of the gap; longer ones than `still` tells are given one day more than that."""
    longest = len(still) + 1.0
    return np.asarray(longest - np.searchsorted(still[::-1], rng.random(n), side="right"))
