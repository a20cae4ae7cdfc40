from statistics import median

import numpy as np
from hypothesis import given

from features.running.purchase_days import NAMES, purchase_days
from tests.features.made import QUICK
from tests.features.running.made_lines import LINES, arrays


def states(*customers):
    return dict(zip(NAMES, purchase_days(*arrays(*customers)), strict=True))


def days_so_far(lines):
    """The states at the last line, from the set of days."""
    bought = [(day, amount) for day, amount in lines if amount >= 0]
    days = sorted({day for day, _ in bought})
    if not days:
        return (0, 0, 0, -1, -1, -1, 0, 0, 0, 0.0, 0)
    gaps = np.diff(days)
    opening = sum(amount for day, amount in bought if day == days[0])
    if not len(gaps):
        return (1, days[0], days[0], -1, -1, -1, 0, 0, 0, 0.0, opening)
    previous = gaps[-2] if len(gaps) > 1 else -1
    logs = sum(g * np.log(g) for g in gaps)
    return (
        *(len(days), days[0], days[-1], gaps[-1], previous, gaps[0], gaps.max()),
        *(2 * median(gaps.tolist()), (gaps**2).sum(), logs, opening),
    )


@QUICK
@given(LINES, LINES)
def test_purchase_days_are_those_of_the_set_of_days_so_far(one, two):
    found = np.array(list(states(one, two).values())).T
    wanted = [days_so_far(lines[: i + 1]) for lines in (one, two) for i in range(len(lines))]
    assert np.allclose(found, wanted, rtol=1e-12)


def test_a_day_that_becomes_known_late_splits_a_gap():
    found = states([(0, 1), (30, 1), (10, 1), (10, 5), (50, 1), (40, 1)])
    assert found["days"].tolist() == [1, 2, 3, 3, 4, 5]
    assert found["last_gap"].tolist() == [-1, 30, 20, 20, 20, 10]
    assert found["longest_gap"].tolist() == [0, 30, 20, 20, 20, 20]
    assert found["gap_squares"].tolist() == [0, 900, 500, 500, 900, 700]
    assert found["middle_gaps"].tolist() == [0, 60, 30, 30, 40, 20]


def test_an_earlier_first_day_that_becomes_known_late_opens_anew():
    found = states([(10, 4), (10, 2), (3, 7), (3, 1), (10, 5)])
    assert found["first_day"].tolist() == [10, 10, 3, 3, 3]
    assert found["first_day_gross"].tolist() == [4, 6, 7, 8, 8]
    assert found["second_gap"].tolist() == [-1, -1, 7, 7, 7]
