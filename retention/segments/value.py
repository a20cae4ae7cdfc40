"""Value tiers as a page shows them, and how much of the value few customers bring."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.groups import VALUE_TIERS

Float = NDArray[np.float64]
SHARES = (0.01, 0.05, 0.10, 0.20, 0.50)


@dataclass(frozen=True)
class Concentration:
    """How value is spread over customers; what is below zero counts as zero.

    Attributes
    ----------
    customers, total : number, and their value, currency
    top_shares : share of customers, from the most valuable down -> share of the value they bring
    customers_for_80 : smallest share of customers who bring 80 % of it; None where there is none
    sentence : the same in words
    """

    customers: int
    total: float
    top_shares: dict[float, float]
    customers_for_80: float | None
    sentence: str


def concentration(value: ArrayLike) -> Concentration:
    """The 80/20 share: what the best fifth of the customers brings.

    Parameters
    ----------
    value : array of shape (n,), currency; NaN is left out
    """
    v = np.asarray(value, float)
    v = np.maximum(v[~np.isnan(v)], 0.0)
    total = float(v.sum())
    if total <= 0:
        return Concentration(len(v), total, {}, None, "No customer has any value to share out.")
    brought = np.concatenate([[0.0], np.cumsum(np.sort(v)[::-1]) / total])
    # Part of a customer counts in part, so that the shares of five customers are no jumps.
    at = np.linspace(0, 1, len(v) + 1)
    shares = {share: float(np.interp(share, at, brought)) for share in SHARES}
    needed = float(np.searchsorted(brought, 0.8 - 1e-12) / len(v))
    return Concentration(
        len(v),
        total,
        shares,
        needed,
        f"The best 20% of customers bring {shares[0.20]:.0%} of the value; 80% of it comes from "
        f"{needed:.0%} of them.",
    )


def by_tier(value_tier: ArrayLike, value: ArrayLike) -> pd.DataFrame:
    """Customers and value of each tier.

    Parameters
    ----------
    value_tier : text, shape (n,); None is left out
    value : array of shape (n,), currency

    Returns
    -------
    DataFrame indexed by tier, `top` first: customers, customer_share, total, value_share (of the
    total where that is above zero, else NaN), mean
    """
    frame = pd.DataFrame(
        {"tier": np.asarray(value_tier, object), "value": np.asarray(value, float)}
    )
    grouped = frame.groupby("tier")["value"].agg(["count", "sum", "mean"])
    found = grouped.reindex(list(reversed(VALUE_TIERS)))
    found = found.set_axis(["customers", "total", "mean"], axis=1).rename_axis("value_tier")
    found[["customers", "total"]] = found[["customers", "total"]].fillna(0)
    found["customers"] = found["customers"].astype("int64")
    everybody, whole = found["customers"].sum(), found["total"].sum()
    found["customer_share"] = found["customers"] / everybody if everybody else np.nan
    found["value_share"] = found["total"] / whole if whole > 0 else np.nan
    return found[["customers", "customer_share", "total", "value_share", "mean"]]
