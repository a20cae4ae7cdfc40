"""Cohorts: customers by the time of their first purchase, and how many of them came again."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.wilson import wilson

Int = NDArray[np.int64]
Span = Literal["month", "quarter", "year"]
WINDOWS = (30, 60, 90, 365)
WINDOW_OPEN = "window_open"
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def cohort_of(day: ArrayLike, span: Span = "month") -> NDArray[np.object_]:
    """Cohort of each shop day: `2024-05`, `2024-Q2` or `2024`; None for NaN."""
    days = np.asarray(day, float)
    found = np.full(len(days), None, object)
    known = ~np.isnan(days)
    number = _number(days[known], span)
    some, place = np.unique(number, return_inverse=True)
    found[known] = np.array([_name(int(n), span) for n in some], object)[place]
    return found


def cohort_ends(cohorts: Sequence[str], span: Span = "month") -> Int:
    """Shop day after the last day of each cohort."""
    ends = []
    for name in cohorts:
        year, _, rest = name.partition("-")
        part = int(rest.removeprefix("Q")) if rest else 1
        months = (int(year) - 1970) * 12 + part * _MONTHS[span]
        ends.append(np.datetime64(months, "M").astype("datetime64[D]").astype(np.int64))
    return np.array(ends, np.int64)


def repeat_rates(
    history: pd.DataFrame,
    until: int,
    *,
    span: Span = "month",
    windows: Sequence[int] = WINDOWS,
    level: float = 0.95,
) -> pd.DataFrame:
    """Share of each cohort that bought again within so many days of the first purchase day.

    Parameters
    ----------
    history : DataFrame of `retention.history.history_of`
    until : shop day of its cutoff
    windows : days
    level : of the Wilson intervals

    Returns
    -------
    DataFrame by cohort and window: `cohort`, `window_days`, `customers`, `repeaters` (Int64),
        `rate`, `low`, `high` (0 to 1), `code`; where the window of the cohort's last customer is
        not over, all that is counted is null and `code` is `window_open`
    """
    bought = history[history["first_day"].notna()]
    first = bought["first_day"].to_numpy(float)
    wait = bought["second_day"].to_numpy(float) - first
    label = cohort_of(first, span)
    names, place = np.unique(label.astype(str), return_inverse=True)
    sizes = np.bincount(place, minlength=len(names))
    ends = cohort_ends(names.tolist(), span)
    parts = []
    for days in windows:
        count = np.bincount(place, wait <= days, minlength=len(names))
        low, high = wilson(count, sizes, level=level)
        closed = ends + days <= until
        parts.append(
            pd.DataFrame(
                {
                    "cohort": names,
                    "window_days": days,
                    "customers": sizes,
                    "repeaters": pd.Series(count).astype("Int64").where(pd.Series(closed)),
                    "rate": np.where(closed, count / np.maximum(sizes, 1), np.nan),
                    "low": np.where(closed, low, np.nan),
                    "high": np.where(closed, high, np.nan),
                    "code": pd.Series([None if c else WINDOW_OPEN for c in closed], dtype="object"),
                }
            )
        )
    whole = pd.concat(parts, ignore_index=True)
    return whole.sort_values(["cohort", "window_days"], ignore_index=True)


def _number(days: NDArray[np.float64], span: Span) -> Int:
    months = days.astype(np.int64).astype("datetime64[D]").astype("datetime64[M]")
    return np.asarray(months.astype(np.int64) // _MONTHS[span], np.int64)


def _name(number: int, span: Span) -> str:
    month = number * _MONTHS[span]
    year, rest = 1970 + month // 12, month % 12
    if span == "year":
        return f"{year:04d}"
    return f"{year:04d}-{rest + 1:02d}" if span == "month" else f"{year:04d}-Q{rest // 3 + 1}"
