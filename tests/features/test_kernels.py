import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features import kernels
from tests.features.made import QUICK

# (day of the order, amount) of one customer, in the order in which the lines became known.
LINES = st.lists(st.tuples(st.integers(-20, 20), st.integers(-3, 9)), min_size=1, max_size=15)


def arrays(*customers):
    lines = [line for lines in customers for line in lines]
    starts = np.concatenate([[0], np.cumsum([len(lines) for lines in customers])])
    days = np.array([day for day, _ in lines], np.int32)
    return starts, days, np.array([amount for _, amount in lines], np.int64)


def days_so_far(lines):
    """Count, first, last, last gap, squared gaps and first day's amount, from the set of days."""
    bought = [(day, amount) for day, amount in lines if amount >= 0]
    days = sorted({day for day, _ in bought})
    if not days:
        return 0, 0, 0, -1, 0, 0
    gaps = np.diff(days)
    opening = sum(amount for day, amount in bought if day == days[0])
    last_gap = int(gaps[-1]) if len(gaps) else -1
    return len(days), days[0], days[-1], last_gap, int((gaps**2).sum()), opening


@QUICK
@given(LINES, LINES)
def test_purchase_days_are_those_of_the_set_of_days_so_far(one, two):
    found = np.array(kernels.purchase_days(*arrays(one, two))).T.tolist()
    wanted = [days_so_far(lines[: i + 1]) for lines in (one, two) for i in range(len(lines))]
    assert [tuple(row) for row in found] == wanted


def test_a_day_that_becomes_known_late_splits_a_gap():
    lines = [(0, 1), (30, 1), (10, 1), (10, 5), (50, 1), (40, 1)]
    count, _, _, last_gap, squares, _ = kernels.purchase_days(*arrays(lines))
    assert count.tolist() == [1, 2, 3, 3, 4, 5]
    assert last_gap.tolist() == [-1, 30, 20, 20, 20, 10]
    assert squares.tolist() == [0, 900, 500, 500, 900, 700]


def order_refs(keys):
    return np.array([keys.index(key) for key in keys], np.int64)


def test_an_order_interrupted_by_another_keeps_all_its_lines():
    starts, days, amount = arrays([(1, 10), (1, 5), (2, 7), (2, 100), (2, 3)])
    refs = order_refs(["a", "a", "b", "c", "b"])
    first, last = kernels.order_amounts(starts, days, amount, refs)
    assert first.tolist() == [10, 15, 15, 15, 15]
    assert last.tolist() == [10, 15, 7, 100, 10]


def test_a_discount_line_before_the_first_purchase_line_counts_in_its_order():
    starts, days, amount = arrays([(1, -2), (1, 10), (5, -1), (5, 20)])
    first, last = kernels.order_amounts(starts, days, amount, order_refs(["a", "a", "b", "b"]))
    assert first.tolist() == [0, 8, 8, 8]
    assert last.tolist() == [0, 8, 8, 19]


def test_a_refund_of_an_earlier_order_leaves_the_latest_one():
    starts, days, amount = arrays([(1, 10), (5, 20), (9, -10)])
    first, last = kernels.order_amounts(starts, days, amount, order_refs(["a", "b", "a"]))
    assert first.tolist() == [10, 10, 0]
    assert last.tolist() == [10, 20, 20]


def test_an_earlier_order_that_becomes_known_late_is_the_first():
    starts, days, amount = arrays([(10, 4), (3, 7)])
    first, last = kernels.order_amounts(starts, days, amount, order_refs(["a", "b"]))
    assert first.tolist() == [4, 7]
    assert last.tolist() == [4, 4]


@QUICK
@given(LINES, st.lists(st.sampled_from("xyz"), min_size=15, max_size=15))
def test_an_order_counts_once_at_its_first_purchase_line(lines, keys):
    _, _, amount = arrays(lines)
    refs = order_refs(keys[: len(lines)])
    found = kernels.first_purchase_of_order(refs, amount)
    bought = [i for i in range(len(lines)) if amount[i] >= 0]
    wanted = {min(i for i in bought if refs[i] == ref) for ref in refs[bought]}
    assert set(np.flatnonzero(found)) == wanted


@QUICK
@given(LINES, st.lists(st.integers(0, 30), min_size=15, max_size=15))
def test_a_decayed_sum_is_the_sum_of_decayed_values(lines, waits):
    starts, days, amount = arrays(sorted(lines))
    known = np.maximum.accumulate(days + np.array(waits[: len(days)], np.int32))
    found = kernels.decayed_sum(starts, days, known, amount / 100, 10.0)
    last = known[-1]
    wanted = (amount / 100 * 0.5 ** ((last - days) / 10)).sum()
    assert np.isclose(found[-1], wanted, rtol=1e-12, atol=1e-12)


@QUICK
@given(LINES, LINES, st.integers(-25, 25))
def test_positions_are_the_first_lines_not_before_a_day(one, two, day):
    one, two = sorted(one), sorted(two)
    starts, days, _ = arrays(one, two)
    wanted = [starts[i] + sum(d < day for d, _ in lines) for i, lines in enumerate((one, two))]
    assert kernels.positions(starts, days, day).tolist() == wanted
