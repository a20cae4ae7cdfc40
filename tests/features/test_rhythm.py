import pytest

from features.rhythm import rhythm_of
from tests.features.made import day, purchases, shop_of

YEAR = [f"2024-{month:02d}-01" for month in range(1, 13)]


def rhythm(frame, fallback_days=90.0):
    return rhythm_of(shop_of(frame), fallback_days)


def test_worked_example():
    frame = purchases(
        ("A", "2024-01-01", 1.0),
        ("A", "2024-01-11", 1.0),  # 10 days, then 20
        ("A", "2024-01-31", 1.0),
        ("B", "2024-01-01", 1.0),
        ("B", "2024-03-01", 1.0),  # 60 days
        ("C", "2024-05-05", 1.0),  # once
        ("R", "2024-01-01", -1.0),  # never
    )
    found = rhythm(frame)
    assert found.mean_gap == pytest.approx((15 + 60) / 2)
    # First to second purchase: 10 and 60 days.
    assert (found.second_late, found.second_very_late) == (pytest.approx(47.5), pytest.approx(57.5))
    # Gaps over the own mean: 2/3, 4/3 and 1; a limit is never below the mean itself.
    assert (found.late, found.very_late) == (pytest.approx(7 / 6), 1.5)


def test_a_shop_to_which_nobody_came_back_gets_the_fallback():
    found = rhythm(purchases(("A", "2024-01-01", 1.0), ("B", "2024-02-01", 1.0)), 30.0)
    assert (found.mean_gap, found.second_late, found.second_very_late) == (30.0, 30.0, 60.0)


def test_many_orders_of_one_day_are_no_gap():
    assert rhythm(purchases(*[("A", "2024-01-01 10:00", 1.0)] * 5), 30.0).mean_gap == 30.0


def test_refunds_make_no_rhythm():
    rows = [("A", day, 1.0) for day in YEAR]
    refunds = [("A", "2024-06-15", -1.0), ("B", "2024-01-01", -1.0), ("B", "2024-02-01", -1.0)]
    assert rhythm(purchases(*rows, *refunds)) == rhythm(purchases(*rows))


def test_the_limits_rise():
    found = rhythm(purchases(*[("A", day, 1.0) for day in YEAR]))
    assert 1 <= found.late < found.very_late
    assert 0 < found.second_late <= found.second_very_late


def test_the_rhythm_of_an_earlier_day_knows_nothing_later():
    early = [("A", "2024-01-01", 1.0), ("A", "2024-01-31", 1.0), ("B", "2024-01-05", 1.0)]
    late = [("A", "2024-02-02", 1.0), ("B", "2024-03-01", 1.0), ("C", "2024-03-01", 1.0)]
    whole = shop_of(purchases(*early, *late), 1)
    assert rhythm_of(whole.known_before(day("2024-02-01")), 90.0) == rhythm(purchases(*early))
    assert rhythm_of(whole.known_before(day("2020-02-01")), 90.0).mean_gap == 90.0
