import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.groups import VALUE_TIERS
from retention.segments.migration import migration
from retention.segments.value import by_tier, concentration
from tests.features.made import QUICK


def test_the_best_fifth_bring_eighty_of_a_hundred():
    found = concentration([400, 400, 25, 25, 25, 25, 25, 25, 25, 25])
    assert found.top_shares[0.20] == pytest.approx(0.8)
    assert found.customers_for_80 == 0.2
    assert found.sentence == (
        "The best 20% of customers bring 80% of the value; 80% of it comes from 20% of them."
    )


def test_equal_customers_bring_equal_shares():
    shares = concentration([5.0] * 7).top_shares
    assert shares == pytest.approx({share: share for share in shares})


def test_where_nobody_has_value_nothing_is_shared_out():
    found = concentration([-1.0, 0.0, np.nan])
    assert (found.customers, found.top_shares, found.customers_for_80) == (2, {}, None)


@QUICK
@given(st.lists(st.floats(-1e3, 1e6), min_size=1, max_size=50))
def test_more_customers_never_bring_less(values):
    shares = list(concentration(values).top_shares.values())
    assert shares == sorted(shares)
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in shares)


def test_tiers_have_customers_value_and_their_shares():
    found = by_tier(np.array(["top", "low", "low", None], object), [60.0, 30.0, 10.0, 99.0])
    assert found.index.tolist() == list(reversed(VALUE_TIERS))
    assert found["customers"].tolist() == [1, 0, 0, 2]
    assert found.loc["top", "value_share"] == pytest.approx(0.6)
    assert found["customer_share"].sum() == pytest.approx(1)
    assert np.isnan(found["mean"]["high"])


ORDER = ["top", "high", "low"]


def test_moves_between_two_batches_are_counted():
    before = pd.Series({"a": "top", "b": "high", "c": "low", "d": "low", "e": "top"})
    now = pd.Series({"a": "top", "b": "top", "c": "low", "d": None, "e": "low", "f": "high"})
    found = migration(before, now, ORDER)
    assert found.counts.loc["top"].to_dict() == {"top": 1, "high": 0, "low": 1, "left": 0}
    assert found.counts.loc["joined", "high"] == 1
    assert found.counts.loc["low", "left"] == 1
    assert (found.stayed, found.moved, found.up, found.down) == (2, 2, 1, 1)
    assert (found.joined, found.left) == (1, 1)
    assert found.counts.to_numpy().sum() == 6
    assert found.shares.loc["top", "low"] == 0.5
    assert found.sentence == (
        "Of 4 customers in both batches 2 stayed in their group, 1 moved up and 1 down; "
        "1 joined and 1 left."
    )


def test_two_empty_batches_have_no_moves():
    nothing = pd.Series([], dtype=object)
    assert migration(nothing, nothing, ORDER).counts.to_numpy().sum() == 0


def test_a_customer_twice_or_a_group_unknown_is_refused():
    one = pd.Series(["top"], index=["a"])
    with pytest.raises(ValueError, match="before has customer 'a' twice"):
        migration(pd.concat([one, one]), one, ORDER)
    with pytest.raises(ValueError, match=r"now has groups \['best'\]"):
        migration(one, one.replace("top", "best"), ORDER)
