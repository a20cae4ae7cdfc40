"""A made shop: purchases of 300 customers, features at a cutoff, and a bundle fitted there."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from features.log.shop_log import ShopLog
from features.panel import panel, snapshot
from features.rhythm import rhythm_of
from features.shop_clock import ShopClock, day_number
from models.bundle import Bundle
from models.carry import Carry
from retention import groups
from tests.made_frames import log_from_frame
from tests.models.made import DATES, made_horizon

START = pd.Timestamp("2023-01-01")
CUTOFF = day_number(START.date()) + 365
HORIZON = 90
# As of a shop whose customers buy every two months.
RHYTHM = {
    "mean_gap": 60.0,
    "late": 1.5,
    "very_late": 3.0,
    "second_late": 90.0,
    "second_very_late": 200.0,
}


def made_purchases(customers=300, seed=0):
    """Orders at each customer's own rate until a random end; some are refunded."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        day, end = float(draw.integers(0, 365)), float(draw.integers(100, 900))
        rate = draw.gamma(2, 20) + 2
        while day < end and day < 365 + HORIZON:
            amount = round(float(draw.gamma(3, 15)), 2)
            when = START + pd.Timedelta(days=int(day))
            rows.append((f"c{i:04d}", when, amount, float(draw.integers(1, 5))))
            if draw.random() < 0.05:
                rows.append((f"c{i:04d}", when + pd.Timedelta(days=5), -amount, 1.0))
            day += draw.exponential(rate) + 1
    rows.append(("refunds only", START, -5.0, 1.0))
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount", "quantity"])


@cache
def made_facts():
    """What is so over the whole history of the shop's customers, row by row as the features."""
    log = ShopLog.of(log_from_frame(made_purchases(), ShopClock()))
    return snapshot(log, CUTOFF).facts


@cache
def made_shop():
    """Features at the cutoff and the bundle; the same objects each time, not to be changed."""
    log = ShopLog.of(log_from_frame(made_purchases(), ShopClock()))
    shot = snapshot(log, CUTOFF)
    labels = panel(log, [CUTOFF], [HORIZON]).labels[HORIZON]
    churned, value = labels["churned"].to_numpy(), labels["future_value"].to_numpy()
    model = made_horizon(shot.features, churned, value, carry=Carry(HORIZON, HORIZON))
    model = replace(model, next_order=replace(DATES, horizon_days=HORIZON))
    rhythm = vars(rhythm_of(log, 90.0))
    probability = model.churn_probability(shot.features)
    facts = {
        "rhythm": rhythm,
        "usual_churn": groups.usual_churn(shot.features["n_orders"].to_numpy(), churned),
        "risk_limits": groups.risk_limits(shot.features, probability, rhythm),
    }
    names = tuple(shot.features.columns)
    bundle = Bundle("v1", names, model, model, facts, {}, {}, {}, {})
    return shot.features, bundle
