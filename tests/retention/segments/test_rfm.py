import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.segments.rfm import GROUPS, TABLE, rfm, rfm_cut_points
from tests.features.made import QUICK

PAGE = Path(__file__).parents[3] / "docs" / "segments.md"
CUTS = {"recency_days": [30.0, 90.0, 200.0, 500.0], "money": [10.0, 20.0, 50.0, 100.0]}


def test_a_worked_example():
    found = rfm([0, 30, 31, 400, 9999], [10, 1, 1, 5, 2], [100, 9.99, 10, 60, 20], CUTS)
    assert found["recency_score"].tolist() == [5, 5, 4, 2, 1]
    assert found["frequency_score"].tolist() == [5, 1, 1, 4, 2]
    assert found["monetary_score"].tolist() == [5, 1, 2, 4, 3]
    assert found["rfm_group"].tolist() == [
        "champions", "new", "promising", "previously_loyal", "dormant",
    ]  # fmt: skip


def test_frequency_is_cut_at_fixed_numbers_of_orders():
    orders = np.arange(1, 13)
    found = rfm(np.zeros(12), orders, np.zeros(12), CUTS)
    assert found["frequency_score"].tolist() == [1, 2, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5]


def test_all_ten_groups_occur_and_no_other():
    assert {name for row in TABLE.values() for name in row} == set(GROUPS)
    assert len(GROUPS) == 10


def test_the_page_shows_the_table_and_tells_of_every_group():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([1-5])\b[^|]*\| (`.*`) \|$", text, flags=re.MULTILINE)
    told = {int(score): tuple(re.findall(r"`(\w+)`", cells)) for score, cells in rows}
    assert told == TABLE
    assert re.findall(r"^\| `(\w+)` \| [^|]+\| [^|]+\|$", text, flags=re.MULTILINE) == list(GROUPS)


def test_fifths_of_the_shop_make_the_cuts_and_a_request_is_cut_alike():
    days = np.arange(100.0)
    cuts = json.loads(json.dumps(rfm_cut_points(days, days)))
    whole = rfm(days, np.ones(100), days, cuts)
    assert whole["recency_score"].value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)
    assert whole["monetary_score"].value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)
    one = rfm(days[[42]], [1], days[[42]], cuts)
    pd.testing.assert_series_equal(one.iloc[0], whole.iloc[42], check_names=False)


def test_who_never_bought_has_no_group():
    found = rfm([np.nan, 5.0], [0, 1], [-3.0, 1.0], CUTS)
    assert found.iloc[0].isna().all()
    assert found["rfm_group"].tolist() == [None, "new"]
    assert rfm_cut_points([np.nan], [1.0]) == {"recency_days": [], "money": []}


@QUICK
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 40), st.floats(-10, 1e5)), min_size=1)
)
def test_buying_later_or_more_often_never_lowers_a_score(rows):
    days, orders, net = (np.array(c, float) for c in zip(*rows, strict=True))
    cuts = rfm_cut_points(days, net)
    now = rfm(days, orders, net, cuts)
    better = rfm(np.maximum(days - 7, 0), orders + 1, net + 5, cuts)
    for name in ("recency_score", "frequency_score", "monetary_score"):
        assert (better[name] >= now[name]).all()
        assert now[name].between(1, 5).all()


@pytest.mark.parametrize("days", [[0.0] * 5, [3.0]])
def test_a_shop_whose_customers_are_all_alike_still_has_groups(days):
    found = rfm(days, [1] * len(days), [9.0] * len(days), rfm_cut_points(days, [9.0] * len(days)))
    assert set(found["rfm_group"]) == {"new"}
