import numpy as np
import pandas as pd
import pytest

from retention.lifecycle import WON_BACK_DAYS, lifecycle_status, silence_limits
from tests.retention.made import RHYTHM, made_shop


def customer(silence, *gaps):
    """Features of a customer with these gaps, the latest last."""
    return {
        "days_since_last": silence,
        "frequency": float(len(gaps)),
        "mean_gap": np.mean(gaps) if gaps else np.nan,
        "last_gap": gaps[-1] if gaps else np.nan,
    }


def statuses(*customers):
    return lifecycle_status(pd.DataFrame(customers), RHYTHM).tolist()


def test_limits_are_the_shops_for_one_time_buyers():
    late, very_late = silence_limits(pd.DataFrame([customer(1)]), RHYTHM)
    assert (late[0], very_late[0]) == (90.0, 200.0)


def test_own_gaps_are_shrunk_to_the_shops_by_two_gaps():
    late, very_late = silence_limits(pd.DataFrame([customer(1, 10, 30, 20, 20)]), RHYTHM)
    usual = (4 * 20 + 2 * 60) / 6
    assert (late[0], very_late[0]) == pytest.approx((1.5 * usual, 3 * usual))


@pytest.mark.parametrize(
    ("silence", "gaps", "wanted"),
    [
        (90, (), "new"),
        (91, (), "slipping"),
        (200, (), "slipping"),
        (201, (), "lapsed"),
        (10, (60,), "developing"),
        (10, (60, 60), "developing"),
        (10, (60, 60, 60), "active"),
        (90, (60, 60, 60), "active"),  # 1.5 usual gaps of 60
        (91, (60, 60, 60), "slipping"),
        (181, (60, 60, 60), "lapsed"),
        (40, (5, 5, 5, 5, 5, 5), "slipping"),  # usual 18.75 days: late after 28
        (10, (60, 60, 60, 190), "won_back"),  # 190 days were a lapse by the rhythm of 60
        (10, (60, 60, 60, 170), "active"),
        (10, (60, 60, 190, 60), "active"),  # a second order after it came back
    ],
)
def test_worked_examples(silence, gaps, wanted):
    assert statuses(customer(silence, *gaps)) == [wanted]


def test_a_one_time_buyer_who_had_lapsed_and_came_back_is_won_back():
    assert statuses(customer(200 + 1)) == ["lapsed"]
    assert statuses(customer(10, 200 + 1)) == ["won_back"]
    assert statuses(customer(10, 200)) == ["developing"]


def test_who_is_won_back_had_lapsed_before():
    gaps = (40, 55, 70)
    for gap in range(1, 400, 7):
        before = statuses(customer(gap, *gaps))
        after = statuses(customer(1, *gaps, gap))
        assert (before == ["lapsed"]) == (after == ["won_back"])


def test_won_back_ends_after_180_days():
    gaps = (100,) * 20 + (900,)
    assert statuses(customer(WON_BACK_DAYS, *gaps)) == ["won_back"]
    assert statuses(customer(WON_BACK_DAYS + 1, *gaps)) == ["active"]


def test_silence_decides_before_the_count_of_orders():
    assert statuses(customer(5000, *(30,) * 50), customer(5000)) == ["lapsed", "lapsed"]


def test_who_never_bought_is_lapsed():
    assert statuses(customer(np.nan) | {"frequency": np.nan}) == ["lapsed"]


def test_a_made_shop_has_customers_of_every_stage():
    features, bundle = made_shop()
    found = set(lifecycle_status(features, bundle.groups["rhythm"]))
    assert found == {"new", "developing", "active", "slipping", "lapsed", "won_back"}
