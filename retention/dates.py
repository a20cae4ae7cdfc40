"""Dates of a score row: the next order, and the silence after which risk is medium or high."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from features.shop_clock import date_of
from models.next_order import QUANTILES, NextOrderHead
from retention.silence import SilenceDates

Float = NDArray[np.float64]
NEXT_ORDER = (
    "expected_date_of_next_order",
    "expected_date_of_next_order_p10",
    "expected_date_of_next_order_p90",
)
SILENCE = ("medium_risk_on", "high_risk_on")
RETURN_UNLIKELY = "return_unlikely"
TOO_FEW_RETURNERS = "too_few_returners"
BATCH_ONLY = "batch_only"


@dataclass(frozen=True)
class Dates:
    """Fields of dates as text, None where not given, and why not; each of shape (n,)."""

    fields: dict[str, NDArray[np.object_]]
    codes: dict[str, NDArray[np.object_]]


def next_order_dates(
    head: NextOrderHead | None,
    features: FeatureTable,
    churn_probability: Float,
    as_of: int,
    *,
    sooner: tuple[int, Float] | None = None,
) -> Dates:
    """Median date of the next order, given one within the value horizon, and its P10 and P90.

    Parameters
    ----------
    churn_probability : P(no purchase within the value horizon), shape (n,)
    as_of : shop day of the snapshot
    sooner : a shorter horizon in days, and P(no purchase) within it: where that says that an order
        within it is as likely as the quantile, the date lies within it
    """
    n = len(features)
    if head is None:
        fields = {name: np.full(n, None, object) for name in NEXT_ORDER}
        return Dates(fields, {name: np.full(n, TOO_FEW_RETURNERS, object) for name in NEXT_ORDER})
    unlikely = churn_probability > 0.5
    p10, p50, p90 = head.quantiles(features)
    if sooner is not None:
        days, churn = sooner
        share = (1 - churn) / np.maximum(1 - churn_probability, 1e-9)
        p10, p50, p90 = (
            np.where(share >= tau, np.minimum(q, days - 1), q)
            for tau, q in zip(QUANTILES, (p10, p50, p90), strict=True)
        )
    fields = {
        name: _as_text(np.where(unlikely, np.nan, as_of + days))
        for name, days in zip(NEXT_ORDER, (p50, p10, p90), strict=True)
    }
    code = np.full(n, None, object)
    code[unlikely] = RETURN_UNLIKELY
    return Dates(fields, dict.fromkeys(NEXT_ORDER, code))


def silence_fields(silence: SilenceDates | None, n_rows: int) -> Dates:
    """The silence dates as text; none of them where they were not searched for."""
    if silence is None:
        nothing = np.full(n_rows, None, object)
        return Dates(
            dict.fromkeys(SILENCE, nothing),
            dict.fromkeys(SILENCE, np.full(n_rows, BATCH_ONLY, object)),
        )
    return Dates(
        dict(zip(SILENCE, (_as_text(silence.medium), _as_text(silence.high)), strict=True)),
        dict(zip(SILENCE, (silence.medium_code, silence.high_code), strict=True)),
    )


def _as_text(days: Float) -> NDArray[np.object_]:
    """Shop days as YYYY-MM-DD, None for NaN; few differ, so each is written once."""
    there = ~np.isnan(days)
    known, place = np.unique(days[there], return_inverse=True)
    found = np.full(len(days), None, object)
    found[there] = np.array([str(date_of(int(d))) for d in known], object)[place]
    return found
