import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.pages.stacks import BASE, LEFT, RIGHT, TOP, round_ticks, stacks


def test_worked_example():
    found = stacks([("May", {"low": 60.0, "high": 40.0}), ("June", {"low": 50.0, "high": 0.0})])
    assert found is not None
    assert [amount for amount, _ in found.ticks] == [0, 20, 40, 60, 80, 100]
    may, june = found.columns
    low, high = may.segments
    assert (may.total, low.key, high.key) == (100, "low", "high")
    assert (high.y, low.y + low.height) == (TOP, BASE)
    assert low.height / high.height == pytest.approx(1.5)
    assert [part.key for part in june.segments] == ["low"]


amounts = st.floats(-100, 1e9).map(lambda amount: round(amount, 2))


@given(st.lists(st.fixed_dictionaries({"a": amounts, "b": amounts}), max_size=60))
def test_columns_stay_inside_the_picture(parts):
    found = stacks([(str(place), each) for place, each in enumerate(parts)])
    if found is None:
        assert all(amount <= 0 for each in parts for amount in each.values())
        return
    for column in found.columns:
        assert column.x >= LEFT
        assert column.x + column.width <= RIGHT + 1e-9
        assert all(TOP - 1e-6 <= part.y <= BASE for part in column.segments)
    assert 1 <= sum(column.is_labelled for column in found.columns) <= 6


@given(st.floats(0.01, 1e12))
def test_ticks_are_round_and_few_and_reach_the_largest(most):
    ticks = round_ticks(most)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 6
    assert ticks[-1] >= most * (1 - 1e-6)
    assert ticks[-2] < most


def test_nothing_to_draw_is_no_picture():
    assert stacks([]) is None
    assert stacks([("May", {"low": 0.0})]) is None
