from dataclasses import replace

import numpy as np
import orjson
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from features.shop_clock import ShopClock
from retention.dates import NEXT_ORDER, SILENCE
from retention.scores import IDENTITY, SCORE_FIELDS, Eligibility, score_rows, silence_of
from retention.table_fields import TABLE_FIELDS
from tests.made_frames import log_from_frame
from tests.retention.made import CUTOFF, made_facts, made_purchases, made_shop

AS_OF = "2024-01-01"
FEATURES, BUNDLE = made_shop()
FACTS = made_facts()
NEVER_NULL = [
    "churn_horizon_days",
    "churn_probability",
    "usual_churn_probability",
    "churn_percentile",
    "risk_tier",
    "value_horizon_days",
    "predicted_clv",
    "clv_p10",
    "clv_p50",
    "clv_p90",
    "predicted_number_of_orders",
    "historic_clv",
    "total_clv",
    "value_tier",
    "historic_number_of_orders",
    "value_at_risk",
    "lifecycle_status",
    "reasons",
    "missing",
]


@pytest.fixture(scope="module")
def batch():
    """Rows and cut points of all customers."""
    return score_rows(FEATURES, BUNDLE, facts=FACTS, as_of=AS_OF, batch_id="b1")


def test_rows_have_the_fields_of_the_contract_in_order(batch):
    rows, _ = batch
    assert list(rows.columns) == list(SCORE_FIELDS)
    assert rows["customer_id"].tolist() == list(FEATURES.index)
    head = rows[list(IDENTITY)].drop(columns="customer_id").drop_duplicates()
    assert head.to_numpy().tolist() == [[AS_OF, "b1", "v1", "scored"]]


def test_everyone_scored_has_probability_value_and_quantiles(batch):
    rows, _ = batch
    assert not rows[NEVER_NULL].isna().any().any()
    assert rows["churn_probability"].between(0, 1).all()
    assert (rows[["predicted_clv", "clv_p50", "value_at_risk"]] >= 0).all().all()
    assert (rows["predicted_number_of_orders"] >= 1 - rows["churn_probability"]).all()
    assert (rows["clv_p10"] <= rows["clv_p50"]).all()
    assert (rows["clv_p50"] <= rows["clv_p90"]).all()
    assert rows["churn_percentile"].min() == 1
    assert rows["churn_percentile"].max() <= 100


def test_sums_of_fields_hold(batch):
    rows, _ = batch
    assert (rows["total_clv"] == rows["historic_clv"] + rows["predicted_clv"]).all()
    spend = BUNDLE.churn.predict(FEATURES).value.spend_if_return
    assert rows["value_at_risk"].to_numpy() == pytest.approx(
        rows["churn_probability"].to_numpy() * spend
    )
    assert rows["historic_clv"].tolist() == FEATURES["spend_total"].tolist()


def test_one_customer_alone_is_as_in_the_batch(batch):
    rows, cuts = batch
    for i in range(0, len(FEATURES), 23):
        alone, used = score_rows(
            FEATURES.iloc[[i]],
            BUNDLE,
            facts=FACTS.iloc[[i]],
            as_of=AS_OF,
            batch_id="b1",
            cut_points=cuts,
        )
        assert used == cuts
        wanted = rows.iloc[[i]].reset_index(drop=True)
        plain = [f for f in SCORE_FIELDS if f != "reasons"]
        dates = dict.fromkeys((*NEXT_ORDER, *SILENCE), object)
        one, other = (f[plain].astype(dates).fillna(np.nan) for f in (alone, wanted))
        assert_frame_equal(one, other, rtol=1e-9, check_dtype=False)
        told, others = (orjson.loads(r["reasons"][0]) for r in (alone, wanted))
        assert [r["text"] for r in told] == [r["text"] for r in others]


def test_the_input_is_left_as_it_was():
    before = FEATURES.copy(deep=True)
    score_rows(FEATURES, BUNDLE, facts=FACTS, as_of=AS_OF, eligibility=Eligibility(30, 5))
    assert_frame_equal(FEATURES, before)


def test_statuses_tell_why_a_customer_is_not_scored():
    facts = FACTS.iloc[:4].copy()
    facts["days_since_last_ever"] = [10.0, 31.0, np.nan, 3.0]
    facts["tenure_ever"] = [100.0, 200.0, np.nan, 3.0]
    rows, _ = score_rows(
        FEATURES.iloc[:4], BUNDLE, facts=facts, as_of=AS_OF, eligibility=Eligibility(30, 5)
    )
    assert rows["score_status"].tolist() == ["scored", "inactive", "no_purchases", "too_new"]
    rest = [f for f in SCORE_FIELDS if f not in IDENTITY]
    assert rows.loc[1:, rest].isna().all().all()
    assert not rows.loc[:0, NEVER_NULL].isna().any().any()


def test_the_limits_of_eligibility_are_still_eligible():
    facts = pd.DataFrame({"days_since_last_ever": [30.0, 31.0], "tenure_ever": [30.0, 31.0]})
    assert Eligibility(30, 31).status(facts).tolist() == ["too_new", "inactive"]
    assert Eligibility(31, 30).status(facts).tolist() == ["scored", "scored"]
    assert Eligibility().status(facts).tolist() == ["scored", "scored"]


def test_cut_points_come_from_those_who_are_scored():
    recent = FEATURES["days_since_last"] <= 60
    _, cuts = score_rows(FEATURES, BUNDLE, facts=FACTS, as_of=AS_OF, eligibility=Eligibility(60))
    _, wanted = score_rows(FEATURES[recent], BUNDLE, facts=FACTS[recent], as_of=AS_OF)
    assert cuts == wanted


def test_nobody_eligible_gives_rows_without_scores():
    rows, cuts = score_rows(FEATURES, BUNDLE, facts=FACTS, as_of=AS_OF, eligibility=Eligibility(0))
    assert set(rows["score_status"]) == {"inactive", "no_purchases"}
    assert rows["churn_probability"].isna().all()
    assert cuts == {}


def test_a_null_fact_says_why():
    rows, _ = score_rows(FEATURES, BUNDLE, facts=FACTS, as_of=AS_OF)
    facts = ["average_order_value", "average_days_between_orders", "days_since_last"]
    for row in rows.to_dict("records"):
        missing = orjson.loads(row["missing"])
        told = {*facts, *NEXT_ORDER, *SILENCE, *TABLE_FIELDS}
        assert set(missing) == {name for name in told if pd.isna(row[name])}
        assert {missing[name] for name in SILENCE} == {"batch_only"}
    [never] = rows.loc[rows["customer_id"] == "refunds only", "missing"]
    assert {orjson.loads(never)[name] for name in facts} == {"no_purchases"}
    once = rows[rows["missing"].str.contains("one_purchase_day")]
    assert (once["lifecycle_status"].isin(["new", "slipping", "lapsed"])).all()


def test_the_next_order_is_dated_where_one_is_likely(batch):
    rows, _ = batch
    churn = BUNDLE.value.churn_probability(FEATURES)
    dates = rows[list(NEXT_ORDER)]
    assert ((churn > 0.5) == dates.isna().all(axis=1)).all()
    assert ((churn <= 0.5) == dates.notna().all(axis=1)).all()
    middle, early, late = (dates[n].dropna() for n in NEXT_ORDER)
    assert len(middle)
    assert (early >= AS_OF).all()
    assert (early <= middle).all()
    assert (middle <= late).all()
    for missing in rows.loc[churn > 0.5, "missing"]:
        assert orjson.loads(missing)[NEXT_ORDER[0]] == "return_unlikely"


def test_a_shop_with_too_few_returners_has_no_dates():
    undated = replace(BUNDLE.value, next_order=None)
    rows, _ = score_rows(FEATURES, replace(BUNDLE, value=undated), facts=FACTS, as_of=AS_OF)
    assert rows[list(NEXT_ORDER)].isna().all().all()
    codes = [orjson.loads(missing) for missing in rows["missing"]]
    assert {told[name] for told in codes for name in NEXT_ORDER} == {"too_few_returners"}


def test_silence_dates_of_the_log_are_told_with_their_codes():
    log = log_from_frame(made_purchases(), ShopClock())
    dates = silence_of(log.known_before(CUTOFF), CUTOFF, BUNDLE)
    rows, _ = score_rows(FEATURES, BUNDLE, facts=FACTS, as_of=AS_OF, silence=dates)
    tier = rows["risk_tier"].to_numpy()
    for name, above in (("medium_risk_on", ("medium", "high")), ("high_risk_on", ("high",))):
        codes = [orjson.loads(missing).get(name) for missing in rows["missing"]]
        for day, code, now in zip(rows[name], codes, tier, strict=True):
            assert (code == "already_above") == (now in above)
            assert pd.isna(day) == (code is not None)
            assert pd.isna(day) or day > AS_OF
    both = rows[["medium_risk_on", "high_risk_on"]].dropna()
    assert len(both)
    assert (both["medium_risk_on"] <= both["high_risk_on"]).all()


def test_customers_without_item_counts_are_scored_all_the_same():
    known = FEATURES.drop(columns=[c for c in FEATURES if c.startswith("items")])
    rows, _ = score_rows(known, BUNDLE, facts=FACTS, as_of=AS_OF)
    undefined = FEATURES.assign(**{c: np.nan for c in FEATURES if c.startswith("items")})
    wanted, _ = score_rows(undefined, BUNDLE, facts=FACTS, as_of=AS_OF)
    assert_frame_equal(rows, wanted)


def test_usual_churn_is_that_of_the_group_by_orders(batch):
    rows, _ = batch
    usual = BUNDLE.groups["usual_churn"]
    once = rows["historic_number_of_orders"] == 1
    many = rows["historic_number_of_orders"] >= 10
    assert set(rows.loc[once, "usual_churn_probability"]) == {usual[0]}
    assert set(rows.loc[many, "usual_churn_probability"]) == {usual[4]}


def test_tiers_follow_the_limits_of_the_bundle():
    facts = {**BUNDLE.groups, "risk_limits": [0.0, 2.0]}
    rows, _ = score_rows(FEATURES, replace(BUNDLE, groups=facts), facts=FACTS, as_of=AS_OF)
    assert set(rows["risk_tier"]) == {"medium"}
