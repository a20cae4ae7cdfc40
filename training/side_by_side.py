"""Independent pieces of work side by side, with results that do not depend on how many cores do it.

Within a piece nothing more is divided, and numerical libraries get one thread each: sums that are
shared out among threads differ in their last digits from machine to machine.
"""

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

P = ParamSpec("P")
T = TypeVar("T")
JOBS = 2
_STATE = threading.local()


def one_thread_each(work: Callable[P, T]) -> Callable[P, T]:
    """Give numerical libraries one thread while `work` runs, so that every machine adds alike."""

    @wraps(work)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with threadpool_limits(limits=1):
            return work(*args, **kwargs)

    return limited


def side_by_side(pieces: Sequence[Callable[[], T]]) -> list[T]:
    """Results of the pieces in their order; one after the other where a piece asks for it."""
    if getattr(_STATE, "within", False):
        return [piece() for piece in pieces]
    with threadpool_limits(limits=1):
        found: list[T] = Parallel(n_jobs=JOBS, prefer="threads", batch_size=1)(
            delayed(_piece)(piece) for piece in pieces
        )
    return found


def _piece(piece: Callable[[], T]) -> T:
    _STATE.within = True
    try:
        return piece()
    finally:
        _STATE.within = False
