"""Lines of customers as the arrays that kernels take."""

import numpy as np
from hypothesis import strategies as st

# (day of the order, amount) of one customer, in the order in which the lines became known.
LINES = st.lists(st.tuples(st.integers(-20, 20), st.integers(-3, 9)), min_size=1, max_size=15)


def arrays(*customers):
    """Starts, days, amounts and whether a line is a purchase."""
    lines = [line for lines in customers for line in lines]
    starts = np.concatenate([[0], np.cumsum([len(lines) for lines in customers])])
    days = np.array([day for day, _ in lines], np.int32)
    amount = np.array([amount for _, amount in lines], np.int64)
    return starts, days, amount, amount >= 0
