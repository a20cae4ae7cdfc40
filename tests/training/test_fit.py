import numpy as np
import pandas as pd
import pytest

from models.rules import RETURN_RULES, VALUE_RULES
from tests.made_shop import made_log, made_purchases, on_days, repeated
from training.fit import fit_horizon
from training.results import MODEL
from training.windows import plan_windows


def fit(purchases, horizon=60, **plan_options):
    log = made_log(purchases)
    plan = plan_windows(log.first_day, log.last_day + 1, horizon, **plan_options)
    assert plan is not None
    return fit_horizon(log, plan, seed=0)


@pytest.fixture(scope="module")
def shop():
    return made_purchases(400)


def test_every_member_has_a_head_and_predicts_in_range(shop):
    fitted = fit(shop)
    assert fitted.plan.by_time
    assert set(fitted.returns) == {MODEL, *RETURN_RULES}
    assert set(fitted.values) == {MODEL, *VALUE_RULES}
    for head in fitted.returns.values():
        churn = head.churn_probability(fitted.features)
        assert np.all((churn > 0) & (churn < 1))
        assert churn.mean() == pytest.approx(fitted.labels["churned"].mean(), abs=0.02)
    for value in fitted.values.values():
        predicted = value.predict(fitted.features)
        assert np.all(predicted.mean >= 0)
        assert np.all((predicted.p10 <= predicted.p50) & (predicted.p50 <= predicted.p90))
        assert predicted.mean.sum() == pytest.approx(fitted.labels["future_value"].sum(), rel=0.02)


def test_by_customer_each_customer_is_judged_by_trees_that_had_not_seen_them(shop):
    fitted = fit(shop, by_time=False)
    assert fitted.held_out is not None
    assert len(fitted.held_out.churned) == len(fitted.labels)
    assert sorted(fitted.held_out.future_value) == sorted(fitted.labels["future_value"])
    in_sample = fitted.returns[MODEL].churn_probability(fitted.features)
    held_out = fitted.held_out.churn_probability[MODEL]
    assert not np.array_equal(np.sort(in_sample), np.sort(held_out))


def test_the_same_seed_gives_the_same_trees(shop):
    one, two = (fit(shop, by_time=False).returns[MODEL].booster for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.save_raw() == two.save_raw()


def test_a_stray_early_line_leaves_the_model_to_the_customers_of_today():
    stray = on_days([("stray", -8400, 10.0)])
    fitted = fit(pd.concat([stray, made_purchases(400, 110, seed=5)]))
    assert not fitted.plan.by_time
    assert fitted.held_out is not None
    assert MODEL in fitted.returns


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
    assert set(fitted.returns) == set(RETURN_RULES)
    assert set(fitted.values) == set(VALUE_RULES)


def test_a_fold_in_which_nobody_returned_leaves_the_rules_alone(capfd):
    def days_of(i):
        return [i % 30, 165, 200, 300] if i < 10 else [i % 30]

    fitted = fit(repeated(60, days_of), 120)
    assert not fitted.plan.by_time
    assert MODEL not in fitted.returns
    assert capfd.readouterr().err == "", "XGBoost is not asked to learn from nothing"
