import numpy as np
import pandas as pd
import pytest

from benchmarks.shops import SHOPS
from features.shop_clock import day_number
from models.btyd_columns import fit_btyd
from models.rules import BTYD_MODELS, RETURN_RULES, VALUE_RULES
from models.trees import TreeParameters
from tests.made_shop import made_log, made_purchases, on_days, repeated
from training.cross_fit import enough
from training.fit import fit_horizon, outcome
from training.results import MODEL
from training.windows import plan_windows


def fit(purchases, horizon=60, *, seed=0, dates=False, **plan_options):
    log = made_log(purchases)
    plan = plan_windows(log.first_day, log.last_day + 1, horizon, **plan_options)
    assert plan is not None
    return fit_plan(log, plan, seed=seed, dates=dates)


def fit_plan(log, plan, *, seed=0, dates=False):
    return fit_horizon(
        log,
        plan,
        btyd_at=lambda cutoff, features: fit_btyd(features),
        trees=lambda rows: TreeParameters(),
        seed=seed,
        dates=dates,
    )


def rules_alone(fitted):
    return MODEL not in fitted.heads.returns and MODEL not in fitted.heads.values


@pytest.fixture(scope="module")
def shop():
    return made_purchases(400)


@pytest.fixture(scope="module")
def fitted(shop):
    return fit(shop)


def test_every_member_has_a_head_and_predicts_in_range(fitted):
    assert fitted.plan.by_time
    assert set(fitted.heads.returns) == {MODEL, *RETURN_RULES}
    assert set(fitted.heads.values) == {MODEL, *VALUE_RULES}
    inputs = fitted.preparation.of(fitted.features)
    for head in fitted.heads.returns.values():
        churn = head.churn_probability(inputs)
        assert np.all((churn > 0) & (churn < 1))
        assert churn.mean() == pytest.approx(fitted.labels["churned"].mean(), abs=0.04)
    main = fitted.heads.returns[MODEL]
    for name, value in fitted.heads.values.items():
        predicted = value.predict(inputs, fitted.heads.returns.get(name, main))
        assert np.all(predicted.mean >= 0)
        assert np.all((predicted.p10 <= predicted.p50) & (predicted.p50 <= predicted.p90))
        assert predicted.mean.sum() == pytest.approx(fitted.labels["future_value"].sum(), rel=0.25)


def test_orders_come_at_the_level_that_came(fitted):
    inputs = fitted.preparation.of(fitted.features)
    returns = fitted.heads.returns[MODEL]
    orders = fitted.heads.orders.predict(inputs, returns)
    assert (orders >= 1 - returns.churn_probability(inputs)).all()
    assert orders.sum() == pytest.approx(fitted.labels["future_orders"].sum(), rel=0.15)


def test_each_customer_is_judged_by_scores_that_had_not_seen_them(fitted):
    held_out = fitted.held_out
    assert held_out is not None
    assert len(held_out.churned) == len(fitted.labels)
    assert sorted(held_out.future_value) == sorted(fitted.labels["future_value"])
    inputs = fitted.preparation.of(fitted.features)
    in_sample = fitted.heads.returns[MODEL].churn_probability(inputs)
    held = held_out.churn_probability[MODEL]
    assert not np.array_equal(np.sort(in_sample), np.sort(held))
    assert set(held_out.churn_probability) == set(fitted.heads.returns)
    assert set(held_out.predicted_clv) == set(fitted.heads.values)


def test_the_same_seed_gives_the_same_bytes(shop, fitted):
    again = fit(shop)
    for name in ("returns", "values"):
        one, two = (getattr(f.heads, name)[MODEL] for f in (fitted, again))
        scores = ("score",) if name == "returns" else ("spend", "total")
        for score in scores:
            found, wanted = getattr(one, score), getattr(two, score)
            assert found.booster.save_raw() == wanted.booster.save_raw()
            assert found.spec("x") == wanted.spec("x")
    inputs = [f.preparation.of(f.features) for f in (fitted, again)]
    said = [
        outcome(f.heads, i, f.labels, f.plan.newest, 60)
        for f, i in zip((fitted, again), inputs, strict=True)
    ]
    for part in ("churn_probability", "predicted_clv"):
        for member, values in getattr(said[0], part).items():
            assert values.tobytes() == getattr(said[1], part)[member].tobytes(), member
    assert said[0].clv_p90.tobytes() == said[1].clv_p90.tobytes()


def test_another_seed_gives_other_trees(shop, fitted):
    one, two = (f.heads.returns[MODEL].score.booster for f in (fitted, fit(shop, seed=1)))
    assert one.save_raw() != two.save_raw()


def test_columns_of_models_of_purchase_days_stand_beside_the_features(fitted):
    inputs = fitted.preparation.of(fitted.features)
    assert set(BTYD_MODELS) <= set(fitted.heads.returns)
    assert set(fitted.preparation.read) < set(inputs.btyd.names)
    assert np.isfinite(inputs.joined.rows(fitted.preparation.read)).all()


def test_dates_are_fitted_where_they_are_asked_for(shop, fitted):
    assert fitted.next_order is None
    asked = fit(shop, dates=True).next_order
    assert asked is not None
    assert asked.head is not None


def effects_before_autumn(name, scale=0.2):
    """What the season adds to each score of a made shop, fitted in September."""
    shop = SHOPS[name]
    log = made_log(shop.make(3, scale)[["customer_id", "ordered_at", "amount"]])
    end = day_number(pd.Timestamp("2024-09-02").date())
    plan = plan_windows(log.first_day, end, shop.horizon_days)
    assert plan is not None
    assert plan.season
    fitted = fit_plan(log.known_before(end), plan)
    value = fitted.heads.values[MODEL]
    scores = {
        "return": fitted.heads.returns[MODEL].score,
        "spend": value.spend,
        "total": value.total,
        "orders": fitted.heads.orders.score,
    }
    return {name: score.effect for name, score in scores.items()}


def test_before_a_strong_autumn_fewer_are_said_to_stay_away_and_more_to_be_spent():
    effects = effects_before_autumn("seasonal_retail")
    assert effects["return"] < -0.1
    assert min(effects[name] for name in ("total", "orders")) > 0.2
    assert effects["spend"] >= 0


def test_in_a_shop_without_seasons_last_autumn_changes_nothing():
    assert set(effects_before_autumn("seasonless").values()) == {0.0}


@pytest.mark.parametrize(
    ("returned", "churned", "sure"),
    [(10, 40, True), (9, 41, False), (40, 9, False), (30, 19, False)],
)
def test_fifty_customers_with_ten_of_a_kind_are_enough(returned, churned, sure):
    assert enough(np.repeat([0.0, 1.0], [returned, churned])) == sure


def test_a_stray_early_line_leaves_the_model_to_the_customers_of_today():
    stray = on_days([("stray", -8400, 10.0)])
    fitted = fit(pd.concat([stray, made_purchases(400, 110, seed=5)]))
    assert fitted.plan.season, "windows of which that one line is all there is"
    assert fitted.held_out is not None
    assert fitted.has_model


@pytest.mark.parametrize(
    "purchases",
    [
        made_purchases(30),
        repeated(300, lambda i: [i % 300, 399]),  # everybody buys in the newest window
        repeated(300, lambda i: [i]),
    ],
    ids=["30 customers", "all return", "one-time buyers"],
)
def test_too_few_of_a_kind_leave_the_rules_alone(purchases):
    fitted = fit(purchases)
    assert rules_alone(fitted)
    assert fitted.held_out is None
    assert set(RETURN_RULES) - set(BTYD_MODELS) <= set(fitted.heads.returns)
    assert set(VALUE_RULES) - set(BTYD_MODELS) <= set(fitted.heads.values)


def test_a_fold_in_which_nobody_returned_leaves_the_rules_alone(capfd):
    def days_of(i):
        return [i % 30, 165, 200, 300] if i < 10 else [i % 30]

    fitted = fit(repeated(60, days_of), 120)
    assert not fitted.plan.by_time
    assert rules_alone(fitted)
    assert capfd.readouterr().err == "", "XGBoost is not asked to learn from nothing"
