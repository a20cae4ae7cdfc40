"""Fields of customer value of score rows, and what of a shop they are cut and measured by."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.line import AMOUNT_SCALE
from retention.clv.formula import NO_PURCHASES, NO_YEARS, SimpleClv, simple_clv
from retention.clv.ladder import (
    NO_PREDICTION,
    Economics,
    historic_ladder,
    in_currency,
    ladder_codes,
    predicted_ladder,
    refund_share_of,
    total_ladder,
)
from retention.clv.ratios import ratios
from retention.clv.survival import CustomYears, custom_years, days_watched
from retention.lifecycle import silence_limits
from retention.segments.rfm import rfm, rfm_cut_points

Codes = dict[str, NDArray[np.object_]]
Float = NDArray[np.float64]
FIRST_ORDERS = ("small first order", "medium first order", "large first order")
THIRDS = (1 / 3, 2 / 3)
FIELDS = (
    *("simple_clv", "years_of_custom", "predicted_contribution", "historic_contribution"),
    *("total_contribution", "historic_gross", "clv_to_acquisition_cost", "payback_months"),
    *("first_order_share", "rfm_group", "recency_score", "frequency_score", "monetary_score"),
)


def value_cuts(history: pd.DataFrame, cutoff: int, rhythm: Mapping[str, Any]) -> dict[str, Any]:
    """What the value fields of a batch are made by, as plain values that can be kept as JSON.

    Parameters
    ----------
    history : DataFrame of `retention.history.shop_history`, all customers that are scored
    cutoff : its shop day
    rhythm : fields of `features.rhythm.Rhythm`, those of the bundle

    Returns
    -------
    dict of `rfm` (cut points), `first_order` (two cut points, currency), `years` (`CustomYears` of
        segments by the size of the first order), `refund_share` (of the shop, or None)
    """
    bought = history[history["orders"] > 0]
    gaps = bought["purchase_days"].to_numpy(float) - 1
    span = (bought["last_day"] - bought["first_day"]).to_numpy(float)
    return cuts_of(
        net=bought["net"].to_numpy(float) / AMOUNT_SCALE,
        orders=bought["orders"].to_numpy(float),
        silence=cutoff - bought["last_day"].to_numpy(float),
        tenure=cutoff - bought["first_day"].to_numpy(float),
        gaps=gaps,
        mean_gap=np.divide(span, gaps, out=np.full(len(gaps), np.nan), where=gaps > 0),
        first_order=bought["first_order"].to_numpy(float) / AMOUNT_SCALE,
        rhythm=rhythm,
        refund_share=refund_share_of(history),
    )


def cuts_of(
    *,
    net: Float,
    orders: Float,
    silence: Float,
    tenure: Float,
    gaps: Float,
    mean_gap: Float,
    first_order: Float,
    rhythm: Mapping[str, Any],
    refund_share: float | None = None,
) -> dict[str, Any]:
    """The same as `value_cuts`, from columns over the whole history, each of shape (n,).

    Parameters
    ----------
    net, first_order : currency
    orders, gaps : counts; gaps between purchase days
    silence, tenure, mean_gap : days
    """
    some = orders > 0
    first = first_order[some]
    thirds = [float(q) for q in np.quantile(first, THIRDS)] if len(first) else []
    columns = {"frequency": gaps, "mean_gap": mean_gap, "days_since_last": silence}
    own = {name: values[some] for name, values in columns.items()}
    _, very_late = silence_limits(own, dict(rhythm))
    days, lost = days_watched(tenure[some], silence[some], very_late)
    return {
        "rfm": rfm_cut_points(silence[some], net[some]),
        "first_order": thirds,
        "years": custom_years(days, lost, first_order_segment(first, thirds)).as_dict(),
        "refund_share": refund_share,
    }


def years_of_first_orders(first_order: Float, cuts: Mapping[str, Any]) -> Float:
    """Years of custom by the size of the first order (currency), shape (n,); NaN where unknown."""
    known = cuts["years"]["years"]
    years = np.array([known.get(name, np.nan) for name in FIRST_ORDERS], np.float64)
    return years[np.searchsorted(np.asarray(cuts["first_order"], float), first_order, "right")]


def first_order_segment(first_order: ArrayLike, thirds: ArrayLike) -> NDArray[np.object_]:
    """Segment of each customer by the size of the first order, shape (n,).

    It is known from the first day on, so nobody is in a segment for having stayed.
    """
    place = np.searchsorted(np.asarray(thirds, float), np.asarray(first_order, float), "right")
    return np.array(FIRST_ORDERS, object)[place]


def value_fields(
    history: pd.DataFrame,
    cuts: Mapping[str, Any],
    economics: Economics,
    *,
    cutoff: int,
    predicted_clv: ArrayLike,
    predicted_orders: ArrayLike,
    horizon_days: int,
    acquisition_cost: ArrayLike | None = None,
    ladders: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> tuple[pd.DataFrame, Codes]:
    """Value fields of some customers.

    Parameters
    ----------
    history : DataFrame of `retention.history.history_of`, the customers asked for
    cuts : of `value_cuts`, those of the published batch
    predicted_clv, predicted_orders : arrays of shape (n,), as score rows have them
    acquisition_cost : array of shape (n,), currency, NaN unknown; None without a customers' table
    ladders : of `value_ladders`, where they were made before

    Returns
    -------
    fields : DataFrame of shape (n, len(FIELDS)), indexed as `history`
        simple_clv : average order value x orders a year x years of custom, currency
        years_of_custom : those of the customer's segment, restricted to `cuts["years"]["cap"]`
        predicted_contribution, historic_contribution, total_contribution : currency, before the
            acquisition cost
        historic_gross : currency, before refunds
        clv_to_acquisition_cost, payback_months, first_order_share : see `retention.clv.ratios`
        rfm_group, recency_score, frequency_score, monetary_score : see `retention.segments.rfm`
    codes : field -> why it is null, shape (n,), None where it is given
    """
    net, orders, first = (
        history[name].to_numpy(float) for name in ("net", "orders", "first_order")
    )
    tenure = cutoff - history["first_day"].to_numpy(float)
    silence = cutoff - history["last_day"].to_numpy(float)
    years = CustomYears.from_dict(cuts["years"])
    time = years_of_first_orders(first / AMOUNT_SCALE, cuts)
    formula = simple_clv(net / AMOUNT_SCALE, orders, tenure, time, cap=years.cap)
    past, ahead = ladders or value_ladders(
        history,
        cuts,
        economics,
        cutoff=cutoff,
        predicted_clv=predicted_clv,
        predicted_orders=predicted_orders,
        horizon_days=horizon_days,
        acquisition_cost=acquisition_cost,
    )
    told = ratios(
        past,
        ahead,
        first_order=first,
        n_orders=orders,
        tenure_days=tenure,
        horizon_days=horizon_days,
    )
    scores = rfm(silence, orders, net / AMOUNT_SCALE, cuts["rfm"]).set_axis(history.index)
    fields = pd.DataFrame(
        {
            "simple_clv": formula.simple_clv,
            "years_of_custom": formula.years,
            "predicted_contribution": in_currency(ahead["contribution"]),
            "historic_contribution": in_currency(past["contribution"]),
            "total_contribution": in_currency(total_ladder(past, ahead)["contribution"]),
            "historic_gross": in_currency(past["gross"]),
            "clv_to_acquisition_cost": told.clv_to_acquisition_cost,
            "payback_months": told.payback_months,
            "first_order_share": told.first_order_share,
        },
        index=history.index,
    ).join(scores)
    codes = _codes(past, ahead, told.codes, formula, orders)
    return fields[list(FIELDS)], codes


def value_ladders(
    history: pd.DataFrame,
    cuts: Mapping[str, Any],
    economics: Economics,
    *,
    cutoff: int,
    predicted_clv: ArrayLike,
    predicted_orders: ArrayLike,
    horizon_days: int,
    acquisition_cost: ArrayLike | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The steps behind the value fields, to date and ahead; parameters as of `value_fields`.

    Returns
    -------
    historic, predicted : DataFrames of `retention.clv.ladder`
    """
    past = historic_ladder(history, economics, cutoff=cutoff, acquisition_cost=acquisition_cost)
    ahead = predicted_ladder(
        predicted_clv,
        predicted_orders,
        economics,
        horizon_days=horizon_days,
        refund_share=cuts["refund_share"],
        index=history.index,
    )
    return past, ahead


def _codes(
    past: pd.DataFrame,
    ahead: pd.DataFrame,
    of_ratios: Codes,
    formula: SimpleClv,
    orders: NDArray[np.float64],
) -> Codes:
    before, after = ladder_codes(past), ladder_codes(ahead)
    never = np.full(len(orders), None, object)
    never[~(orders > 0)] = NO_PURCHASES
    nothing, no_years = np.full((2, len(orders)), None, object)
    no_years[np.isnan(formula.years)] = NO_YEARS
    total = before["contribution"].copy()
    unpredicted = np.equal(after["contribution"], NO_PREDICTION)
    total[unpredicted] = NO_PREDICTION
    for name in of_ratios:
        of_ratios[name] = np.where(
            unpredicted & (of_ratios[name] != NO_PURCHASES), NO_PREDICTION, of_ratios[name]
        )
    return {
        "simple_clv": formula.codes,
        "years_of_custom": no_years,
        "predicted_contribution": after["contribution"],
        "historic_contribution": before["contribution"],
        "total_contribution": total,
        "historic_gross": nothing,
        **of_ratios,
        "rfm_group": never,
        "recency_score": never,
        "frequency_score": never,
        "monetary_score": never,
    }
