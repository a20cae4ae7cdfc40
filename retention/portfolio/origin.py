"""What customers are worth by when and through which channel they were won."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from retention.clv.ladder import NO_MARGIN, in_currency

Float = NDArray[np.float64]
Basis = Literal["revenue", "profit"]
# Revenue net of refunds, or what is left of it after goods, serving and keeping.
STEP_OF = {"revenue": "net", "profit": "contribution"}
UNKNOWN = "unknown"


def value_on(steps: pd.DataFrame, basis: Basis) -> tuple[Float, str | None]:
    """Value of each customer on a basis, shape (n,), currency; and why there is none, if so.

    Parameters
    ----------
    steps : DataFrame of `retention.clv.ladder`
    """
    if basis not in STEP_OF:
        raise ValueError(f"basis must be revenue or profit, got {basis!r}")
    value = in_currency(steps[STEP_OF[basis]])
    nothing = basis == "profit" and len(value) > 0 and bool(np.isnan(value).all())
    return value, NO_MARGIN if nothing else None


def worth_by(
    group: ArrayLike, historic: ArrayLike, predicted: ArrayLike, *, level: float = 0.95
) -> pd.DataFrame:
    """Value of the customers of each group, such as a month, a channel, or both as a tuple.

    Parameters
    ----------
    group : labels, shape (n,); None counts as `unknown`
    historic, predicted : arrays of shape (n,), currency, on one basis: `value_on`
    level : of the intervals of the mean

    Returns
    -------
    DataFrame indexed by group
        customers : int, with a known total
        historic_mean, predicted_mean, total_mean : currency
        low, high : interval of `total_mean`; NaN below two customers
        total : currency, their sum
        total_share : of all groups, where that sum is above zero, else NaN
    """
    labels = pd.Series(np.asarray(group, object)).fillna(UNKNOWN).astype(object)
    frame = pd.DataFrame(
        {"historic": np.asarray(historic, float), "predicted": np.asarray(predicted, float)}
    )
    frame["total"] = frame["historic"] + frame["predicted"]
    grouped = frame[frame["total"].notna()].groupby(labels)
    count, mean = grouped.size(), grouped.mean()
    n = count.to_numpy(float)
    spread = grouped["total"].std().to_numpy(float) / np.sqrt(n)
    half = student.ppf((1 + level) / 2, np.maximum(n - 1, 1)) * spread
    total = grouped["total"].sum()
    found = pd.DataFrame(
        {
            "customers": count.astype("int64"),
            "historic_mean": mean["historic"],
            "predicted_mean": mean["predicted"],
            "total_mean": mean["total"],
            "low": mean["total"] - half,
            "high": mean["total"] + half,
            "total": total,
        }
    ).rename_axis("group")
    whole = float(total.sum())
    return found.assign(total_share=total / whole if whole > 0 else np.nan)


def both(month: ArrayLike, channel: ArrayLike) -> NDArray[np.object_]:
    """Labels `month, channel` of each customer, None of either counting as `unknown`."""
    parts = (pd.Series(np.asarray(v, object)).fillna(UNKNOWN) for v in (month, channel))
    return np.array([f"{a}, {b}" for a, b in zip(*parts, strict=True)], object)
