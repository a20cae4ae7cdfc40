from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.shops import SHOPS
from features.panel import snapshot
from features.shop_clock import ShopClock, day_number
from models.bundle import load_bundle, save_parts, seal
from models.rules import BTYD_MODELS, RETURN_RULES
from tests.made_shop import made_log, made_purchases, on_days, repeated
from training.bundle_parts import served as served_by
from training.calibrate import Heads
from training.fit import READ_BY_SCORES
from training.gate import BY_CUSTOMER, BY_TIME
from training.recipe import Horizons, Recipe
from training.results import MODEL


def recipe(purchases, *, n_cutoffs=None):
    return Recipe(made_log(purchases), seed=0, n_cutoffs=n_cutoffs)


def bundle(made, days=60, value_days=60):
    end = made.log.last_day + 1
    return made.bundle(end, Horizons(days, value_days), clock=ShopClock(), risk_limits=None)


def served(purchases, days=60):
    return bundle(recipe(purchases), days).bundle.served


@pytest.fixture(scope="module")
def shop():
    return recipe(made_purchases(400), n_cutoffs=2)


@pytest.fixture(scope="module")
def made_bundle(shop):
    return bundle(shop).bundle


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


def last_basket(customers=700, seed=3):
    """Who spent much comes back, and who spent little does not; the days tell nothing of it."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        when, stays = draw.uniform(0, 450), True
        while when < 500 and stays:
            much = draw.random() < 0.5
            rows.append((f"u{i:04d}", int(when), 200.0 if much else 20.0))
            stays = draw.random() < (0.95 if much else 0.3)
            when += 1 + draw.exponential(25)
    return on_days(rows)


def test_where_silence_is_the_whole_truth_the_recency_rule_is_served():
    assert served(silence_alone())["return"] in ("recency", "no_purchase_in_horizon")


def test_in_a_shop_of_pure_recency_the_rule_is_served():
    shop = SHOPS["pure_recency"]
    lines = shop.make(3, 0.12)[["customer_id", "ordered_at", "amount"]]
    end = day_number(pd.Timestamp(shop.cutoffs[-1]).date())
    horizons = Horizons(shop.horizon_days, shop.horizon_days)
    fitted = recipe(lines).bundle(end, horizons, clock=ShopClock(), risk_limits=None)
    assert fitted.bundle.served["return"] == "recency"
    assert fitted.gates[0].method == BY_TIME
    assert not fitted.gates[0].versus["recency"].above_zero
    assert fitted.bundle.served["value"] != MODEL, "all spend alike, whoever they are"


def test_real_structure_beyond_the_rules_is_served_by_the_model():
    assert served(last_basket())["return"] == MODEL


def test_rhythms_that_no_rule_sees_are_served_by_what_sees_them():
    assert served(two_rhythms())["return"] in (MODEL, *BTYD_MODELS)


def test_purchases_at_random_are_not_served_by_the_model():
    draw = np.random.default_rng(5)
    rows = [(f"u{draw.integers(0, 500):04d}", int(d), 10.0) for d in draw.integers(0, 400, 4000)]
    assert MODEL not in served(on_days(rows)).values()


@pytest.mark.parametrize("horizon", [1, 6])
def test_a_horizon_of_days_is_learnt_and_not_guessed(horizon):
    fitted = bundle(recipe(made_purchases(200), n_cutoffs=2), horizon, horizon)
    assert fitted.bundle.churn.returns.carry.observed_days == horizon
    assert fitted.bundle.training["churn_cutoffs"]


def test_what_the_gate_judges_by_was_neither_fitted_nor_calibrated_on(shop):
    made, fit = shop, shop.fit(shop.log.last_day + 1, 60, dates=True)
    assert fit is not None
    judged, method = made.evidence(fit)
    assert method == BY_TIME
    earlier = made.fit(fit.plan.newest, 60)
    assert earlier is not None
    assert all(cutoff + 60 <= fit.plan.newest for cutoff in earlier.plan.cutoffs)
    assert fit.plan.newest + 60 <= made.log.last_day + 1
    assert np.array_equal(judged.churned, fit.labels["churned"])


def test_a_model_that_could_not_be_fitted_now_does_not_win_on_an_earlier_one(shop):
    made, fit = shop, shop.fit(shop.log.last_day + 1, 60, dates=True)
    assert fit is not None
    heads = fit.heads
    rules = Heads(
        {n: h for n, h in heads.returns.items() if n != MODEL},
        {n: h for n, h in heads.values.items() if n != MODEL},
        heads.orders,
    )
    without = replace(fit, heads=rules, held_out=None)
    judged, _ = made.evidence(without)
    assert MODEL not in judged.churn_probability
    assert MODEL not in judged.predicted_clv


def test_a_stray_early_line_leaves_the_gate_to_the_customers_of_today():
    stray = on_days([("stray", -8400, 10.0)])
    made = recipe(pd.concat([stray, made_purchases(300, 110, seed=5)]))
    fit = made.fit(made.log.last_day + 1, 60)
    assert fit is not None
    assert fit.plan.by_time, "there is time enough, but nobody was there"
    judged, method = made.evidence(fit)
    assert method == BY_CUSTOMER
    assert judged is fit.held_out


@pytest.mark.parametrize("member", BTYD_MODELS)
def test_a_model_of_purchase_days_is_served_as_it_was_fitted(shop, made_bundle, tmp_path, member):
    end = shop.log.last_day + 1
    fit = shop.fit(end, 60, dates=True)
    assert fit is not None
    horizon = served_by(fit, member, member)
    saved = replace(made_bundle, churn=horizon, value=horizon)
    seal(tmp_path / "bundle", save_parts(saved, tmp_path / "bundle"), {})
    loaded = load_bundle(tmp_path / "bundle")
    assert loaded.served == {"return": member, "value": member}
    features = snapshot(shop.log, end).features
    one, two = horizon.predict(features), loaded.churn.predict(features)
    assert one.churn.tobytes() == two.churn.tobytes()
    assert one.orders.tobytes() == two.orders.tobytes()
    for part in ("mean", "p10", "p50", "p90", "spend_if_return"):
        assert getattr(one.value, part).tobytes() == getattr(two.value, part).tobytes()
    whole = fit.preparation.of(features)
    wanted = fit.heads.returns[member]
    assert np.array_equal(two.churn, wanted.churn_probability(whole))
    assert np.array_equal(two.value.mean, fit.heads.values[member].predict(whole, wanted).mean)


def test_the_bundle_reads_no_model_of_purchase_days_that_it_does_not_need(shop):
    fit = shop.fit(shop.log.last_day + 1, 60, dates=True)
    assert fit is not None
    lean = served_by(fit, MODEL, MODEL).preparation.btyd
    assert set(lean.histories) == set(READ_BY_SCORES)
    slow = served_by(fit, "pareto_nbd", MODEL).preparation.btyd
    assert set(slow.histories) == {*READ_BY_SCORES, "pareto_nbd"}


def test_few_customers_in_a_log_of_one_and_a_half_windows_get_a_rule():
    made = recipe(repeated(30, lambda i: [i % 12, 20 + i % 11, 31]))
    fitted = bundle(made, 20, 20)
    assert fitted.gates[0].method == BY_CUSTOMER
    assert fitted.bundle.served["return"] in RETURN_RULES


def test_lines_known_late_do_not_count_as_history():
    purchases = made_purchases(100, 300)
    known = pd.Series("2024-03-01", index=purchases.index)
    late = purchases.assign(known_at=known.where(purchases["customer_id"] < "c0050", None))
    known_late = late[late["customer_id"] < "c0050"]
    fitted = bundle(recipe(known_late, n_cutoffs=2))
    assert fitted.bundle.served["return"] == "base_rate", "all of it became known on one day"
    assert bundle(recipe(late, n_cutoffs=2)).bundle.served["return"] in (*RETURN_RULES, MODEL)
