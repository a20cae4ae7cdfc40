"""From score rows to a list, step by step."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from retention.lists.audience import Barred, audience_of
from retention.lists.build import build_list
from retention.lists.candidates import candidates_of
from retention.lists.contact_value import ValueAssumptions
from retention.lists.plan import ListPlan
from retention.lists.save_rate import SaveRate


def scores(n=300):
    rng = np.random.default_rng(0)
    churn = rng.beta(3, 2, n)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "score_status": "scored",
            "lifecycle_status": np.where(churn > 0.9, "lapsed", "active"),
            "churn_probability": churn,
            "value_at_risk": churn * 80.0,
        }
    )


def test_candidates_return_and_spend_as_the_scores_say():
    frame = scores(5)
    made = candidates_of(frame, audience_of(frame))
    assert made["return_probability"].to_numpy() == pytest.approx(1 - frame["churn_probability"])
    assert made["expected_spend"].to_numpy() == pytest.approx(np.full(5, 80.0))


def test_costs_go_by_customer_and_those_without_are_left_out():
    frame = scores(3)
    made = candidates_of(frame, audience_of(frame), pd.Series({"c0": 1.0, "c2": 2.5}))
    assert made["customer_id"].tolist() == ["c0", "c2"]
    assert made["contact_cost"].tolist() == [1.0, 2.5]


def test_the_held_out_of_one_list_are_not_on_the_next():
    frame = scores()
    assumed = ValueAssumptions(SaveRate(0.1), margin=0.5, contact_cost=1.0)
    plan = ListPlan("first", assumed, dt.date(2025, 6, 1), holdout=0.3)
    audience = audience_of(frame)
    first = build_list(candidates_of(frame, audience), plan, audience.counts)
    members = first.members
    barred = frozenset(members.loc[members["arm"] == "held_out", "customer_id"])
    assert len(barred) == first.counts["held_out"] > 0
    again = audience_of(frame, barred=Barred(held_out=barred))
    assert again.counts["held_out_elsewhere"] == len(barred)
    second = build_list(candidates_of(frame, again), plan)
    assert not barred & set(second.members["customer_id"])
    assert first.counts["customers"] == 300
