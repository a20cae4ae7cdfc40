from dataclasses import replace

import numpy as np
import orjson
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from retention.scores import IDENTITY, SCORE_FIELDS, Eligibility, score_rows
from tests.retention.made import made_facts, made_shop

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
    assert (rows[["predicted_clv", "clv_p10", "value_at_risk"]] >= 0).all().all()
    assert (rows["clv_p10"] <= rows["clv_p50"]).all()
    assert (rows["clv_p50"] <= rows["clv_p90"]).all()
    assert rows["churn_percentile"].min() == 1
    assert rows["churn_percentile"].max() <= 100


def test_sums_of_fields_hold(batch):
    rows, _ = batch
    assert (rows["total_clv"] == rows["historic_clv"] + rows["predicted_clv"]).all()
    spend = BUNDLE.churn_value.predict(FEATURES).spend_if_return
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
        assert_frame_equal(alone, wanted, check_exact=True, check_dtype=False)


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
        assert set(missing) == {name for name in facts if pd.isna(row[name])}
    [never] = rows.loc[rows["customer_id"] == "refunds only", "missing"]
    assert set(orjson.loads(never).values()) == {"no_purchases"}
    once = rows[rows["missing"].str.contains("one_purchase_day")]
    assert (once["lifecycle_status"].isin(["new", "slipping", "lapsed"])).all()


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
