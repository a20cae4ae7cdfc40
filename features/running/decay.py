"""Running sums in which older lines count less."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int = NDArray[np.int64]
Day = NDArray[np.int32]
Float = NDArray[np.float64]

HALF_LIVES = (15, 45, 135)
# Ages in days whose weights stand in a table.
_TABLED = 4096
_WEIGHTS = np.exp2(-np.arange(_TABLED)[None, :] / np.array(HALF_LIVES, float)[:, None])


@njit(cache=True, nogil=True)
def _weight(weights: Float, half_life: int, days: int) -> float:
    return weights[half_life, days] if days < weights.shape[1] else 0.0


@njit(cache=True, nogil=True)
def _decayed(
    starts: Int, days: Day, known_day: Day, orders: NDArray[np.int8], spend: Int, weights: Float
) -> tuple[Float, Float]:
    n, kinds = len(spend), weights.shape[0]
    order_sums, spend_sums = np.zeros((kinds, n)), np.zeros((kinds, n))
    for customer in range(len(starts) - 1):
        for kind in range(kinds):
            order_sum, spend_sum = 0.0, 0.0
            for line in range(starts[customer], starts[customer + 1]):
                if line > starts[customer] and known_day[line] != known_day[line - 1]:
                    kept = _weight(weights, kind, known_day[line] - known_day[line - 1])
                    order_sum *= kept
                    spend_sum *= kept
                weight = _weight(weights, kind, known_day[line] - days[line])
                order_sum += orders[line] * weight
                spend_sum += spend[line] * weight
                order_sums[kind, line], spend_sums[kind, line] = order_sum, spend_sum
    return order_sums, spend_sums


def decayed_sums(
    starts: Int, days: Day, known_day: Day, orders: NDArray[np.int8], spend: Int
) -> dict[str, Float]:
    """Orders and spend so far, halved every `HALF_LIVES` days since the line's day.

    Returns
    -------
    dict of `orders_15`, `spend_15` and so on -> float64, shape (n_lines,), as of the line's
    `known_day`; spend in the unit it came in
    """
    sums = _decayed(starts, days, known_day, orders, spend, _WEIGHTS)
    return {
        f"{name}_{half_life}": both[i]
        for name, both in zip(("orders", "spend"), sums, strict=True)
        for i, half_life in enumerate(HALF_LIVES)
    }


def weights_at(half_life: int, days: Int) -> Float:
    """What is left of 1 after `days`, shape (n,)."""
    table = _WEIGHTS[HALF_LIVES.index(half_life)]
    weights: Float = np.where(days < _TABLED, table[np.minimum(days, _TABLED - 1)], 0.0)
    return weights
