import numpy as np
import pytest

from models.btyd.counts import counts_of


def test_customers_with_the_same_history_are_one_row():
    found = counts_of([0, 2, 0, 2, 1], [0, 30, 0, 30, 30], [90, 90, 90, 90, 90])
    assert found.frequency.tolist() == [0, 1, 2]
    assert found.recency.tolist() == [0, 30, 30]
    assert found.weight.tolist() == [2, 1, 2]
    assert (found.customers, found.repeaters) == (5, 3)


def test_parts_of_a_day_are_kept():
    found = counts_of([1, 1], [1 / 7, 2 / 7], [3.0, 3.0])
    assert found.recency.tolist() == [1 / 7, 2 / 7]


def test_thinned_counts_stand_for_all_customers():
    rng = np.random.default_rng(0)
    x = rng.poisson(1.0, 50_000)
    counts = counts_of(x, np.where(x > 0, 10, 0), rng.integers(10, 400, 50_000))
    few = counts.thinned(300)
    assert len(few.weight) <= 300
    assert few.customers == pytest.approx(counts.customers)
    assert few.repeaters == pytest.approx(counts.repeaters, rel=0.02)


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        (([1], [5], [4]), "recency exceeds T for 1 of 1 customers, first 5.0 > 4.0"),
        (([1, 0], [0, 0], [4, 4]), "not for 1 of 2 customers, first frequency 1.0, recency 0.0"),
        (([0], [3], [4]), "recency must be > 0 exactly where frequency is"),
        (([-1], [0], [4]), "frequency must be finite and >= 0.*first -1.0"),
        (([0], [0], [np.nan]), "T must be finite"),
        (([0, 1], [0], [4]), "2, 1 and 1 values"),
    ],
)
def test_impossible_histories_are_named(history, sentence):
    with pytest.raises(ValueError, match=sentence):
        counts_of(*history)
