"""Logs of made frames, by the way that purchases sent with a request take."""

from typing import Any

import pandas as pd

from features.log.purchase_log import PurchaseLog
from features.log.request_log import log_from_columns
from features.shop_clock import ShopClock


def log_from_frame(purchases: pd.DataFrame, clock: ShopClock) -> PurchaseLog:
    """The same from a frame, whose stamps may be datetimes; see `log_from_columns`."""
    columns: dict[str, list[Any]] = {}
    for name in purchases:
        values = purchases[name]
        there = values.notna()
        if values.dtype.kind == "M":
            values = values.map(lambda stamp: stamp.isoformat(), na_action="ignore")
        columns[str(name)] = values.astype(object).where(there, None).tolist()
    return log_from_columns(columns, clock)
