import threading
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from training.side_by_side import one_thread_each, side_by_side


def blas_threads():
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_results_come_in_the_order_of_the_pieces():
    assert side_by_side([partial(pow, 2, k) for k in range(6)]) == [1, 2, 4, 8, 16, 32]
    assert side_by_side([]) == []


def test_a_piece_runs_its_own_pieces_one_after_the_other():
    def inner():
        return threading.get_ident()

    def outer():
        return threading.get_ident(), side_by_side([inner] * 3)

    for own, threads in side_by_side([outer] * 4):
        assert threads == [own] * 3


def test_numerical_libraries_have_one_thread_and_get_back_what_they_had():
    before = blas_threads()
    assert side_by_side([blas_threads, blas_threads]) == [{1}, {1}]
    assert one_thread_each(blas_threads)() == {1}
    assert blas_threads() == before


def test_sums_do_not_depend_on_the_threads_that_a_library_would_take():
    numbers = np.random.default_rng(0).normal(size=(3, 400_000))

    def product():
        return (numbers @ numbers.T).tobytes()

    assert set(side_by_side([product] * 3)) == {one_thread_each(product)()}


def test_a_fault_in_a_piece_is_the_callers():
    with pytest.raises(ZeroDivisionError):
        side_by_side([partial(divmod, 1, 0), partial(divmod, 1, 1)])
