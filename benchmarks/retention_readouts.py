"""Readouts of many made lists of known effect: do the intervals hold, is the power as stated?"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.retention_lists import DAY, Scale, positions, scored_shop
from benchmarks.retention_shop import ASSUMED, Period, candidates
from retention.lists.build import build_list
from retention.lists.caps import CONTACTED
from retention.lists.plan import ListPlan
from retention.lists.power import power_of
from retention.lists.readout import Readout, profit_of, read_out

CONTACTS = 2000
DETECT = 0.05


def readouts(points: int, count: int, scale: Scale, seed: int = 0) -> dict[str, float]:
    """Coverage and power of `count` readouts, each of a list of its own.

    A list contacts 2,000 customers and holds out what `auto` takes to show 5 points.
    """
    shop, scorer = scored_shop(1000 + seed, scale)
    now = shop.period()
    p, spend = scorer.of(now)
    frame = candidates(p, spend)
    rng = np.random.default_rng([seed, points])
    found = [_one(frame, now, points / 100, rng, f"readout {k}") for k in range(count)]
    table = pd.DataFrame(found)
    means: dict[str, float] = {str(k): float(v) for k, v in table.mean().items()}
    return {**means, "count": float(count)}


def _one(
    frame: pd.DataFrame, now: Period, effect: float, rng: np.random.Generator, name: str
) -> dict[str, Any]:
    # A random half of the shop each time, so that lists differ in their members as well.
    part = frame[rng.random(len(frame)) < 0.5]
    plan = ListPlan(name, ASSUMED, DAY, max_contacts=CONTACTS, holdout="auto", detect=DETECT)
    members = build_list(part, plan).members
    at = positions(members["customer_id"])
    contacted = (members["arm"] == CONTACTED).to_numpy(bool)
    returned = rng.random(len(at)) < now.p[at] + effect * contacted
    revenue = returned * now.spend[at] * np.exp(0.6 * rng.normal(size=len(at)) - 0.18)
    paid = contacted * returned * (rng.random(len(at)) < ASSUMED.redemption_anyway)
    profit = profit_of(
        revenue,
        margin=ASSUMED.margin,
        contact_cost=ASSUMED.contact_cost * contacted,
        incentive_paid=ASSUMED.incentive * paid,
    )
    outcomes = pd.DataFrame(
        {
            "customer_id": members["customer_id"],
            "returned": returned.astype(float),
            "revenue": revenue,
            "profit": profit,
        }
    )
    made = read_out(
        members, outcomes, primary_outcome="return_rate", readout_on=DAY,
        today=DAY + dt.timedelta(days=1),
    )  # fmt: skip
    redeemed = ASSUMED.redemption_anyway * ASSUMED.incentive
    each = ASSUMED.margin * effect * now.spend[at] - redeemed * (now.p[at] + effect)
    truth = {
        "return_rate": effect,
        "revenue": float((effect * now.spend[at]).mean()),
        "profit": float(each.mean()) - ASSUMED.contact_cost,
    }
    told = members["return_probability"].to_numpy()
    held = int((~contacted).sum())
    stated = power_of(told, effect, contacted=int(contacted.sum()), held=held) if effect else 0.05
    return {**_marks(made, truth), "stated": stated, "members": len(at), "held_out": held}


def _marks(made: Readout, truth: dict[str, float]) -> dict[str, bool]:
    covered = {
        f"covers_{name}": made.effects[name].low <= value <= made.effects[name].high
        for name, value in truth.items()
    }
    shown = made.effects["return_rate"].shown
    return {
        **covered,
        "shown": shown,
        "none_shown": made.verdict.startswith("no effect shown"),
        "paid": ": it paid " in made.verdict,
    }
