import json

import numpy as np
import pandas as pd

from models.next_order import NextOrderHead
from training.fit_next_order import TOO_FEW_RETURNERS, fit_next_order

WINDOW = 60


def made_buyers(n=1500, seed=0):
    """Buyers with a gap of their own; what is left of it, give or take, passes until the next."""
    draw = np.random.default_rng(seed)
    gap = draw.gamma(3.0, 12.0, n) + 2
    silence = np.floor(draw.random(n) * gap)
    count = draw.integers(1, 12, n).astype(float)
    wait = np.floor(np.maximum(gap * draw.gamma(8.0, 1 / 8, n) - silence, 0))
    features = pd.DataFrame(
        {
            "frequency": count,
            "recency": np.round(count * gap),
            "days_since_last": silence,
            "mean_gap": np.round(count * gap) / count,
            "noise": draw.random(n),
        }
    )
    return features, np.where(wait < WINDOW, wait, np.nan)


def fit(features, days, seed=7, horizon_days=WINDOW):
    n = len(days)
    return fit_next_order(
        features, days, fold=np.arange(n) % 5, newest=np.ones(n, bool),
        observed_days=WINDOW, horizon_days=horizon_days, seed=seed,
    )  # fmt: skip


def test_four_in_five_returners_come_within_the_interval_on_new_customers():
    features, days = made_buyers()
    head = fit(features, days).head
    later, came = made_buyers(seed=1)
    p10, p50, p90 = head.quantiles(later)
    back = ~np.isnan(came)
    covered = ((came >= p10) & (came <= p90))[back].mean()
    assert 0.76 <= covered <= 0.88
    assert 0.45 <= (came <= p50)[back].mean() <= 0.60
    assert (p10 <= p50).all()
    assert (p50 <= p90).all()


def test_the_median_is_nearer_than_the_rule_of_the_mean_gap():
    facts = fit(*made_buyers()).head.facts
    assert facts["repeat_median_error_days"] <= 0.85 * facts["rule_median_error_days"]


def test_customers_who_did_not_return_count_as_outside_the_interval():
    features, days = made_buyers()
    facts = fit(features, days).head.facts
    assert facts["returners"] + facts["censored"] == len(days)
    share = facts["returners"] / len(days)
    assert np.isclose(facts["coverage_everyone"], facts["coverage_returners"] * share)


def test_few_returners_have_a_reason_and_some_have_a_head_without_trees():
    features, days = made_buyers(400)
    few = np.where(np.cumsum(~np.isnan(days)) <= 29, days, np.nan)
    assert fit(features, few).head is None
    assert fit(features, few).reason == TOO_FEW_RETURNERS
    some = np.where(np.cumsum(~np.isnan(days)) <= 200, days, np.nan)
    head = fit(features, some).head
    assert head.booster is None
    assert head.facts["coverage_returners"] >= 0.75


def test_a_head_comes_back_from_its_files_with_equal_bytes(tmp_path):
    features, days = made_buyers()
    head = fit(features, days, horizon_days=90).head
    spec = json.loads(json.dumps(head.save(tmp_path, "next_order")))
    files = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    back = NextOrderHead.load(spec, files)
    assert (back.observed_days, back.horizon_days) == (WINDOW, 90)
    assert np.array_equal(back.quantiles(features), head.quantiles(features))
    again = fit(features, days, horizon_days=90).head
    again.booster.save_model(tmp_path / "again.ubj")
    assert (tmp_path / "again.ubj").read_bytes() == files["next_order.ubj"]
