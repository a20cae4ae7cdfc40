"""Quantities that are no count of items, and others that read oddly: found row by row.

A quantity of 100 or more at a price below a hundredth of the currency unit each is a weight or a
volume in a small unit: fuel by the millilitre, not ten thousand things. The test looks at one line
alone: if it went by the median of the log, one customer's lines would change the features of
another, and tomorrow's lines those of yesterday.
"""

import numpy as np
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE

FEWEST, LEAST_PRICE = 100, 0.01
MANY = 1000
NOT_A_COUNT = (
    f"(abs(quantity) >= {FEWEST} AND amount <> 0 "
    f"AND abs(amount) < abs(quantity) * {int(LEAST_PRICE * AMOUNT_SCALE)})"
)
# The quantity as a number of items; null where it is none.
COUNT_SQL = f"CASE WHEN {NOT_A_COUNT} THEN NULL ELSE quantity END"
ODDITY_SQL = f"""
CASE WHEN {NOT_A_COUNT} THEN 'not_a_count'
     WHEN quantity < 0 AND amount > 0 THEN 'negative_quantity'
     WHEN quantity = 0 AND amount <> 0 THEN 'zero_quantity'
     WHEN abs(quantity) >= {MANY} AND amount = 0 THEN 'many_for_nothing'
END"""


def is_count(quantity: NDArray[np.float64], amount: NDArray[np.int64]) -> NDArray[np.bool_]:
    """False where a quantity is no count of items, as in `NOT_A_COUNT`; shape (n_lines,).

    Parameters
    ----------
    amount : line totals, ten-thousandths
    """
    size, cost = np.abs(quantity), np.abs(amount)
    return ~((size >= FEWEST) & (cost > 0) & (cost < size * int(LEAST_PRICE * AMOUNT_SCALE)))
