import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.running.positions import positions, rows_at, sums_before
from tests.features.made import QUICK
from tests.features.running.made_lines import LINES, arrays


@QUICK
@given(LINES, LINES, st.integers(-25, 25))
def test_positions_are_the_first_lines_not_before_a_day(one, two, day):
    one, two = sorted(one), sorted(two)
    starts, days, _, _ = arrays(one, two)
    wanted = [starts[i] + sum(d < day for d, _ in lines) for i, lines in enumerate((one, two))]
    found = positions(days, starts[:-1], starts[1:], np.full(2, day))
    assert found.tolist() == wanted


@QUICK
@given(LINES, LINES, st.sets(st.integers(-25, 25), min_size=1, max_size=4))
def test_there_is_a_row_for_each_cutoff_with_a_line_before_it(one, two, cutoffs):
    both = [sorted(one), sorted(two)]
    starts, days, _, _ = arrays(*both)
    found = rows_at(starts, days, np.array(sorted(cutoffs)))
    wanted = [
        (i, day, starts[i], starts[i] + sum(d < day for d, _ in lines))
        for i, lines in enumerate(both)
        for day in sorted(cutoffs)
        if lines[0][0] < day
    ]
    assert list(zip(*(part.tolist() for part in found), strict=True)) == wanted


def test_sums_are_exact_beyond_what_a_float_holds():
    values = np.array([2**53, 1, -(2**53)])
    assert sums_before(values).tolist() == [0, 2**53, 2**53 + 1, 1]
