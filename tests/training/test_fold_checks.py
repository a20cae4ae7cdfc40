import datetime
from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import made_fold
from training.card_segments import segments
from training.clustered import mean_interval, share_interval
from training.fold_checks import levels, quantile_checks, violation

FOLD = made_fold(datetime.date(2024, 1, 1), seed=1)


def test_a_customers_rows_count_together():
    values, alone = np.array([1.0, 2.0, 3.0, 6.0]), np.arange(4)
    once = mean_interval(values, alone)
    twice = mean_interval(np.repeat(values, 2), np.repeat(alone, 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))
    # sd 2.160 / sqrt(4) x 1.96
    assert once.high - once.mean == pytest.approx(2.117, abs=0.001)


def test_a_share_of_none_has_an_upper_bound_above_zero():
    # Wilson's bound for 0 of 20 is z^2 / (20 + z^2).
    found = share_interval(np.zeros(20, bool), np.arange(20))
    assert (found.mean, found.low) == (0, 0)
    assert found.high == pytest.approx(3.8415 / 23.8415, abs=1e-4)


def test_a_quantile_of_zero_is_right_where_most_come_to_nothing():
    value = np.array([0.0] * 8 + [10.0, 20.0])
    assert violation(value, np.zeros(10), 0.5) == 0
    assert violation(value, np.full(10, 5.0), 0.5) == pytest.approx(0.3)
    assert violation(value, np.zeros(10), 0.9) == pytest.approx(0.1)


def test_quantiles_off_their_level_are_told():
    checks = quantile_checks([FOLD])
    assert checks["clv_p10"]["holds"]
    low = quantile_checks([replace(FOLD, clv_p90=np.zeros(len(FOLD.churned)))])["clv_p90"]
    assert not low["holds"]
    assert not low["tenths_hold"]
    assert low["violation"] == pytest.approx(0.9 - (FOLD.future_value <= 0).mean())
    assert quantile_checks([]) == {}


def test_levels_are_of_what_is_served_oldest_first():
    later = replace(FOLD, cutoff=datetime.date(2024, 4, 1))
    first, second = levels([later, FOLD], {"return": "recency", "value": "unknown"})
    assert (first["cutoff"], second["cutoff"]) == ("2024-01-01", "2024-04-01")
    assert (first["churn"]["member"], first["value"]["member"]) == ("recency", "model")
    assert first["churn"]["predicted"] == pytest.approx(FOLD.churn_probability["recency"].mean())
    assert first["value"]["actual"] == pytest.approx(FOLD.future_value.mean())


def test_segments_hold_every_row_once_and_a_right_model_is_within():
    found = segments([FOLD], {"return": "model", "value": "model"})
    for by in ("orders", "tenure", "value tier"):
        assert sum(row["rows"] for row in found if row["by"] == by) == len(FOLD.churned)
    tiers = [row["rows"] for row in found if row["by"] == "value tier"]
    assert tiers == [20, 60, 120, 200]
    within = [row["churn"]["within"] for row in found]
    assert np.mean(within) > 0.7


def test_a_segment_of_a_few_customers_shows_no_number():
    few = replace(FOLD, n_orders=np.where(np.arange(len(FOLD.churned)) < 19, 1.0, 3.0))
    (one,) = (row for row in segments([few], {}) if row["segment"] == "1 order")
    assert one["customers"] == 19
    assert np.isnan([one["churn"]["predicted"], one["value"]["actual"]]).all()
    assert one["churn"]["within"] is None
