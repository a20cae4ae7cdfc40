import numpy as np
import pandas as pd
from hypothesis import given
from pandas.testing import assert_frame_equal

from features.panel import panel
from tests.features.made import CUTOFF, QUICK, day, drawn_logs, purchases, shop_of

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


def labels_of(frame, cutoff, horizon_days, until=None):
    shop = shop_of(frame)
    seen = shop if until is None else shop.known_before(until)
    found = panel(seen, [cutoff], [horizon_days])
    return found.labels[horizon_days].set_index(found.features.index)


def test_worked_example():
    found = labels_of(EXAMPLE.assign(cost=2.0), day("2024-02-01"), 30)
    assert found["churned"].to_dict() == {"A": 0.0, "B": 0.0, "C": 1.0}
    assert found["future_orders"].to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0}
    assert found["future_gross"].to_dict() == {"A": 20.0, "B": 7.0, "C": 0.0}
    assert found["future_value"].to_dict() == {"A": 15.0, "B": 7.0, "C": -3.0}
    assert found["future_margin"].to_dict() == {"A": 11.0, "B": 5.0, "C": -5.0}
    assert np.array_equal(found["next_order_days"], [0.0, 28.0, np.nan], equal_nan=True)


def test_a_log_without_costs_has_no_margin():
    assert "future_margin" not in labels_of(EXAMPLE, day("2024-02-01"), 30)


def test_the_window_ends_before_its_last_day_plus_one():
    found = labels_of(EXAMPLE, day("2024-02-01"), 31)
    assert found.loc["B", "future_value"] == 107.0
    assert found.loc["B", "future_orders"] == 2.0


def test_more_lines_of_an_order_begun_before_the_cutoff_are_one_return():
    frame = purchases(("A", "2024-01-31", 10.0), ("A", "2024-02-01", 5.0)).assign(order_id="o")
    found = labels_of(frame, day("2024-02-01"), 7)
    assert found.loc["A", ["churned", "future_orders", "future_value"]].tolist() == [0.0, 1.0, 5.0]


def test_what_is_known_late_is_a_label_once_it_is_known():
    frame = EXAMPLE.assign(known_at=["2024-06-01" if a == 7.0 else None for a in EXAMPLE["amount"]])
    assert labels_of(frame, day("2024-02-01"), 30).loc["B", "churned"] == 0.0
    assert labels_of(frame, day("2024-02-01"), 30, day("2024-06-02")).loc["B", "churned"] == 0.0
    assert labels_of(frame, day("2024-02-01"), 30, day("2024-06-01")).loc["B", "churned"] == 1.0


def test_an_order_cancelled_within_the_day_is_no_return():
    frame = purchases(("A", "2024-01-01", 5.0), ("A", "2024-02-03", 9.0), ("A", "2024-02-03", -9.0))
    found = labels_of(frame, day("2024-02-01"), 30)
    assert found.loc["A", ["churned", "future_orders", "future_gross"]].tolist() == [1.0, 0.0, 0.0]


@QUICK
@given(drawn_logs(last_day=600))
def test_what_lies_outside_the_window_changes_no_label(frame):
    frame["known_at"] = frame["ordered_at"]
    frame = frame[frame["ordered_at"] < "2024-05-05"]  # cutoff + 90 days
    if not (frame["ordered_at"] < "2024-02-05").any():
        return
    whole = labels_of(frame, CUTOFF, 90)
    later = frame.assign(ordered_at="2024-05-05T00:00:00", known_at="2024-05-05T00:00:00")
    found = labels_of(pd.concat([frame, later], ignore_index=True), CUTOFF, 90)
    assert_frame_equal(whole, found[list(whole)])
