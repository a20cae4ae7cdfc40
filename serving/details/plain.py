"""Numbers of frames as plain JSON values: no NaN, no type of NumPy."""

import math
from typing import Any

import numpy as np
import pandas as pd

CENTS = 2


def records(frame: pd.DataFrame, *, money: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Each row as a dict, what is not there as None; columns of `money` to the cent."""
    rows = frame.astype(object).to_dict("records")
    return [
        {str(name): plain(value, CENTS if name in money else None) for name, value in row.items()}
        for row in rows
    ]


def plain(value: Any, digits: int | None = None) -> Any:
    """One value, a number rounded to `digits` where given."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, np.generic):
        return plain(value.item(), digits)
    if isinstance(value, float) and digits is not None:
        return round(value, digits) + 0.0
    return value
