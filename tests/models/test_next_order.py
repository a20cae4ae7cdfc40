import json

import numpy as np
import pandas as pd
import pytest

from models.next_order import NextOrderHead, days_of, fit_shifts, rhythm


def buyers(frequency, recency, silence):
    columns = {"frequency": frequency, "recency": recency, "days_since_last": silence}
    return pd.DataFrame(columns, dtype=float)


def head(**changed):
    values = {"observed_days": 90, "horizon_days": 90, "shop_gap": 30.0, "facts": {}}
    return NextOrderHead(**{**values, "shifts": (-1.0, 0.0, 1.0), **changed})


def test_worked_example():
    # Three gaps of 10 days and two of the shop's 30: 90 days in five gaps, 4 days gone.
    usual_gap, usual_wait = rhythm(buyers([3], [30], [4]), 30.0)
    assert (usual_gap[0], usual_wait[0]) == (18.0, 14.0)
    p10, p50, p90 = head().quantiles(buyers([3], [30], [4]))
    # 15 / e - 1, 15 - 1 and 15 e - 1, in whole days.
    assert (p10[0], p50[0], p90[0]) == (4.0, 14.0, 39.0)


def test_a_one_time_buyer_is_given_the_gap_of_the_shop():
    usual_gap, _ = rhythm(buyers([0], [0], [5]), 30.0)
    assert usual_gap[0] == 30.0


def test_days_ascend_and_stay_within_the_window():
    raw = np.log1p(np.array([[9.0, 5.0, 200.0], [0.0, 0.0, 0.0]]))
    days = days_of(raw, (-5.0, 0.0, 0.0), 90)
    assert days.tolist() == [[0.0, 5.0, 89.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("mean", [2.0, 15.0, 60.0])
def test_shifts_give_the_shares_that_quantiles_of_whole_days_have(mean):
    draw = np.random.default_rng(0)
    days = np.floor(draw.exponential(mean, 2000))
    raw = np.log1p(np.full((len(days), 3), 7.0))
    p10, p50, p90 = days_of(raw, fit_shifts(raw, days), 10_000).T
    for tau, quantile in ((0.1, p10), (0.5, p50), (0.9, p90)):
        assert (days < quantile).mean() <= tau + 0.001
        assert (days <= quantile).mean() >= tau - 0.001


def test_few_rows_make_the_interval_wide():
    days = np.array([3.0, 10.0, 40.0])
    raw = np.log1p(np.full((3, 3), 10.0))
    p10, _, p90 = days_of(raw[:1], fit_shifts(raw, days), 90).T
    assert p10[0] <= 3
    assert p90[0] == 40


def test_a_head_without_trees_comes_back_from_its_json(tmp_path):
    saved = head(facts={"returners": 40})
    spec = json.loads(json.dumps(saved.save(tmp_path, "next_order")))
    assert NextOrderHead.load(spec, {}) == saved
    assert list(tmp_path.iterdir()) == []
