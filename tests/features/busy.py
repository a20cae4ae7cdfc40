"""A shop whose few customers do everything at once: return, cancel, come late, leave things out."""

import numpy as np
import pandas as pd

from tests.features.made import COLUMNS, LONG_AGO, stamp

KINDS = {
    "order_id": [None, "o1", "o2", "o3", "o4"],
    "refund_of": [None, None, None, "o1", "o2", "nowhere"],
    "product_id": [None, "p1", "p2", "p3"],
    "category": [None, "food", "toys"],
    "channel": [None, "web", "shop"],
    "quantity": [None, 1.0, 2.0, 2.5, -1.0],
    "discount": [None, 0.0, 1.25, -2.0],
    "cost": [None, 0.0, 3.1, 7.25],
    "cancelled": [None, False, False, True],
    "line_id": [None],
}
AMOUNTS = [10.0, 10.0, 25.5, 0.0, -10.0, -10.0, -25.5, -4.0]


def busy_shop(seed, customers=80, most_lines=40):
    """Frame of purchases with all optional columns, some of it older than the look-back."""
    draw = np.random.default_rng(seed)

    def pick(values):
        return values[draw.integers(len(values))]

    rows = []
    for customer in range(customers):
        for _ in range(draw.integers(1, most_lines)):
            long_ago = draw.random() < 0.15
            day = pick(LONG_AGO) if long_ago else 5 * int(draw.integers(0, 120))
            hour = 24 * day + pick([0, 9, 9, 23])
            known = hour + pick([0, 0, 0, 0, 1, 24, 500, 5000])
            amount = pick([*AMOUNTS, round(float(draw.normal(40, 30)), 2)])
            kinds = [pick(values) for values in KINDS.values()]
            rows.append((f"c{customer:03d}", stamp(hour), amount, stamp(known), *kinds))
    return pd.DataFrame(rows, columns=COLUMNS)
