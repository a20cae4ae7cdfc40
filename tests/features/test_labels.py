from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from features.labels import LabelReader
from features.running import RunningColumns
from tests.features.made import CUTOFF, QUICK, day, drawn_logs, log_of, purchases
from tests.features.oracle import labels_at

EXAMPLE = purchases(
    ("A", "2024-01-01", 10.0),
    ("A", "2024-02-01", 20.0),  # the cutoff itself is in the window
    ("A", "2024-02-05", -5.0),
    ("B", "2024-01-15", 10.0),
    ("B", "2024-02-29", 7.0),  # the last day of thirty
    ("B", "2024-03-02", 100.0),  # cutoff + 30: no longer in it
    ("C", "2024-01-31", 3.0),  # the day before
    ("C", "2024-02-10", -3.0),  # a refund is no return
)


def labels_of(log, cutoff, horizon_days):
    customers = RunningColumns(log).at(cutoff).customers
    table = LabelReader(log).read(customers, cutoff, horizon_days)
    return table.set_axis(log.customer_ids[customers])


def test_worked_example():
    found = labels_of(log_of(EXAMPLE), day("2024-02-01"), 30)
    assert found["churned"].to_dict() == {"A": 0.0, "B": 0.0, "C": 1.0}
    assert found["future_orders"].to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0}
    assert found["future_value"].to_dict() == {"A": 15.0, "B": 7.0, "C": -3.0}


def test_the_window_ends_before_its_last_day_plus_one():
    found = labels_of(log_of(EXAMPLE), day("2024-02-01"), 31)
    assert found.loc["B", "future_value"] == 107.0
    assert found.loc["B", "future_orders"] == 2.0


def test_more_lines_of_an_order_begun_before_the_cutoff_are_one_return():
    frame = purchases(("A", "2024-01-31", 10.0), ("A", "2024-02-01", 5.0)).assign(order_id="o")
    found = labels_of(log_of(frame), day("2024-02-01"), 7)
    assert found.loc["A"].tolist() == [0.0, 1.0, 5.0]


@QUICK
@given(drawn_logs(last_day=600), st.sampled_from([1, 7, 91, 365]))
def test_labels_agree_with_their_plain_definition(frame, horizon_days):
    log = log_of(frame)
    found = labels_of(log, CUTOFF, horizon_days)
    if len(found):
        assert_frame_equal(
            found.astype(float), labels_at(frame, CUTOFF, horizon_days), check_names=False
        )


@QUICK
@given(drawn_logs(last_day=600))
def test_what_lies_outside_the_window_changes_no_label(frame):
    frame["known_at"] = frame["ordered_at"]
    whole = labels_of(log_of(frame), CUTOFF, 90)
    shorter = frame[frame["ordered_at"] < "2024-05-05"]  # cutoff + 90 days
    found = labels_of(log_of(shorter), CUTOFF, 90) if len(shorter) else whole
    assert_frame_equal(whole, found.reindex(whole.index))
