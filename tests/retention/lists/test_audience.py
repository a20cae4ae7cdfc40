"""Who may be contacted: everybody is counted once."""

import numpy as np
import pandas as pd
import pytest

from retention.lists.audience import LEFT_OUT, AudienceRules, Barred, UnknownChannel, audience_of


def scores():
    rows = [
        ("a", "scored", "active", 0.5, 10.0, False, "email", "top"),
        ("b", "scored", "lapsed", 0.9, 10.0, False, "email", "top"),
        ("c", "too_new", "new", None, None, False, "email", None),
        ("d", "inactive", None, None, None, False, "email", None),
        ("e", "scored", "active", 0.5, 10.0, True, "email", "top"),
        ("f", "scored", "active", 0.5, 10.0, False, "", "top"),
        ("g", "scored", "slipping", 0.7, 30.0, False, '["post", "e-mail"]', "low"),
        ("h", "scored", "active", 0.5, 10.0, False, None, "top"),
        ("i", "scored", "active", 0.5, None, False, "email", "top"),
        ("j", "scored", "lapsed", 0.5, 10.0, True, "", "top"),
        ("k", "scored", "active", 0.5, 10.0, False, "post", "top"),
    ]
    names = ["customer_id", "score_status", "lifecycle_status", "churn_probability"]
    names += ["value_at_risk", "no_contact", "reachable_by", "value_tier"]
    return pd.DataFrame(rows, columns=names)


def listed(frame, audience):
    return "".join(frame["customer_id"].iloc[audience.positions])


def test_everybody_is_counted_once():
    frame = scores()
    found = audience_of(frame)
    assert listed(frame, found) == "aghk"
    assert found.counts == {
        "customers": 11, "not_scored": 1, "too_new": 1, "no_contact": 2, "unreachable": 1,
        "reach_unknown": 0,
        "held_out_elsewhere": 0, "global_control": 0, "contact_cap": 0, "lapsed": 1,
        "value_unknown": 1, "filtered_out": 0, "eligible": 4,
    }  # fmt: skip
    assert found.counts["customers"] == sum(found.counts[r] for r in (*LEFT_OUT, "eligible"))


def test_the_lapsed_are_listed_only_when_asked_for():
    frame = scores()
    assert "b" in listed(frame, audience_of(frame, AudienceRules(lapsed=True)))


def test_a_channel_leaves_out_whom_it_does_not_reach():
    frame = scores()
    found = audience_of(frame, AudienceRules(channel="Post"))
    assert listed(frame, found) == "gk"
    assert (found.counts["unreachable"], found.counts["reach_unknown"]) == (4, 1)


def test_a_channel_that_reaches_nobody_is_refused_with_those_known():
    with pytest.raises(
        UnknownChannel, match="by 'fax'; the channels known are e-mail, email, post"
    ):
        audience_of(scores(), AudienceRules(channel="fax"))
    with pytest.raises(UnknownChannel, match="no channel is known at all"):
        audience_of(scores().drop(columns="reachable_by"), AudienceRules(channel="email"))


def test_the_barred_are_counted_by_why():
    frame = scores()
    barred = Barred(held_out={"a"}, global_control={"g", "a"}, contact_cap=frozenset("hj"))
    found = audience_of(frame, barred=barred)
    assert listed(frame, found) == "k"
    counts = found.counts
    assert (counts["held_out_elsewhere"], counts["global_control"], counts["contact_cap"]) == (
        1,
        1,
        1,
    )


def test_filters_by_tier_and_by_amount():
    frame = scores()
    rules = AudienceRules(allowed={"value_tier": ("low",)}, at_least={"value_at_risk": 20.0})
    assert listed(frame, audience_of(frame, rules)) == "g"


def test_a_shop_without_a_customers_table_reaches_everybody():
    frame = scores().drop(columns=["no_contact", "reachable_by"])
    assert listed(frame, audience_of(frame)) == "aefghk"


def test_a_filter_on_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match=r"scores lack columns \['shoe_size'\]"):
        audience_of(scores(), AudienceRules(at_least={"shoe_size": 40.0}))


def test_an_empty_batch_has_an_empty_audience():
    found = audience_of(scores().iloc[:0])
    assert found.positions.dtype == np.int64
    assert found.counts["eligible"] == 0
