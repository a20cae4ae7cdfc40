"""Worth by cohort and channel: of everybody who was won, not of those alone who stayed."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.line import AMOUNT_SCALE
from features.shop_clock import day_number
from retention.clv.ladder import Economics
from serving.details.worth import ladders_of, on_basis, won_of

CUTOFF = day_number(date(2026, 1, 1))
ECONOMICS = Economics(margin=0.5, retention_per_year=10.0)


def rows_of(statuses):
    scored = np.array([s == "scored" for s in statuses])
    return pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(len(statuses))],
            "score_status": statuses,
            "predicted_clv": np.where(scored, 100.0, np.nan),
            "predicted_number_of_orders": np.where(scored, 2.0, np.nan),
            "value_horizon_days": np.where(scored, 365, np.nan),
            "value_tier": ["top" if s == "scored" else None for s in statuses],
        }
    )


def history_of(first_days):
    n = len(first_days)
    money = np.full(n, 40 * AMOUNT_SCALE)
    return pd.DataFrame(
        {
            "gross": money,
            "refunded": np.zeros(n, int),
            "net": money,
            "first_order": money,
            "orders": np.ones(n, int),
            "first_day": [float(day_number(date.fromisoformat(day))) for day in first_days],
        },
        index=[f"C{i}" for i in range(n)],
    )


STATUSES = ["scored", "inactive", "inactive", "inactive", "scored", "too_new", "no_profiling"]
DAYS = [*("2021-02-01",) * 4, *("2025-05-01",) * 3]
TOLD = pd.DataFrame(
    {"acquisition_cost": np.nan, "channel": ["ads", "ads", "shop", "shop", "shop", "ads", "ads"]},
    index=[f"C{i}" for i in range(7)],
)


def worth_on(basis):
    rows, history = rows_of(STATUSES), history_of(DAYS)
    ladders = ladders_of(rows, history, ECONOMICS, TOLD, cutoff=CUTOFF)
    won = won_of(rows, history, ECONOMICS, TOLD, cutoff=CUTOFF)
    return on_basis(ladders, won, basis, "year")


def test_a_cohort_is_of_those_who_left_too():
    by_year = {each["group"]: each for each in worth_on("revenue")["cohorts"]}
    # One of four stayed: of him 100 are expected, of the others nothing.
    assert by_year["2021"]["customers"] == 4
    assert by_year["2021"]["historic_mean"] == 40
    assert by_year["2021"]["predicted_mean"] == 25
    # Who is too new, or does not want to be scored, has nothing told and is left out.
    assert (by_year["2025"]["customers"], by_year["2025"]["predicted_mean"]) == (1, 100)


def test_nobody_who_left_costs_anything_from_now_on():
    by_year = {each["group"]: each for each in worth_on("profit")["cohorts"]}
    of_one = by_year["2025"]["predicted_mean"]
    assert of_one > 0
    assert by_year["2021"]["predicted_mean"] == pytest.approx(of_one / 4, abs=0.01)


def test_channels_are_of_everybody_and_tiers_of_the_scored():
    told = worth_on("revenue")
    assert {each["group"]: each["customers"] for each in told["channels"]} == {"ads": 2, "shop": 3}
    assert sum(each["customers"] for each in told["tiers"]) == 2
