"""How far a short window reaches: its growth to the horizon, read off buy-till-you-die models.

They know that a shop's customers leave, which two nested windows of a young log hardly show.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from models.btyd_columns import FittedBtyd
from models.carry import SHAPE_RANGE, Carry
from models.heads import BTYD_IN_BLEND


def carry_by_btyd(carry: Carry, found: FittedBtyd, features: pd.DataFrame) -> Carry:
    """The same carry with the shapes that a fitted model expects; as it is where none converged.

    Parameters
    ----------
    carry : read off two nested windows
    found : models fitted to the customers at the end of the log
    features : of these customers, with `frequency`, `recency` and `T`
    """
    if carry.observed_days == carry.horizon_days or BTYD_IN_BLEND not in found.histories:
        return carry
    model = found.histories[BTYD_IN_BLEND]
    x, t_x, T = (features[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    bought = np.isfinite(T) & np.isfinite(x)
    history = (x[bought], t_x[bought], T[bought])
    silent, orders = [], []
    for days in (carry.observed_days, carry.horizon_days):
        silent.append(-float(model.log_p_zero(*history, days).sum()))
        orders.append(float(model.expected_purchases(*history, days).sum()))
    if min(*silent, *orders) <= 0:
        return carry
    stretch = np.log(carry.stretch)
    return_shape, spend_shape = (np.log(v[1] / v[0]) / stretch for v in (silent, orders))
    return replace(
        carry,
        return_shape=float(np.clip(return_shape, *SHAPE_RANGE)),
        spend_shape=float(np.clip(spend_shape, *SHAPE_RANGE)),
    )
