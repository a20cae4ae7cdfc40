"""Running values of how many kinds of something a customer buys, and how evenly."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]
Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

NAMES = ("known", "distinct", "top", "logs", "latest_is_top")


@njit(cache=True, nogil=True)
def diversity(starts: Int, code: Day, is_purchase: Flags) -> tuple[Day, Day, Day, Float, Flags]:
    """Running values over purchase lines of known kind, shape (n_lines,) each; see `NAMES`.

    Parameters
    ----------
    code : the customer's own numbering of kinds, -1 where unknown

    Returns
    -------
    known, distinct : lines and kinds so far
    top : lines of the most frequent kind
    logs : sum of count x log count over kinds; entropy is log known - logs / known
    latest_is_top : whether the latest line is of a most frequent kind
    """
    n = len(code)
    known, distinct, top = np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32)
    logs, latest = np.zeros(n), np.zeros(n, np.bool_)
    most = 0
    for line in range(n):
        most = max(most, code[line])
    counts = np.zeros(most + 1, np.int32)
    for customer in range(len(starts) - 1):
        lines, kinds, most_lines, log_sum, is_top = 0, 0, 0, 0.0, False
        highest = -1
        for line in range(starts[customer], starts[customer + 1]):
            kind = code[line]
            if kind >= 0 and is_purchase[line]:
                had = counts[kind]
                counts[kind] = had + 1
                highest = max(highest, kind)
                lines += 1
                kinds += had == 0
                if had > 0:
                    log_sum += (had + 1) * math.log(had + 1) - had * math.log(had)
                most_lines = max(most_lines, had + 1)
                is_top = had + 1 == most_lines
            known[line], distinct[line], top[line] = lines, kinds, most_lines
            logs[line], latest[line] = log_sum, is_top
        counts[: highest + 1] = 0
    return known, distinct, top, logs, latest
