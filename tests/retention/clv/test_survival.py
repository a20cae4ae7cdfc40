import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.clv.survival import DAYS_A_YEAR, custom_years, days_watched, kaplan_meier
from tests.features.made import QUICK

# Freireich et al. (1963), weeks in remission under 6-MP; + is still in remission. The curve stands
# in Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
LOST = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_curve_is_that_of_the_textbook():
    curve = kaplan_meier(WEEKS, LOST)
    assert curve.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    told = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.share == pytest.approx(told, abs=5e-5)
    assert (curve.customers, curve.lost, curve.watched) == (21, 9, 35)
    assert curve.at([0, 5.9, 6, 40]) == pytest.approx([1, 1, 0.8571, 0.4482], abs=5e-5)
    # R's survival prints 23.3 for the mean restricted to 35 weeks.
    assert curve.mean_until(35) == pytest.approx(23.287, abs=5e-3)


def test_without_anyone_still_there_the_mean_is_the_mean():
    days = [10.0, 20.0, 60.0]
    assert kaplan_meier(days, [True] * 3).mean_until(1000) == pytest.approx(30)
    assert kaplan_meier(days, [False] * 3).mean_until(40) == 40


def test_a_customer_is_lost_on_the_day_the_silence_passed_its_limit():
    days, lost = days_watched([400, 400, 100], [300, 50, 100], [90, 90, 90])
    assert days.tolist() == [190, 400, 90]
    assert lost.tolist() == [True, False, True]


def test_the_known_mean_of_a_simulated_shop_is_found_by_segment():
    draw = np.random.default_rng(3)
    segment = np.where(np.arange(8000) % 2, "web", "shop").astype(object)
    scale = np.where(segment == "web", 300.0, 900.0)
    life, watched = draw.exponential(scale), draw.uniform(0, 2500, 8000)
    found = custom_years(np.minimum(life, watched), life < watched, segment)
    assert found.cap == 5.0
    for name, mean in (("web", 300.0), ("shop", 900.0)):
        cap = 5 * DAYS_A_YEAR
        truth = mean * (1 - np.exp(-cap / mean)) / DAYS_A_YEAR
        assert found.years[name] == pytest.approx(truth, rel=0.05)
        assert found.still_there[name] == pytest.approx(np.exp(-cap / mean), abs=0.03)
    assert found.of(["web", "nowhere"])[0] == found.years["web"]
    assert np.isnan(found.of(["nowhere"]))[0]


def test_a_young_shop_has_a_shorter_cap_and_a_small_segment_the_years_of_the_shop():
    days, lost = np.full(100, 200.0), np.arange(100) < 50
    segment = np.array(["few"] * 5 + ["many"] * 95, object)
    found = custom_years(days, lost, segment)
    assert found.cap == pytest.approx(200 / 365)
    assert found.of_shop == ("few",)
    assert found.customers == {"few": 5, "many": 95}
    assert max(found.years.values()) <= found.cap


def test_a_segment_watched_for_less_goes_on_as_the_shop_does():
    old_days, old_lost = (
        np.r_[np.full(50, 100.0), np.full(50, 1000.0)],
        np.r_[np.ones(50), np.zeros(50)],
    )
    days = np.concatenate([old_days, np.full(40, 50.0)])
    lost = np.concatenate([old_lost, np.zeros(40)]).astype(bool)
    segment = np.array(["old"] * 100 + ["new"] * 40, object)
    found = custom_years(days, lost, segment)
    assert found.years["new"] == pytest.approx(found.years["old"])


@QUICK
@given(st.lists(st.tuples(st.floats(0, 3000), st.booleans()), min_size=1, max_size=60))
def test_shares_fall_and_means_stay_below_the_cap(rows):
    days, lost = zip(*rows, strict=True)
    curve = kaplan_meier(days, lost)
    assert (np.diff(curve.share) <= 0).all()
    assert ((curve.share >= -1e-12) & (curve.share < 1)).all()
    assert 0 <= curve.mean_until(500) <= 500 + 1e-9
