"""Labels after campaigns: who counts, and how much."""

import numpy as np
import pandas as pd
import pytest

from retention.lists.campaign_weights import campaign_weights


def rows(*pairs):
    frame = pd.DataFrame(pairs, columns=["customer_id", "cutoff"])
    return frame.astype({"cutoff": "datetime64[us]"})


def assigned(*members):
    names = ["customer_id", "list_id", "arm", "stratum", "contacted_at"]
    return pd.DataFrame(members, columns=names).astype({"contacted_at": "datetime64[us]"})


LIST = assigned(
    ("a", "L", "contacted", 0, "2025-03-01"),
    ("b", "L", "contacted", 0, "2025-03-03"),
    ("c", "L", "contacted", 0, "2025-03-01"),
    ("d", "L", "held_out", 0, "2025-03-01"),
    ("e", "L", "contacted", 1, "2025-03-01"),
    ("f", None, "contacted", None, "2025-03-01"),
)
DAYS = {"horizon_days": 30, "effect_days": 30}


def test_worked_example():
    found = campaign_weights(rows(*[(c, "2025-02-15") for c in "abcdefg"]), LIST, **DAYS)
    # One of four held out in stratum 0; nobody in stratum 1; f was contacted outside any list.
    assert found.weight.tolist() == [0, 0, 0, 4, 0, 0, 1]
    assert (found.dropped, found.held_out, found.unmatched) == (5, 1, 2)


def test_only_windows_that_meet_the_list_are_touched():
    days = ["2025-01-30", "2025-01-31", "2025-04-01", "2025-04-02"]
    # Labels of 30 days from Jan 30 end on Mar 1; the list shows from Mar 1 until Apr 2.
    found = campaign_weights(rows(*[("d", d) for d in days]), LIST, **DAYS)
    assert found.weight.tolist() == [1, 4, 4, 1]
    same = campaign_weights(rows(*[("a", d) for d in days]), LIST, **DAYS)
    assert same.weight.tolist() == [1, 0, 0, 1]


def test_without_contacts_every_row_counts_once():
    found = campaign_weights(rows(("a", "2025-02-15")), assigned(), **DAYS)
    assert found.weight.tolist() == [1]
    assert found.dropped == 0


def test_weights_of_a_stratum_add_up_to_its_customers():
    rng = np.random.default_rng(0)
    n = 500
    frame = assigned(
        *[
            (f"c{i}", "L", "held_out" if rng.random() < 0.3 else "contacted", i % 10, "2025-03-01")
            for i in range(n)
        ]
    )
    found = campaign_weights(rows(*[(f"c{i}", "2025-02-20") for i in range(n)]), frame, **DAYS)
    by = pd.Series(found.weight).groupby(np.arange(n) % 10).sum()
    assert by.to_numpy() == pytest.approx(np.full(10, 50.0))


def test_a_good_campaign_does_not_hide_the_risk():
    # Truth: 40 % return untouched; the list brings 30 points more and takes 80 % of customers.
    rng = np.random.default_rng(1)
    n = 20_000
    ids = [f"c{i}" for i in range(n)]
    held = rng.random(n) < 0.2
    listed = np.arange(n) < 15_000
    frame = assigned(
        *[
            (c, "L", "held_out" if h else "contacted", 0, "2025-03-01")
            for c, h in zip(np.array(ids)[listed], held[listed], strict=True)
        ]
    )
    returned = rng.random(n) < np.where(listed & ~held, 0.7, 0.4)
    found = campaign_weights(rows(*[(c, "2025-02-20") for c in ids]), frame, **DAYS)
    assert returned.mean() > 0.55
    assert np.average(returned, weights=found.weight) == pytest.approx(0.4, abs=0.02)


def test_a_member_told_of_twice_counts_once():
    twice = pd.concat([LIST, LIST.assign(contacted_at=pd.Timestamp("2025-03-02"))])
    found = campaign_weights(rows(*[(c, "2025-02-15") for c in "abcdefg"]), twice, **DAYS)
    assert found.weight.tolist() == [0, 0, 0, 4, 0, 0, 1]


def test_the_held_out_who_was_contacted_after_all_tells_nothing():
    reached = assigned(
        ("a", "L", "contacted", 0, "2025-03-01"),
        ("b", "L", "held_out", 0, "2025-03-01"),
        ("d", "L", "held_out", 0, "2025-03-01"),
        ("d", "L", "contacted", 0, "2025-03-09"),
    )
    found = campaign_weights(rows(*[(c, "2025-02-15") for c in "abd"]), reached, **DAYS)
    assert found.weight.tolist() == [0, 3, 0]


def test_a_list_without_strata_is_one_stratum():
    plain = LIST[LIST["list_id"].notna()].assign(stratum=None)
    found = campaign_weights(rows(*[(c, "2025-02-15") for c in "abcde"]), plain, **DAYS)
    assert found.weight.tolist() == [0, 0, 0, 5, 0]
    assert found.unmatched == 0


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match=r"assigned lack columns \['stratum'\]"):
        campaign_weights(rows(), LIST.drop(columns="stratum"), **DAYS)
