"""From gross to contribution: each step an amount of its own, and the sums exact.

Amounts are whole ten-thousandths of the currency unit (see `docs/decisions/0002`), rounded to what
the shop shows: cents. Only steps are rounded; every total is the sum of its steps as shown, so a
reader who adds up a page gets the same cents. `<NA>` stands for what cannot be told.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.line import AMOUNT_SCALE
from retention.clv.survival import DAYS_A_YEAR

Float = NDArray[np.float64]
CENT = AMOUNT_SCALE // 100
STEPS = (
    *("gross", "refunds", "net", "goods", "margin", "serving", "retention", "discounting"),
    *("contribution", "acquisition", "contribution_after_acquisition"),
)
NO_MARGIN = "no_margin"
NO_ACQUISITION_COST = "no_acquisition_cost"
NO_REFUND_SHARE = "no_refund_share"
NO_PREDICTION = "no_prediction"


@dataclass(frozen=True)
class Economics:
    """What a shop says of its costs; see the settings `costs` and `money`.

    Attributes
    ----------
    margin : share of net revenue left after the cost of goods, 0 to 1; None where not told
    serving_per_order, retention_per_year : currency
    annual_discount_rate : e.g. 0.1
    unit : ten-thousandths to which steps are rounded: 100 for cents, 10,000 for yen
    """

    margin: float | None = None
    serving_per_order: float = 0.0
    retention_per_year: float = 0.0
    annual_discount_rate: float = 0.10
    unit: int = CENT

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 <= self.margin <= 1:
            raise ValueError(f"margin must be a share from 0 to 1, got {self.margin}")
        if self.annual_discount_rate < 0 or self.unit < 1:
            raise ValueError(
                "annual_discount_rate must be at least 0 and unit at least 1, got "
                f"{self.annual_discount_rate} and {self.unit}"
            )

    def rounded(self, currency: ArrayLike) -> pd.Series:
        """Currency as whole ten-thousandths, halves to even units; `<NA>` for NaN."""
        value = np.asarray(currency, float) * (AMOUNT_SCALE / self.unit)
        return pd.Series(np.rint(value)).astype("Int64") * self.unit

    def exactly(self, ten_thousandths: ArrayLike) -> pd.Series:
        """Whole ten-thousandths to the unit, in whole numbers; halves upwards."""
        whole = pd.Series(np.asarray(ten_thousandths, np.int64))
        return ((whole + self.unit // 2) // self.unit * self.unit).astype("Int64")


def historic_ladder(
    history: pd.DataFrame,
    economics: Economics,
    *,
    cutoff: int,
    acquisition_cost: ArrayLike | None = None,
) -> pd.DataFrame:
    """What each customer has come to so far.

    Parameters
    ----------
    history : DataFrame of `retention.history.history_of`
    cutoff : shop day; costs of keeping a customer run from the first purchase to it
    acquisition_cost : array of shape (n,), currency, NaN unknown; None where there is no table

    Returns
    -------
    DataFrame of Int64 with the columns `STEPS`, indexed as `history`, ten-thousandths
        net = gross - refunds; margin = net - goods;
        contribution = margin - serving - retention - discounting (0 for what is past);
        contribution_after_acquisition = contribution - acquisition
    """
    net = economics.exactly(history["net"])
    gross = economics.exactly(history["gross"])
    tenure = np.nan_to_num(cutoff - history["first_day"].to_numpy(float))
    return _ladder(
        net,
        gross,
        orders=history["orders"].to_numpy(float),
        years=tenure / DAYS_A_YEAR,
        economics=economics,
        discount=1.0,
        acquisition=_acquisition(acquisition_cost, len(history), economics),
        index=history.index,
    )


def predicted_ladder(
    predicted_clv: ArrayLike,
    predicted_orders: ArrayLike,
    economics: Economics,
    *,
    horizon_days: int,
    refund_share: float | None = None,
    index: pd.Index | None = None,
) -> pd.DataFrame:
    """What each customer is expected to come to within the horizon.

    Parameters
    ----------
    predicted_clv : array of shape (n,), expected net revenue, currency; NaN unknown
    predicted_orders : array of shape (n,), expected orders
    horizon_days : days of the prediction, over which money comes in evenly
    refund_share : refunded over gross of the shop, 0 to 1; None where no gross is to be told
    index : customer ids

    Returns
    -------
    DataFrame as of `historic_ladder`; `acquisition` is 0, for it is paid already, and `discounting`
    what is lost by waiting
    """
    value = np.asarray(predicted_clv, float)
    net = economics.rounded(value)
    if refund_share is None or not 0 <= refund_share < 1:
        gross = pd.Series(pd.NA, index=net.index, dtype="Int64")
    else:
        gross = economics.rounded(value / (1 - refund_share))
    years = horizon_days / DAYS_A_YEAR
    return _ladder(
        net,
        gross,
        orders=np.asarray(predicted_orders, float),
        years=np.full(len(value), years),
        economics=economics,
        discount=discount_factor(economics.annual_discount_rate, horizon_days),
        acquisition=pd.Series(0, index=net.index, dtype="Int64"),
        index=index,
    )


def total_ladder(historic: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Step by step the sum of what was and what is expected: "to date + next N days"."""
    return historic + predicted


def predicted_contribution(
    predicted_clv: ArrayLike,
    predicted_orders: ArrayLike,
    economics: Economics,
    *,
    horizon_days: int,
) -> Float:
    """Margin on predicted revenue less costs, discounted, shape (n,), currency; NaN, no margin.

    The `contribution` of `predicted_ladder` without its other steps, for a million rows or for one.
    """
    value, orders = np.asarray(predicted_clv, float), np.asarray(predicted_orders, float)
    if economics.margin is None:
        return np.full(len(value), np.nan)
    units, unit = AMOUNT_SCALE / economics.unit, economics.unit
    net = np.rint(value * units) * unit
    margin = np.rint(net / AMOUNT_SCALE * economics.margin * units) * unit
    serving = np.rint(orders * economics.serving_per_order * units) * unit
    keeping = np.rint(horizon_days / DAYS_A_YEAR * economics.retention_per_year * units) * unit
    discount = discount_factor(economics.annual_discount_rate, horizon_days)
    before = margin - serving - keeping
    return np.asarray(np.rint(before / AMOUNT_SCALE * discount * units) * unit / AMOUNT_SCALE)


def discount_factor(annual_rate: float, days: float) -> float:
    """What one unit that comes in evenly over `days` is worth today: mean of (1 + rate)^-t."""
    growth = np.log1p(annual_rate) * days / DAYS_A_YEAR
    return float(-np.expm1(-growth) / growth) if growth > 0 else 1.0


def in_currency(steps: pd.Series) -> Float:
    """Ten-thousandths as currency, NaN for `<NA>`."""
    return np.asarray(steps.to_numpy("float64", na_value=np.nan) / AMOUNT_SCALE)


def refund_share_of(history: pd.DataFrame) -> float | None:
    """Refunded over gross of all customers; None where nothing was sold."""
    gross = int(history["gross"].sum())
    return int(history["refunded"].sum()) / gross if gross > 0 else None


def ladder_codes(steps: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    """Why steps are null: column -> codes, shape (n,), None where there is a value."""
    reason = {
        "goods": NO_MARGIN,
        "margin": NO_MARGIN,
        "contribution": NO_MARGIN,
        "discounting": NO_MARGIN,
        "gross": NO_REFUND_SHARE,
        "refunds": NO_REFUND_SHARE,
        "acquisition": NO_ACQUISITION_COST,
        "contribution_after_acquisition": NO_ACQUISITION_COST,
    }
    nothing = steps["net"].isna().to_numpy()
    found = {}
    for name in STEPS:
        null = steps[name].isna().to_numpy()
        codes = np.full(len(steps), None, object)
        codes[null] = reason.get(name, NO_PREDICTION)
        if name == "contribution_after_acquisition":
            codes[null & steps["contribution"].isna().to_numpy()] = NO_MARGIN
        codes[null & nothing] = NO_PREDICTION
        found[name] = codes
    return found


def _acquisition(cost: ArrayLike | None, n: int, economics: Economics) -> pd.Series:
    if cost is None:
        return pd.Series(pd.NA, index=range(n), dtype="Int64")
    return economics.rounded(cost)


def _ladder(
    net: pd.Series,
    gross: pd.Series,
    *,
    orders: Float,
    years: Float,
    economics: Economics,
    discount: float,
    acquisition: pd.Series,
    index: pd.Index | None,
) -> pd.DataFrame:
    """All steps; what is rounded is a step, what is a sum is added up."""
    if economics.margin is None:
        margin = pd.Series(pd.NA, index=net.index, dtype="Int64")
    else:
        margin = economics.rounded(in_currency(net) * economics.margin)
    serving = economics.rounded(orders * economics.serving_per_order)
    retention = economics.rounded(years * economics.retention_per_year)
    before = margin - serving - retention
    discounting = before - economics.rounded(in_currency(before) * discount)
    contribution = before - discounting
    steps = {
        "gross": gross,
        "refunds": gross - net,
        "net": net,
        "goods": net - margin,
        "margin": margin,
        "serving": serving,
        "retention": retention,
        "discounting": discounting,
        "contribution": contribution,
        "acquisition": acquisition,
        "contribution_after_acquisition": contribution - acquisition,
    }
    frame = pd.DataFrame(steps)[list(STEPS)]
    return frame if index is None else frame.set_axis(index)
