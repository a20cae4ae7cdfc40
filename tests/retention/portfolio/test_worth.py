import numpy as np
import pandas as pd
import pytest

from retention.clv.ladder import Economics, historic_ladder
from retention.portfolio.growth import growth_list, potential, tenure_band
from retention.portfolio.origin import both, value_on, worth_by


def ladder(margin):
    history = pd.DataFrame(
        {"gross": [1_000_000, 500_000], "refunded": [0, 100_000], "orders": [2, 1],
         "net": [1_000_000, 400_000], "first_day": [0.0, 0.0]}
    )  # fmt: skip
    return historic_ladder(history, Economics(margin=margin), cutoff=365)


def test_value_is_revenue_or_profit_at_choice():
    assert value_on(ladder(0.25), "revenue")[0].tolist() == [100, 40]
    assert value_on(ladder(0.25), "profit")[0].tolist() == [25, 10]
    value, code = value_on(ladder(None), "profit")
    assert np.isnan(value).all()
    assert code == "no_margin"
    with pytest.raises(ValueError, match="basis must be revenue or profit, got 'sales'"):
        value_on(ladder(None), "sales")  # type: ignore[arg-type]


def test_worth_by_month_and_channel_adds_up():
    month = np.array(["2024-01", "2024-01", "2024-02", None], object)
    channel = np.array(["ads", None, "ads", "ads"], object)
    found = worth_by(both(month, channel), [10.0, 20, 30, 40], [1.0, 2, 3, 4])
    assert found.index.tolist() == [
        "2024-01, ads", "2024-01, unknown", "2024-02, ads", "unknown, ads",
    ]  # fmt: skip
    by_month = worth_by(month, [10.0, 20, 30, 40], [1.0, 2, 3, 4])
    assert list(by_month.loc["2024-01", ["customers", "total", "total_mean"]]) == [2, 33, 16.5]
    assert by_month["total_share"].sum() == pytest.approx(1)
    assert by_month["low"]["2024-01"] < 16.5 < by_month["high"]["2024-01"]
    assert np.isnan(by_month["low"]["2024-02"])


def test_intervals_of_the_mean_hold_the_truth_as_often_as_they_say():
    draw = np.random.default_rng(2)
    group = np.repeat(np.arange(1000).astype(str).astype(object), 40)
    found = worth_by(group, draw.gamma(2, 20, 40_000), np.zeros(40_000))
    held = ((found["low"] <= 40) & (found["high"] >= 40)).mean()
    assert held == pytest.approx(0.95, abs=0.03)


def test_potential_is_the_upper_quantile_of_peers_alike_in_segment_and_tenure():
    value = np.r_[np.arange(101.0), np.full(40, 7.0), 1.0]
    segment = np.array(["loyal"] * 101 + ["new"] * 40 + ["rare"], object)
    tenure = np.r_[np.full(101, 400.0), np.full(40, 10.0), 500.0]
    found = potential(value, segment, tenure)
    assert found["potential"].iloc[0] == 80
    assert found["room"].iloc[[0, 80, 100]].tolist() == [80, 0, 0]
    assert found["peers"].iloc[0] == "loyal, under 2 years"
    assert found["room"].iloc[101:141].eq(0).all()
    assert np.isnan(found["potential"].iloc[141])
    assert found["code"].iloc[141] == "too_few_peers"
    names = [f"c{i:03d}" for i in range(142)]
    listed = growth_list(found, names)
    assert listed.index[:2].tolist() == ["c000", "c001"]
    assert len(listed) == 80
    asked = np.arange(142) != 0
    assert growth_list(found, names, asked=asked).index[0] == "c001"


def test_with_few_of_the_same_tenure_all_of_the_segment_are_peers():
    found = potential(np.arange(40.0), ["new"] * 40, np.r_[np.full(35, 100.0), np.full(5, 10.0)])
    assert found["peers"].tolist()[-1] == "new"
    assert found["n_peers"].tolist() == [35] * 35 + [40] * 5


def test_bands_of_tenure_begin_at_their_day():
    assert tenure_band([0, 89, 90, 364, 365, 730]).tolist() == [
        "under 90 days", "under 90 days", "under 1 year", "under 1 year", "under 2 years",
        "2 years and more",
    ]  # fmt: skip
