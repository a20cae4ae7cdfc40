"""Readouts with a known truth, and the words that they are put in."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from retention.lists.adjusted_effect import Effect, adjusted_effect
from retention.lists.holdout import draw_holdout, strata_of
from retention.lists.power import power_of
from retention.lists.readout import profit_of, read_out
from retention.lists.verdict import verdict

DAY = dt.date(2025, 6, 1)


def effect(estimate, half, detectable=0.08):
    return Effect(
        estimate, half / 1.96, estimate - half, estimate + half, 0.5, 0.5 - estimate, detectable
    )


def made_list(effect_points, seed, n=3000, share=0.3, cost=1.0):
    """A list with known p, and what came of it."""
    rng = np.random.default_rng(seed)
    p, spend = rng.beta(2, 3, n), rng.lognormal(4, 0.7, n)
    order = np.argsort(-(1 - p) * spend)
    p, spend = p[order], spend[order]
    ids = [f"c{i}" for i in range(n)]
    held = draw_holdout(f"list {seed}", ids, share)
    members = pd.DataFrame(
        {
            "customer_id": ids,
            "arm": np.where(held, "held_out", "contacted"),
            "stratum": strata_of(n),
            "return_probability": p,
            "expected_spend": spend,
        }
    )
    after = np.clip(p + effect_points / 100 * ~held, 0, 1)
    returned = (rng.random(n) < after).astype(float)
    revenue = returned * spend * rng.lognormal(-0.18, 0.6, n)
    profit = profit_of(revenue, margin=0.5, contact_cost=cost * ~held, incentive_paid=np.zeros(n))
    outcomes = pd.DataFrame(
        {"customer_id": ids, "returned": returned, "revenue": revenue, "profit": profit}
    )
    return members, outcomes


def final(members, outcomes, primary="return_rate"):
    return read_out(
        members, outcomes, primary_outcome=primary, readout_on=DAY, today=dt.date(2025, 6, 1)
    )


def test_worked_example_without_covariates():
    y = np.array([1.0, 1, 0, 1, 0, 0, 1, 0])
    contacted = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    found = adjusted_effect(y, contacted, np.zeros(8, int), np.zeros((8, 1)))
    assert found.estimate == pytest.approx(0.75 - 0.25)
    # The variances of the two means, each with n - 1: 0.75 x 0.25 x 4/3 / 4, twice.
    assert found.error == pytest.approx(np.sqrt(2 * 0.1875 / 3))


def test_adjusting_takes_noise_away_and_leaves_the_mean():
    rng = np.random.default_rng(3)
    x = rng.normal(size=4000)
    contacted = rng.random(4000) < 0.5
    y = 2 * x + 0.3 * contacted + rng.normal(size=4000)
    stratum = np.zeros(4000, int)
    plain = adjusted_effect(y, contacted, stratum, np.zeros((4000, 1)))
    adjusted = adjusted_effect(y, contacted, stratum, x[:, None])
    assert adjusted.error == pytest.approx(2 / np.sqrt(4000), rel=0.05)
    assert adjusted.error < 0.5 * plain.error
    assert abs(adjusted.estimate - 0.3) < 3 * adjusted.error


def test_hc2_equals_the_textbook_matrix():
    rng = np.random.default_rng(4)
    n = 600
    x = rng.normal(size=(n, 2))
    contacted = rng.random(n) < 0.4
    y = x @ [1.0, -2.0] + rng.normal(size=n) * (1 + contacted)
    found = adjusted_effect(y, contacted, np.zeros(n, int), x)
    centred = (x - x.mean(axis=0)) / x.std(axis=0)
    one = np.column_stack([np.ones(n), contacted, centred, centred * contacted[:, None]])
    inverse = np.linalg.inv(one.T @ one)
    beta = inverse @ one.T @ y
    left = y - one @ beta
    leverage = np.diag(one @ inverse @ one.T)
    meat = one.T @ (one * (left**2 / (1 - leverage))[:, None])
    assert found.estimate == pytest.approx(beta[1])
    assert found.error == pytest.approx(np.sqrt((inverse @ meat @ inverse)[1, 1]))


@pytest.mark.parametrize("points", [0, 5])
def test_intervals_cover_and_power_is_as_stated(points):
    found, n = [], 100
    for seed in range(n):
        members, outcomes = made_list(points, seed, n=1500)
        found.append(final(members, outcomes).effects["return_rate"])
    truth = points / 100
    # Clipping at 1 is rare under Beta(2, 3), but the truth is what it leaves.
    covered = np.mean([e.low <= truth <= e.high for e in found])
    assert covered >= 0.90  # 100 of them: more than two standard errors below 0.95
    shown = np.mean([e.shown for e in found])
    p = members["return_probability"].to_numpy()
    stated = power_of(p, truth, contacted=1050, held=450) if points else 0.05
    assert shown == pytest.approx(stated, abs=0.1)


def test_the_profit_is_that_of_the_arms():
    members, outcomes = made_list(8, 1, n=20_000)
    made = final(members, outcomes, "profit")
    p, spend = members["return_probability"], members["expected_spend"]
    truth = (np.minimum(0.08, 1 - p) * spend * 0.5).mean() - 1.0
    assert made.effects["profit"].low < truth < made.effects["profit"].high
    total, low, high = made.net_gain
    assert total == pytest.approx(made.effects["profit"].estimate * made.contacted)
    assert low < total < high


def test_the_measured_save_rate_is_the_effect_over_those_who_would_not_return():
    members, outcomes = made_list(6, 5, n=40_000)
    rate = final(members, outcomes).save_rate
    assert rate.origin == "measured"
    assert abs(rate.mean - 0.06 / 0.6) < 3 * rate.sd
    assert 0.002 < rate.sd < 0.02


def test_a_save_rate_below_0_is_kept_as_it_was_estimated():
    members, outcomes = made_list(-8, 5, n=20_000)
    made = final(members, outcomes)
    assert made.save_rate.mean < -0.08
    lost = 1 - made.means["return_rate"][1]
    assert made.save_rate.sd == pytest.approx(made.effects["return_rate"].error / lost)


def test_arms_in_which_nobody_returned_do_not_make_the_save_rate_certain():
    members, outcomes = made_list(0, 1, n=1000)
    none = outcomes.assign(returned=0.0, revenue=0.0, profit=0.0)
    rate = final(members, none).save_rate
    assert (rate.mean, rate.sd) == (0.0, pytest.approx(1 / 300, rel=0.05))


def test_before_the_declared_day_there_is_no_interval_and_no_verdict():
    members, outcomes = made_list(20, 2)
    early = read_out(
        members, outcomes, primary_outcome="return_rate", readout_on=DAY, today=dt.date(2025, 5, 30)
    )
    assert early.status == "preliminary"
    assert early.effects == {}
    assert early.net_gain is None
    assert (
        early.verdict == "preliminary: the readout is on 2025-06-01, in 2 days; no verdict before"
    )
    assert final(members, outcomes).status == "final"


def test_the_verdict_of_a_list_that_paid():
    told = {"return_rate": effect(0.031, 0.019), "profit": effect(0.42, 0.2)}
    assert verdict("return_rate", told, 10_000) == (
        "+3.1 points, 95 % interval 1.2 to 5.0: it paid 4,200 more than it cost"
    )


def test_it_paid_is_said_only_where_the_profits_interval_excludes_0():
    told = {"return_rate": effect(0.031, 0.019), "profit": effect(0.42, 0.5)}
    said = verdict("return_rate", told, 10_000)
    assert said.endswith(": whether it paid is not shown (−800 to 9,200)")
    told["profit"] = effect(-0.42, 0.2)
    assert verdict("return_rate", told, 10_000).endswith(": it cost 4,200 more than it paid")


def test_the_verdict_where_nothing_is_shown():
    told = {"return_rate": effect(0.02, 0.05), "profit": effect(0.5, 0.2)}
    # The profit's interval excludes 0, but it is not the outcome that was declared.
    assert verdict("return_rate", told, 10_000) == (
        "no effect shown; a list of this size could have shown 8 points or more"
    )
    told["profit"] = effect(-0.5, 0.2)
    assert verdict("return_rate", told, 1000).endswith(
        "8 points or more; it cost 500 more than it paid"
    )


def test_the_verdict_of_harm_and_of_other_outcomes():
    told = {"return_rate": effect(-0.03, 0.01), "profit": effect(-0.4, 0.2)}
    assert verdict("return_rate", told, 100) == (
        "−3.0 points, 95 % interval −4.0 to −2.0: contact drove customers away; "
        "it cost 40.00 more than it paid"
    )
    told["revenue"] = effect(1.5, 0.5)
    assert verdict("revenue", told, 100).startswith("+1.50 a customer, 95 % interval 1.00 to 2.00:")


def test_a_list_without_a_hold_out_tells_no_effect():
    members, outcomes = made_list(5, 0, n=100, share=0.0)
    made = final(members, outcomes)
    assert made.verdict.startswith("no effect can be told")
    assert made.save_rate is None
    assert made.net_gain is None


def test_small_arms_are_compared_with_fewer_covariates():
    members, outcomes = made_list(5, 0, n=40, share=0.2)
    assert final(members, outcomes).effects["return_rate"].defined


def test_a_member_without_an_outcome_is_an_error_and_not_a_zero():
    members, outcomes = made_list(5, 0, n=100)
    with pytest.raises(ValueError, match="1 of 100 members have no outcome"):
        final(members, outcomes.iloc[1:])
    with pytest.raises(ValueError, match="outcomes hold a customer twice"):
        final(members, pd.concat([outcomes, outcomes.iloc[:1]]))
    with pytest.raises(ValueError, match="primary outcome must be one of"):
        final(members, outcomes, "clicks")
    with pytest.raises(ValueError, match="arms must be"):
        final(members.assign(arm="control"), outcomes)
