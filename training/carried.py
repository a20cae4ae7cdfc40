"""How far the spend of a short window reaches, read off a buy-till-you-die model.

It knows that a shop's customers leave, which two nested windows of a young log hardly show.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from models.btyd_columns import FittedBtyd
from models.carry import SHAPE_RANGE, Carry
from models.heads import BTYD_IN_BLEND


def carry_by_btyd(carry: Carry, found: FittedBtyd, features: pd.DataFrame) -> Carry:
    """The same carry with the growth of spend that a model expects; as it is where none converged.

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
    short, long = (
        float(model.expected_purchases(*history, days).sum())
        for days in (carry.observed_days, carry.horizon_days)
    )
    if min(short, long) <= 0:
        return carry
    shape = np.log(long / short) / np.log(carry.stretch)
    return replace(carry, spend_shape=float(np.clip(shape, *SHAPE_RANGE)))
