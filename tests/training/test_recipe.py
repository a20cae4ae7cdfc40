from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.shop_clock import ShopClock
from models.rules import RETURN_RULES
from tests.made_shop import made_log, made_purchases, on_days, repeated
from training.gate import BY_CUSTOMER, BY_TIME
from training.recipe import Horizons, Recipe
from training.results import MODEL


def recipe(purchases, seed=0):
    return Recipe(made_log(purchases), seed=seed)


def bundle(made, days=60, value_days=60):
    end = made.log.last_day + 1
    return made.bundle(end, Horizons(days, value_days), clock=ShopClock(), risk_limits=None)


def served(purchases, days=60):
    return bundle(recipe(purchases), days).bundle.served


def silence_alone(customers=500, seed=3):
    """The next purchase hangs on the silence alone: all gaps are of one heavy-tailed law."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        when = draw.uniform(0, 300)
        while when < 400:
            rows.append((f"u{i:04d}", int(when), 10.0))
            when += 1 + 12 * draw.pareto(1.1)
    return on_days(rows)


def two_rhythms(customers=800, seed=3):
    """Weekly and quarterly buyers: the same silence is the end of the one, but not the other."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        gap = 7 if i % 2 else 90
        stop = int(draw.integers(40, 900))
        rows += [
            (f"u{i:04d}", int(d), float(20 + 180 * (i % 3 == 0)))
            for d in range(int(draw.integers(0, gap)), min(500, stop), gap)
        ]
    return on_days(rows)


def test_where_silence_is_the_whole_truth_the_recency_rule_is_served():
    assert served(silence_alone())["return"] in ("recency", "no_purchase_in_horizon")


def test_real_structure_beyond_the_rules_is_served_by_the_model():
    assert served(two_rhythms())["return"] == MODEL


def test_purchases_at_random_are_not_served_by_the_model():
    draw = np.random.default_rng(5)
    rows = [(f"u{draw.integers(0, 500):04d}", int(d), 10.0) for d in draw.integers(0, 400, 4000)]
    assert MODEL not in served(on_days(rows)).values()


@pytest.mark.parametrize("horizon", [1, 3, 6])
def test_a_horizon_of_days_is_learnt_and_not_guessed(horizon):
    fitted = bundle(recipe(made_purchases(200)), horizon, horizon)
    assert fitted.bundle.churn.carry.observed_days == horizon
    assert fitted.bundle.training["churn_cutoffs"]


def test_time_is_kept_apart_for_fit_calibration_and_gate():
    made = recipe(made_purchases(400))
    fit = made.fit(made.log.last_day + 1, 60)
    assert fit is not None
    judged, method = made.evidence(fit)
    assert method == BY_TIME
    earlier = made.fit(fit.plan.newest, 60)
    assert earlier is not None
    assert earlier.plan.newest + 60 <= fit.plan.newest
    assert max(earlier.plan.fit_cutoffs) + 60 <= earlier.plan.newest
    assert np.array_equal(judged.churned, fit.labels["churned"])


def test_a_model_that_could_not_be_fitted_now_does_not_win_on_an_earlier_one():
    made = recipe(made_purchases(400))
    fit = made.fit(made.log.last_day + 1, 60)
    assert fit is not None
    without = replace(
        fit,
        returns={n: h for n, h in fit.returns.items() if n != MODEL},
        values={n: h for n, h in fit.values.items() if n != MODEL},
    )
    judged, _ = made.evidence(without)
    assert MODEL not in judged.churn_probability
    assert MODEL not in judged.predicted_clv


def test_few_customers_in_a_log_of_one_and_a_half_windows_get_a_rule():
    made = recipe(repeated(30, lambda i: [i % 12, 20 + i % 11, 31]))
    fitted = bundle(made, 20, 20)
    assert fitted.gates[0].method == BY_CUSTOMER
    assert fitted.bundle.churn.member in RETURN_RULES


def test_lines_known_late_do_not_count_as_history():
    purchases = made_purchases(100, 300)
    known = pd.Series("2024-03-01", index=purchases.index)
    late = purchases.assign(known_at=known.where(purchases["customer_id"] < "c0050", None))
    known_late = late[late["customer_id"] < "c0050"]
    fitted = bundle(recipe(known_late))
    assert fitted.bundle.churn.member == "base_rate", "all of it became known on one day"
    assert bundle(recipe(late)).bundle.churn.member in (*RETURN_RULES, MODEL)
