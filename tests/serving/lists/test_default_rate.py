"""The save rate of the next list: all readouts kept, of lists that were read over its horizon."""

import pytest

from serving.lists.default_rate import PRIOR, default_rate


def kept(mean, sd, *, readout_on="2024-09-29"):
    rate = {"mean": mean, "sd": sd, "origin": "measured"}
    return {"save_rate": rate, "begins_on": "2024-07-01", "readout_on": readout_on}


def test_every_readout_counts_by_how_sure_it_is():
    found = default_rate({"spring": kept(0.13, 0.02), "autumn": kept(0.01, 0.02)}, 90)
    assert found.rate.mean == pytest.approx((0.05 + 0.13 + 0.01) / 3, abs=0.001)
    assert found.rate.origin == "measured"
    assert [each["list_id"] for each in found.lists] == ["spring", "autumn"]
    assert [each["weight"] for each in found.lists] == pytest.approx([1 / 3, 1 / 3], abs=1e-3)


def test_a_list_that_was_read_over_other_days_does_not_count():
    week = kept(0.01, 0.002, readout_on="2024-07-08")
    assert default_rate({"week": week}, 90).rate is PRIOR
    assert default_rate({"week": week}, 90).lists == []
    both = default_rate({"week": week, "spring": kept(0.13, 0.02)}, 90)
    assert [each["list_id"] for each in both.lists] == ["spring"]


def test_readouts_that_tell_no_rate_leave_the_guess():
    empty = {"save_rate": None, "begins_on": "2024-07-01", "readout_on": "2024-09-29"}
    assert default_rate({"a": empty, "b": kept(0.0, 0.0)}, 90).rate is PRIOR
