"""A shop that does not change: a year later its customers are the same population."""

import numpy as np
import pandas as pd
import pytest

from features.line import AMOUNT_SCALE
from features.log.shop_log import ShopLog
from features.panel import snapshot
from features.rows import LOOKBACK_DAYS
from tests.features.made import START, day, log_of

YEARS = 5
DAYS = 365 * YEARS


def steady_shop(customers, seed=0):
    """Customers who come evenly, buy at a pace and price of their own, and one day stop."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        # From long before the log begins on, so that its first days are no beginning.
        at = first = draw.uniform(-1500, DAYS)
        gap, price, life = draw.gamma(2, 25), draw.gamma(3, 12), draw.exponential(400)
        while at < DAYS and at - first <= life:
            rows += [(i, int(at), price * draw.lognormal(0, 0.4))] if at >= 0 else []
            if at >= 0 and draw.random() < 0.05:
                rows.append((i, int(at) + 3, -price / 2))
            at += max(1.0, draw.exponential(gap))
    table = np.array(rows)
    n = len(table)
    return pd.DataFrame(
        {
            "customer_id": [f"c{int(i):05d}" for i in table[:, 0]],
            "ordered_at": START + pd.to_timedelta(table[:, 1].astype(int), unit="D"),
            "amount": np.round(table[:, 2] * AMOUNT_SCALE) / AMOUNT_SCALE,
            "quantity": draw.integers(1, 5, n).astype(float),
            "discount": np.where(draw.random(n) < 0.2, 1.5, 0.0),
            "cost": np.round(table[:, 2] * 0.6, 2),
            "product_id": [f"p{k}" for k in draw.geometric(0.1, n)],
            "category": [f"k{k}" for k in draw.geometric(0.4, n)],
            "channel": draw.choice(["web", "shop"], n, p=[0.7, 0.3]),
        }
    ).astype({"ordered_at": str})


def psi(one, two, bins=10):
    """Population stability index between two samples, the undefined in a bin of their own."""
    edges = np.unique(np.nanquantile(one, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for values in (one, two):
        place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values))
        counts = np.bincount(place.astype(int), minlength=len(edges) + 2) + 0.5
        shares.append(counts / counts.sum())
    a, b = shares
    return float(((a - b) * np.log(a / b)).sum())


@pytest.fixture(scope="module")
def shots():
    """Snapshots after four and after five years, of who bought within the look-back."""
    shop = ShopLog.of(log_of(steady_shop(6000)))
    found = []
    for cutoff in (day(str(START.date())) + DAYS - 365, day(str(START.date())) + DAYS):
        shot = snapshot(shop, cutoff)
        some = shot.facts["days_since_last_ever"].to_numpy() <= LOOKBACK_DAYS
        found.append((shot.features[some], shot.facts[some]))
    return found


def test_no_feature_betrays_the_length_of_the_log(shots):
    (before, _), (after, _) = shots
    moved = {name: psi(before[name].to_numpy(), after[name].to_numpy()) for name in before}
    assert len(moved) == 119
    assert {name: value for name, value in moved.items() if value >= 0.1} == {}


def test_facts_know_the_length_of_the_log(shots):
    (_, before), (_, after) = shots
    assert before["tenure_ever"].max() <= DAYS - 365 < after["tenure_ever"].max()
