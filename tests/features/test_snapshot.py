import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from features.catalogue import BY_NAME, FEATURES
from features.errors import CutoffError
from features.running import RunningColumns
from features.snapshot import panel, snapshot
from tests.features.made import CUTOFF, CUTOFF_DAYS, QUICK, day, drawn_logs, log_of, purchases
from tests.features.made import shot_of as shot
from tests.features.oracle import features_at, rfm_at

EXAMPLE = purchases(
    ("A", "2024-01-01 09:00", 10.0),
    ("A", "2024-01-31 10:00", 20.0),
    ("A", "2024-01-31 18:00", 10.0),  # same day: one visit of 30
    ("A", "2024-03-01 12:00", 40.0),
    ("B", "2024-06-30 23:59", 99.0),
    ("C", "2024-07-01 00:00", 5.0),  # at the cutoff: not yet known
)


def features_of(frame, cutoff=CUTOFF):
    return shot(frame, cutoff).features


def test_worked_example():
    table = features_of(EXAMPLE, day("2024-07-01"))
    rfm = ["frequency", "recency", "T", "monetary_value"]
    assert table.loc["A", rfm].tolist() == [2, 60, 182, 35.0]
    assert table["frequency"].to_dict() == {"A": 2, "B": 0}
    assert table.loc["A", ["mean_gap", "sd_gap", "last_gap"]].tolist() == [30.0, 0.0, 30.0]
    assert table.loc["A", ["n_orders", "average_order_value"]].tolist() == [
        3,
        pytest.approx(80 / 3),
    ]
    assert table.loc["B", ["days_since_last", "orders_7d", "spend_7d"]].tolist() == [1, 1, 99.0]
    assert table.loc["B", ["monetary_value", "mean_gap"]].isna().all()


@QUICK
@given(drawn_logs(late=False))
def test_recency_and_frequency_are_those_of_the_papers(frame):
    bought = frame[frame["amount"] >= 0].assign(
        ordered_at=lambda f: pd.to_datetime(f["ordered_at"])
    )
    wanted = rfm_at(bought, pd.Timestamp("1970-01-01") + pd.Timedelta(days=CUTOFF))
    found = features_of(frame).loc[wanted.index, wanted.columns]
    assert_frame_equal(found, wanted.astype(float), check_names=False, rtol=1e-12)


@QUICK
@given(drawn_logs())
def test_every_feature_agrees_with_its_plain_definition(frame):
    log = log_of(frame)
    if log.known_day.min() >= CUTOFF:
        return
    found, wanted = features_of(frame), features_at(frame, CUTOFF)
    shared = [c for c in wanted.columns if c in found.columns]
    assert set(wanted) - set(shared) <= {c for c in wanted if c.startswith("items_")}
    # Differences of squares and decayed sums round in the last digits.
    assert_frame_equal(found[shared], wanted[shared].astype(float), rtol=1e-9, atol=1e-6)


def test_the_plain_definitions_cover_the_families():
    frame = EXAMPLE.assign(order_id=None, quantity=1.0, known_at=EXAMPLE["ordered_at"])
    plain = set(features_at(frame, day("2024-07-01")))
    derived = {"orders_per_month", "gap_variation", "silence_in_gaps", "silence_share"}
    assert {f.name for f in FEATURES} - plain == derived | {"items_per_order"}


@QUICK
@given(drawn_logs(last_day=CUTOFF_DAYS - 250), st.randoms())
def test_the_order_of_rows_changes_nothing(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    assert_frame_equal(features_of(frame), features_of(frame.iloc[order]), check_exact=True)


@QUICK
@given(drawn_logs(last_day=CUTOFF_DAYS - 250), drawn_logs(customers="XYZ"))
def test_other_customers_change_nothing(frame, others):
    alone = features_of(frame)
    together = features_of(pd.concat([others.assign(quantity=1.0), frame])).loc[alone.index]
    # A log without quantities has no features of items; among others they are undefined.
    assert_frame_equal(alone.reindex(columns=together.columns), together, check_exact=True)


@QUICK
@given(drawn_logs(last_day=CUTOFF_DAYS - 250), drawn_logs(first_day=CUTOFF_DAYS, last_day=900))
def test_later_purchases_change_nothing(frame, future):
    alone, together = features_of(frame), features_of(pd.concat([future, frame]))
    assert_frame_equal(alone.reindex(columns=together.columns), together, check_exact=True)


@QUICK
@given(drawn_logs(last_day=CUTOFF_DAYS - 250), drawn_logs(late=False))
def test_what_becomes_known_later_changes_nothing(frame, unknown):
    unknown["known_at"] = "2024-02-05T00:00:00"  # the day of the cutoff
    alone, together = features_of(frame), features_of(pd.concat([unknown, frame]))
    assert_frame_equal(alone.reindex(columns=together.columns), together, check_exact=True)


@QUICK
@given(drawn_logs(last_day=CUTOFF_DAYS - 250))
def test_one_customer_alone_is_as_in_the_batch(frame):
    frame = frame.assign(quantity=frame["quantity"].fillna(1.0))
    batch = features_of(frame)
    for customer in batch.index:
        alone = features_of(frame[frame["customer_id"] == customer])
        assert_frame_equal(alone, batch.loc[[customer]], check_exact=True)


@QUICK
@given(drawn_logs(last_day=CUTOFF_DAYS - 250))
def test_scaling_amounts_scales_the_money_features_alone(frame):
    # 8 is a power of two and scales a float without rounding.
    before, after = features_of(frame), features_of(frame.assign(amount=frame["amount"] * 8))
    scale = {c: 8.0 if BY_NAME[c].unit == "currency" else 1.0 for c in before}
    assert_frame_equal(after, before * pd.Series(scale), check_exact=True)


@QUICK
@given(drawn_logs(), st.integers(CUTOFF - 350, CUTOFF))
def test_the_log_as_it_stood_gives_the_same_snapshot(frame, cutoff):
    log = log_of(frame.assign(quantity=frame["quantity"].fillna(1.0)))
    if log.known_day.min() >= cutoff:
        return
    whole = snapshot(RunningColumns(log), cutoff)
    past = snapshot(RunningColumns(log.known_before(cutoff)), cutoff)
    assert_frame_equal(whole.features, past.features, check_exact=True)


def test_a_cutoff_before_the_first_line_names_that_line():
    with pytest.raises(
        CutoffError, match="known before 2023-12-31; the first line is of 2024-01-01"
    ):
        shot(EXAMPLE, day("2023-12-31"))


def test_a_panel_stacks_snapshots_and_their_labels():
    columns = RunningColumns(log_of(EXAMPLE))
    cutoffs = (day("2024-02-01"), day("2024-07-01"))
    stacked = panel(columns, cutoffs, (30, 60, 30))
    assert len(stacked) == 3
    assert stacked.cutoffs.tolist() == [cutoffs[0], cutoffs[1], cutoffs[1]]
    assert columns.log.customer_ids[stacked.customers].tolist() == ["A", "A", "B"]
    assert stacked.labels[30]["churned"].tolist() == [0.0, 1.0, 1.0]
    assert list(stacked.labels) == [30, 60]
    later = stacked.where(stacked.cutoffs == cutoffs[1])
    assert later.features.index.tolist() == ["A", "B"]
    assert len(later.labels[60]) == 2


def test_features_are_finite_or_undefined():
    values = features_of(EXAMPLE, day("2024-07-01")).to_numpy()
    assert not np.isinf(values).any()


def test_a_customer_with_refunds_only_has_no_purchase_features():
    row = features_of(purchases(("R", "2024-01-01", -5.0)), CUTOFF).loc["R"]
    assert row[["spend_total", "refunded_total", "n_orders"]].tolist() == [-5.0, 5.0, 0.0]
    undefined = ["days_since_last", "T", "frequency", "average_order_value", "first_order_value"]
    assert row[[*undefined, "silence_share", "mean_gap"]].isna().all()
