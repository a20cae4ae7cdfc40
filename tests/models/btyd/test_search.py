import numpy as np
import pytest

from models.btyd.counts import Counts, counts_of
from models.btyd.errors import NotConverged
from models.btyd.search import check_repeaters, search, time_unit


def hundred():
    return counts_of(np.ones(100), np.arange(1, 101), np.full(100, 200.0))


def found(likelihood, starts=((0.0, 0.0),)):
    places = [np.array(s) for s in starts]
    return search(lambda counts: likelihood, hundred(), places, model="M", names=("one", "two"))


def test_the_top_of_a_curved_ridge_is_found():
    def ridge(theta):
        u, v = theta
        away = v - u**2
        slope = np.array([2 * (1 - u) + 40 * u * away, -20 * away])
        return -((1 - u) ** 2) - 10 * away**2, slope

    assert found(ridge) == pytest.approx([1.0, 1.0], abs=1e-5)


def test_what_only_the_data_could_hold_stays_where_it_is_inside_the_wall():
    top = np.array([4.9, -4.9])
    assert found(lambda t: (-((t - top) ** 2).sum(), -2 * (t - top))) == pytest.approx(
        top, abs=1e-5
    )


def test_a_parameter_that_runs_off_is_refused_by_name():
    with pytest.raises(NotConverged, match="M sends two to infinity or zero"):
        found(lambda t: (100 * t[1] - t[0] ** 2, np.array([-2 * t[0], 100.0])))


def test_a_likelihood_without_a_maximum_is_refused():
    with pytest.raises(NotConverged, match="no maximum of its likelihood from 1 starts on 100"):
        found(lambda t: (np.nan, np.full(2, np.nan)))


def test_too_few_repeaters_are_counted_in_the_refusal():
    few = counts_of([1] * 9 + [0] * 50, [3] * 9 + [0] * 50, [10] * 59)
    with pytest.raises(NotConverged, match="there are 9 of 59; use a rule, or a longer log"):
        check_repeaters(few, "BG/NBD")


def test_time_is_measured_in_median_tenures():
    weighed = Counts(*np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0, 30, 60, 90], [50, 1, 1, 9]]) * 1.0)
    assert time_unit(weighed) == 90.0
    assert time_unit(counts_of([0], [0], [0])) == 1.0
