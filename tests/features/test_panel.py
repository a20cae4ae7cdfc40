import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from features.errors import CutoffError
from features.panel import panel, snapshot
from tests.features.made import CUTOFF, QUICK, day, drawn_logs, purchases, shop_of, shot_of

EXAMPLE = purchases(
    ("A", "2024-01-01 09:00", 10.0),
    ("A", "2024-01-31 10:00", 20.0),
    ("A", "2024-01-31 18:00", 10.0),  # same day: one visit of 30
    ("A", "2024-03-01 12:00", 40.0),
    ("B", "2024-06-30 23:59", 99.0),
    ("C", "2024-07-01 00:00", 5.0),  # at the cutoff: not yet known
)


def test_worked_example():
    table = shot_of(EXAMPLE, day("2024-07-01")).features
    rfm = ["frequency", "recency", "T", "monetary_value"]
    assert table.loc["A", rfm].tolist() == [2, 60, 182, 35.0]
    assert table["frequency"].to_dict() == {"A": 2, "B": 0}
    assert table.loc["A", ["mean_gap", "sd_gap", "last_gap"]].tolist() == [30.0, 0.0, 30.0]
    orders = table.loc["A", ["n_orders", "average_order_value"]]
    assert orders.tolist() == [3, pytest.approx(80 / 3)]
    assert table.loc["B", ["days_since_last", "orders_7d", "spend_7d"]].tolist() == [1, 1, 99.0]
    assert table.loc["B", ["monetary_value", "mean_gap"]].isna().all()


def test_features_forget_what_facts_keep():
    frame = purchases(
        ("A", "2020-01-01", 100.0),
        ("A", "2021-07-02", 10.0),  # 1,095 days before the cutoff: the first day that is seen
        ("B", "2020-01-01", 7.0),
    )
    shot = shot_of(frame, day("2024-07-01"))
    seen = shot.features[["n_orders", "spend_total", "T"]]
    assert seen.loc["A"].tolist() == [1, 10.0, 1095]
    assert seen.loc["B"].isna().tolist() == [False, False, True]
    assert shot.facts["net_to_date"].to_dict() == {"A": 110.0, "B": 7.0}
    assert shot.facts["tenure_ever"].to_dict() == {"A": 1643.0, "B": 1643.0}
    assert shot.facts.loc["A", ["orders_to_date", "average_gap_ever"]].tolist() == [2.0, 548.0]
    assert shot_of(frame, day("2024-07-02")).features.loc["A", "n_orders"] == 0


@QUICK
@given(drawn_logs(), st.integers(CUTOFF - 350, CUTOFF))
def test_the_log_as_it_stood_gives_the_same_snapshot(frame, cutoff):
    shop = shop_of(frame)
    if shop.facts.first_known_day >= cutoff:
        return
    whole = snapshot(shop, cutoff)
    past = snapshot(shop.known_before(cutoff), cutoff)
    assert_frame_equal(whole.features, past.features, check_exact=True)
    assert_frame_equal(whole.facts, past.facts, check_exact=True)


def test_a_cutoff_before_the_first_line_names_that_line():
    with pytest.raises(
        CutoffError, match="known before 2023-12-31; the first line is of 2024-01-01"
    ):
        shot_of(EXAMPLE, day("2023-12-31"))


def test_a_panel_stacks_snapshots_and_their_labels():
    shop = shop_of(EXAMPLE)
    cutoffs = (day("2024-02-01"), day("2024-07-01"))
    stacked = panel(shop, cutoffs, (30, 60, 30))
    assert len(stacked) == 3
    assert stacked.cutoffs.tolist() == [cutoffs[0], cutoffs[1], cutoffs[1]]
    assert shop.customer_ids[stacked.customers].tolist() == ["A", "A", "B"]
    assert stacked.labels[30]["churned"].tolist() == [0.0, 1.0, 1.0]
    assert list(stacked.labels) == [30, 60]
    later = stacked.where(stacked.cutoffs == cutoffs[1])
    assert later.features.index.tolist() == ["A", "B"]
    assert len(later.labels[60]) == 2


def test_a_panel_at_an_earlier_day_has_the_columns_known_then():
    frame = EXAMPLE.assign(quantity=[None, None, None, None, 2.0, 1.0])
    shop = shop_of(frame)
    now, before = panel(shop, [CUTOFF], ()), panel(shop.known_before(CUTOFF), [CUTOFF], ())
    assert "items_30d" in now.features
    assert "items_30d" not in before.features
    assert_frame_equal(now.features[list(before.features)], before.features)


def test_a_customer_with_refunds_only_has_no_purchase_features():
    row = shot_of(purchases(("R", "2024-01-01", -5.0))).features.loc["R"]
    assert row[["spend_total", "refunded_total", "n_orders"]].tolist() == [-5.0, 5.0, 0.0]
    undefined = ["days_since_last", "T", "frequency", "average_order_value", "first_order_value"]
    assert row[[*undefined, "silence_share", "mean_gap"]].isna().all()


def test_the_margin_is_0_where_no_line_of_known_cost_is_there_and_absent_before_any_is():
    frame = pd.concat([EXAMPLE, purchases(("Z", "2024-03-01", 8.0))], ignore_index=True)
    frame["cost"] = [None] * 6 + [3.0]
    # A range without any cost beside one that has some, known after `until`.
    stacked = panel(shop_of(frame, 1).known_before(day("2024-02-10")), [day("2024-02-01")], (60,))
    assert "future_margin" not in stacked.labels[60]
    whole = panel(shop_of(frame, 1), [day("2024-02-01"), day("2024-03-02")], (60,))
    assert whole.labels[60]["future_margin"].tolist() == [0.0] * len(whole)


def test_one_customer_alone_is_asked_for_the_features_of_the_batch():
    frame = purchases(("A", "2024-01-01", 10.0), ("A", "2024-02-01", 5.0), ("B", "2024-01-09", 8.0))
    frame = frame.assign(discount=[None, None, 2.0], category=[None, None, "x"])
    batch = snapshot(shop_of(frame), day("2024-03-01")).features
    assert {"discount_90d", "category_entropy"} <= set(batch)
    names = tuple(batch.columns)
    alone = snapshot(shop_of(frame[frame["customer_id"] == "A"]), day("2024-03-01"), names)
    assert_frame_equal(alone.features, batch.loc[["A"]], check_exact=True)
