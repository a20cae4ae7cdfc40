import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.changes import with_changes
from retention.groups import RISK_TIERS

TODAY, BEFORE = "2024-07-02", "2024-06-01"
TIER = st.sampled_from([*RISK_TIERS, None])


def rows(tiers):
    frame = pd.DataFrame({"customer_id": list(tiers), "risk_tier": list(tiers.values())})
    return frame.astype({"risk_tier": object}).assign(risk_change=None, tier_since=None)


def previous(tiers):
    since = {c: BEFORE if t else None for c, t in tiers.items()}
    return rows(tiers).assign(tier_since=list(since.values()))[
        ["customer_id", "risk_tier", "tier_since"]
    ]


def changed(now, before, as_of=TODAY):
    done = with_changes(rows(now), None if before is None else previous(before), as_of)
    filled = done[["risk_change", "tier_since"]].astype(object)
    pairs = filled.where(filled.notna(), None).itertuples(index=False, name=None)
    return dict(zip(done["customer_id"], pairs, strict=True))


def test_worked_example():
    now = {"a": "high", "b": "low", "c": "low", "d": "medium", "e": None, "f": "low"}
    before = {"a": "low", "b": "high", "c": "low", "e": "low", "f": None, "gone": "high"}
    assert changed(now, before) == {
        "a": ("up", TODAY),
        "b": ("down", TODAY),
        "c": ("same", BEFORE),
        "d": (None, TODAY),
        "e": (None, None),
        "f": (None, TODAY),
    }


def test_the_first_batch_has_no_change_and_its_own_day():
    assert changed({"a": "high", "b": None}, None) == {"a": (None, TODAY), "b": (None, None)}


def test_an_empty_batch_before_changes_nothing():
    done = with_changes(rows({"a": "high"}), previous({}), TODAY)
    assert done["risk_change"].isna().all()
    assert done["tier_since"].tolist() == [TODAY]


@settings(deadline=None, max_examples=40)
@given(
    now=st.dictionaries(st.sampled_from("abcdef"), TIER, min_size=1),
    before=st.dictionaries(st.sampled_from("abcdef"), TIER),
)
def test_the_direction_is_that_of_the_tiers_and_other_rows_do_not_matter(now, before):
    done = changed(now, before)
    for customer, tier in now.items():
        old = before.get(customer)
        change, since = done[customer]
        if tier is None or old is None:
            assert change is None
        else:
            step = np.sign(RISK_TIERS.index(tier) - RISK_TIERS.index(old))
            assert change == {1: "up", -1: "down", 0: "same"}[int(step)]
        assert (since == BEFORE) == (change == "same")
        alone = changed({customer: tier}, {customer: old} if customer in before else {})
        assert alone[customer] == done[customer]
