"""What can be said of a log too young for any closed window: one rate for everybody.

Repeat purchase days over days of custom give a rate; P(no purchase) is exp(-rate x horizon) and
value is rate x horizon x mean order value. The gate never lets a model replace it.
"""

import numpy as np
import pandas as pd

from models.btyd_columns import BtydColumns
from models.calibration import EDGE, PlattCalibrator
from models.carry import Carry
from models.heads import OrdersHead, ReturnHead, ValueHead
from models.horizon import HorizonModel
from models.inputs import Preparation
from models.spread import fit_spread


def pooled_model(features: pd.DataFrame, horizon_days: int) -> HorizonModel:
    """Heads that say the same of everybody, from the customers' own counts.

    Parameters
    ----------
    features : snapshot at the cutoff, with `frequency`, `T` and `average_order_value`
    horizon_days : horizon of the heads
    """
    repeats = float(np.nan_to_num(features["frequency"]).sum())
    days = float(np.nan_to_num(features["T"]).sum())
    rate = (repeats + 0.5) / (days + horizon_days)
    churn = float(np.clip(np.exp(-rate * horizon_days), EDGE, 1 - EDGE))
    order_values = features["average_order_value"].dropna().to_numpy(float)
    order_values = order_values[order_values > 0]
    mean = float(order_values.mean()) if len(order_values) else 0.0
    calibrator = PlattCalibrator(0.0, float(np.log(churn / (1 - churn))))
    spread = fit_spread(order_values, np.full(len(order_values), mean or 1.0))
    # The rule says 1 of everybody; nothing is added to it.
    expected = rate * horizon_days * mean
    value = ValueHead("mean_value", expected, spread, spend_level=expected / (1 - churn) or 1e-6)
    return HorizonModel(
        Preparation(tuple(features.columns), BtydColumns(horizon_days, {}, None)),
        ReturnHead("base_rate", calibrator, Carry(horizon_days, horizon_days)),
        value,
        OrdersHead(1.0),
    )
