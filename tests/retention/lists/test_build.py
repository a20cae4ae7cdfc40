"""Lists as a whole: budget, break-even, hold-out, gain, hash."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from retention.lists.build import build_list, preview_list
from retention.lists.contact_value import ValueAssumptions, contact_terms, expected_profit
from retention.lists.frozen import canonical_bytes, digest_of
from retention.lists.gain import expected_gain
from retention.lists.holdout import STRATA, held_out_sizes
from retention.lists.outside import outside_sample
from retention.lists.plan import ListPlan
from retention.lists.save_rate import SaveRate

ASSUMED = ValueAssumptions(
    SaveRate(0.06, 0.02), margin=0.4, contact_cost=1.0, incentive=5.0, redemption_anyway=0.2
)
PLAN = ListPlan("spring", ASSUMED, dt.date(2025, 6, 1), holdout=0.2)


def candidates(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:05d}" for i in range(n)],
            "return_probability": rng.beta(2, 3, n),
            "expected_spend": rng.lognormal(4.2, 0.7, n),
        }
    )


def test_without_a_budget_everybody_above_break_even_is_listed():
    frame = candidates()
    made = build_list(frame, PLAN)
    terms = contact_terms(frame["return_probability"], frame["expected_spend"], ASSUMED)
    worth = expected_profit(terms, 0.06) > 0
    assert set(made.members["customer_id"]) == set(frame["customer_id"][worth])
    assert (made.members["expected_profit"] > 0).all()
    assert (made.members["break_even_save_rate"] < 0.06).all()
    assert made.members["expected_profit"].is_monotonic_decreasing


@pytest.mark.parametrize("holdout", [0.0, 0.1, 0.5, "auto"])
def test_the_contacted_never_cost_more_than_the_budget(holdout):
    plan = replace(PLAN, budget=500.0, holdout=holdout, detect=0.1)
    made = build_list(candidates(), plan)
    spent = made.members.loc[made.members["arm"] == "contacted", "expected_outlay"].sum()
    assert spent == pytest.approx(made.outlay)
    assert 480 < spent <= 500


@pytest.mark.parametrize("holdout", [0.05, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("budget", [40.0, 500.0])
def test_a_budget_is_filled_until_one_more_customer_would_pass_it(holdout, budget):
    frame = candidates()
    made = build_list(frame, replace(PLAN, budget=budget, holdout=holdout))
    dearest = made.members["expected_outlay"].max()
    # One more customer can make one more stratum, and so up to ten more contacts.
    assert budget - STRATA * dearest < made.outlay <= budget
    held = int((made.members["arm"] == "held_out").sum())
    assert f"{held:,} of {len(made.members):,} customers" in made.holdout["sentence"]


def test_a_limit_of_contacts_is_filled_whatever_the_strata_round_up():
    for most in (10, 171, 200, 250):
        made = build_list(candidates(), replace(PLAN, max_contacts=most, holdout=0.1))
        every = range(1, made.counts["worth_contacting"] + 1)
        possible = [n - held_out_sizes(n, 0.1) for n in every]
        assert made.counts["contacted"] == max(n for n in possible if n <= most)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_list_of_two_or_more_has_somebody_in_each_arm(share):
    for size in (2, 3, 7):
        made = build_list(candidates(size).assign(return_probability=0.1), replace(
            PLAN, assumed=replace(ASSUMED, incentive=0.0, contact_cost=0.0), holdout=share
        ))  # fmt: skip
        assert made.counts["listed"] == size
        assert made.counts["held_out"] >= 1
        assert made.counts["contacted"] >= 1


def test_a_list_of_one_contacts_that_customer():
    assumed = replace(ASSUMED, incentive=0.0, contact_cost=0.0)
    made = build_list(candidates(1), replace(PLAN, assumed=assumed, holdout="auto"))
    assert made.counts["contacted"] == 1
    assert made.counts["held_out"] == 0


def test_most_contacts_are_counted_without_the_held_out():
    made = build_list(candidates(), replace(PLAN, max_contacts=200, holdout=0.5))
    assert 195 <= made.counts["contacted"] <= 200
    assert made.counts["listed"] == made.counts["contacted"] + made.counts["held_out"]


def test_a_hold_out_is_paid_with_length_and_not_with_contacts():
    with_one = build_list(candidates(), replace(PLAN, budget=300.0, holdout=0.5))
    without = build_list(candidates(), replace(PLAN, budget=300.0, holdout=0.0))
    assert with_one.counts["listed"] > 1.8 * without.counts["listed"]
    assert with_one.gain.mean < without.gain.mean


def test_the_gain_is_the_sum_over_the_contacted():
    made = build_list(candidates(), PLAN)
    contacted = made.members[made.members["arm"] == "contacted"]
    assert made.gain.mean == pytest.approx(contacted["expected_profit"].sum())
    assert made.gain.low < made.gain.mean < made.gain.high
    half = made.sensitivity.query("assumption == 'save_rate' and change == -0.5")
    at_zero = -(contacted["expected_outlay"].sum() - made.gain.mean)
    assert half["net_gain"].iloc[0] < made.gain.mean
    assert at_zero < made.gain.mean
    rate = made.gain.break_even_save_rate
    terms = contact_terms(contacted["return_probability"], contacted["expected_spend"], ASSUMED)
    assert expected_profit(terms, rate).sum() == pytest.approx(0, abs=1e-8)


def test_one_save_rate_is_common_to_the_whole_list():
    # 10,000 alike customers: independent errors would average out, a common one does not.
    fixed = ValueAssumptions(SaveRate(0.06), margin=0.4, contact_cost=1.0)
    open_ = replace(fixed, save_rate=SaveRate(0.06, 0.02))
    terms = contact_terms(np.full(10_000, 0.5), np.full(10_000, 100.0), fixed)
    known, unknown = (expected_gain(terms, a, seed=0) for a in (fixed, open_))
    assert known.mean == unknown.mean == pytest.approx(10_000 * (0.5 * 0.06 * 40 - 1))
    # sd of the common rate: 10,000 x 0.5 x 40 x 0.02 = 4,000; of the responses: 40 x 17 = 682.
    assert (known.high - known.low) / 3.92 == pytest.approx(682, rel=0.05)
    assert (unknown.high - unknown.low) / 3.92 == pytest.approx(4058, rel=0.08)


def test_the_same_seed_gives_the_same_list():
    one, two = build_list(candidates(), PLAN), build_list(candidates(), PLAN)
    assert one.digest == two.digest
    assert one.gain == two.gain
    pd.testing.assert_frame_equal(one.members, two.members)


def test_the_order_of_candidates_does_not_matter():
    shuffled = candidates().sample(frac=1, random_state=1)
    assert build_list(shuffled, PLAN).digest == build_list(candidates(), PLAN).digest


def test_the_hash_covers_terms_and_arms_but_not_computed_amounts():
    made = build_list(candidates(50), replace(PLAN, holdout=0.5))
    same = made.members.assign(expected_profit=made.members["expected_profit"] * (1 + 1e-15))
    assert digest_of(made.list_id, made.terms, same) == made.digest
    swapped = made.members.assign(arm=made.members["arm"].to_numpy()[::-1])
    assert digest_of(made.list_id, made.terms, swapped) != made.digest
    assert digest_of(made.list_id, {**made.terms, "readout_on": "2025-07-01"}, made.members) != (
        made.digest
    )
    assert digest_of("other", made.terms, made.members) != made.digest


def test_the_hashed_bytes_are_plain_json_lines():
    members = pd.DataFrame(
        {"customer_id": ["b", "ä"], "arm": ["held_out", "contacted"], "stratum": [0, 5]}
    )
    text = canonical_bytes("l", {"budget": 1.5}, members)
    assert text == (
        b'{"format":"perennial list 1","list_id":"l","members":2,"terms":{"budget":1.5}}\n'
        b'["b","held_out",0]\n["\\u00e4","contacted",5]\n'
    )
    assert json.loads(text.splitlines()[2])[0] == "ä"


def test_an_empty_audience_makes_an_empty_list():
    made = build_list(candidates(0), replace(PLAN, holdout="auto"))
    assert made.counts["listed"] == 0
    assert made.gain.mean == 0
    assert "nobody is held out: no effect can be shown" in made.holdout["sentence"]


def test_dearer_channels_come_later_under_a_budget():
    frame = candidates(1000).assign(contact_cost=[0.5, 4.0] * 500)
    assumed = replace(ASSUMED, incentive=0.0)
    made = build_list(frame, replace(PLAN, assumed=assumed, budget=100.0, holdout=0.0))
    ratio = made.members["expected_profit"] / made.members["expected_outlay"]
    assert ratio.is_monotonic_decreasing
    by_profit = frame.assign(contact_cost=4.0)
    assert (
        made.gain.mean
        > build_list(by_profit, replace(PLAN, assumed=assumed, budget=100.0, holdout=0.0)).gain.mean
    )


def test_deciles_go_by_expected_profit_also_where_the_rank_goes_by_cost():
    frame = candidates(1000).assign(contact_cost=[0.5, 4.0] * 500)
    members = build_list(frame, replace(PLAN, budget=300.0)).members
    lowest = members.groupby("stratum")["expected_profit"].min().to_numpy()
    highest = members.groupby("stratum")["expected_profit"].max().to_numpy()
    assert (lowest[:-1] >= highest[1:]).all()
    assert not members["expected_profit"].is_monotonic_decreasing


def test_a_preview_tells_what_the_list_will_be():
    plan = replace(PLAN, budget=500.0, holdout="auto", detect=0.1)
    told, made = preview_list(candidates(), plan, {"customers": 9}), build_list(candidates(), plan)
    assert told.counts["customers"] == 9
    for name in ("worth_contacting", "listed", "contacted", "held_out"):
        assert told.counts[name] == pytest.approx(made.counts[name], rel=0.05)
    assert told.outlay == pytest.approx(made.outlay, rel=0.05)
    assert told.gain.mean == pytest.approx(made.gain.mean, rel=0.05)
    assert told.holdout.share == made.holdout["share"]
    whole = replace(plan, budget=None)
    exact = build_list(candidates(), whole).holdout["sentence"]
    assert preview_list(candidates(), whole).holdout.sentence == exact
    assert made.counts["worth_contacting"] > made.counts["listed"]
    assert preview_list(candidates(0), plan).counts["listed"] == 0


def test_a_plan_that_cannot_be_is_refused():
    for wrong, said in (
        ({"holdout": "some"}, "hold-out must be a share or 'auto'"),
        ({"holdout": 0.7}, "from 0 to 0.5, got 0.7"),
        ({"budget": 0.0}, "budget must be above 0"),
        ({"primary_outcome": "clicks"}, "primary outcome must be one of"),
        ({"list_id": ""}, "a list needs a name"),
    ):
        with pytest.raises(ValueError, match=said):
            replace(PLAN, **wrong)
    with pytest.raises(ValueError, match="stand twice, first 'c00000'"):
        build_list(pd.concat([candidates(2), candidates(1)]), PLAN)
    with pytest.raises(ValueError, match="candidates lack columns"):
        build_list(candidates(2).drop(columns="expected_spend"), PLAN)


def test_the_sample_outside_is_random_and_stands_for_all():
    ids = [f"c{i}" for i in range(4000)]
    drawn = outside_sample("spring", ids)
    assert len(drawn) == 200
    assert (drawn["arm"] == "held_out").sum() == 100
    assert drawn["weight"].sum() == pytest.approx(4000)
    assert set(outside_sample("spring", ids[::-1])["customer_id"]) == set(drawn["customer_id"])


def test_whom_contact_leaves_cold_or_drives_away_is_not_listed():
    frame = candidates(900).assign(response=[0.0, -1.0, 2.0] * 300)
    assumed = replace(ASSUMED, incentive=90.0)  # more than a saved customer brings
    for plan in (PLAN, replace(PLAN, assumed=assumed)):
        members = build_list(frame, plan).members
        assert set(members["customer_id"]) <= set(frame["customer_id"][2::3])
    made = build_list(frame, PLAN)
    usual = build_list(frame[2::3].drop(columns="response"), PLAN)
    assert len(made.members) > len(usual.members)
    nothing = made.sensitivity.query("assumption == 'contact_cost' and change == -0.5")
    contacted = made.members[made.members["arm"] == "contacted"]
    saved = 0.5 * contacted["contact_cost"].sum()
    assert nothing["net_gain"].iloc[0] == pytest.approx(made.gain.mean + saved)


def test_the_worked_example_of_the_docs():
    assumed = replace(ASSUMED, save_rate=SaveRate(0.1), contact_cost=0.5, redemption_anyway=0.3)
    one = pd.DataFrame(
        {"customer_id": ["a"], "return_probability": [0.2], "expected_spend": [100.0]}
    )
    [member] = build_list(one, replace(PLAN, assumed=assumed, holdout=0.0)).members.to_dict(
        "records"
    )
    assert member["expected_profit"] == pytest.approx(2.00)
    assert member["break_even_save_rate"] == pytest.approx(0.0286, abs=1e-4)
    assert member["expected_outlay"] == pytest.approx(1.20)
