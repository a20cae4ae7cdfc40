"""A log over time, for the data report: churn rates between cutoffs, weeks, months, days shut."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.shop_clock import date_of
from training.data_figures import Float, Int, LogFigures, Span

WEEK = 7
# More weeks than these are told as months.
MOST_WEEKS = 160
MOST_POINTS = 160
TWO_YEARS = 730
_MONTH = "datetime64[M]"


def churn_over_time(figures: LogFigures, span: Span) -> dict[str, Any]:
    """Churn rate at every day that has `churn_days` before it and a closed window after it.

    Returns
    -------
    dict of
        churn_days : horizon
        cutoffs, first_cutoff, last_cutoff : days with a rate, and the first and last of them
        rate, latest : share of the active who did not return, over all cutoffs and at the last
        scored_rate : the same of all whom `eligible` would score, at the last cutoff
        lowest, highest : {month, rate} of the months of cutoffs
        spread : percentage points from the lowest to the highest month
        points : list of {cutoff, active, rate}, evenly spaced
        months : list of {month, cutoffs, active, rate}; active is a mean over cutoffs
        calendar_months : list of {month, rate, years}, 1 to 12
        two_years : whether season and trend can be told apart
    """
    first, last = span.churn_days, span.n_days - span.churn_days
    at = np.arange(first, last + 1)
    active, lost = (np.cumsum(steps)[at] for steps in (figures.active, figures.lost))
    at, active, lost = at[active > 0], active[active > 0], lost[active > 0]
    if not len(at):
        return (
            {"churn_days": span.churn_days, "cutoffs": 0, "points": [], "months": []}
            | dict.fromkeys(
                (
                    "first_cutoff",
                    "last_cutoff",
                    "rate",
                    "latest",
                    "scored_rate",
                    "lowest",
                    "highest",
                    "spread",
                )
            )
            | {"calendar_months": [], "two_years": False}
        )
    cutoff = at + span.first_day
    months = _rates(cutoff.astype("datetime64[D]").astype(_MONTH), active, lost)
    # A month of a few cutoffs would tell of a few days.
    whole = [m for m in months if m["cutoffs"] >= WEEK] or months
    by_rate = sorted(whole, key=lambda m: m["rate"])
    scored, scored_lost = (
        int(np.cumsum(steps)[at[-1]]) for steps in (figures.scored, figures.scored_lost)
    )
    return {
        "churn_days": span.churn_days,
        "cutoffs": len(at),
        "first_cutoff": str(date_of(int(cutoff[0]))),
        "last_cutoff": str(date_of(int(cutoff[-1]))),
        "rate": _share(lost.sum(), active.sum()),
        "latest": _share(lost[-1], active[-1]),
        "scored_rate": _share(scored_lost, scored),
        "lowest": {k: by_rate[0][k] for k in ("month", "rate")},
        "highest": {k: by_rate[-1][k] for k in ("month", "rate")},
        "spread": round(100 * (by_rate[-1]["rate"] - by_rate[0]["rate"]), 2),
        "points": _points(cutoff, active, lost),
        "months": months,
        "calendar_months": _calendar_months(cutoff, active, lost),
        "two_years": bool(cutoff[-1] - cutoff[0] >= TWO_YEARS),
    }


def newest_cutoff(figures: LogFigures, span: Span, cutoff: int) -> tuple[int, int]:
    """Customers whom a label window from `cutoff` tells of, and those of them who were lost."""
    at = cutoff - span.first_day
    if not 0 <= at < len(figures.scored):
        return 0, 0
    return tuple(int(np.cumsum(s)[at]) for s in (figures.scored, figures.scored_lost))  # type: ignore[return-value]


def over_time(figures: LogFigures, span: Span) -> dict[str, Any]:
    """Orders and net spend by week, in a long log by month, and new customers by month.

    Returns
    -------
    dict of `step` (week or month), `steps` (list of {from, days, orders, net}) and `new_customers`
    (list of {month, customers}); days are those of the log in the step, net is in currency units
    """
    day = np.arange(span.n_days) + span.first_day
    month = day.astype("datetime64[D]").astype(_MONTH)
    weekly = span.n_days <= MOST_WEEKS * WEEK
    # 1970-01-05 was a Monday, where weeks begin.
    start = (day - 4) // WEEK * WEEK + 4 if weekly else month.astype("datetime64[D]").astype(int)
    starts, step = np.unique(start, return_inverse=True)
    sums = (
        np.bincount(step, w, len(starts))
        for w in (np.ones(span.n_days), figures.orders, figures.net)
    )
    months, of_month = np.unique(month, return_inverse=True)
    new = np.bincount(of_month, figures.new_customers, len(months))
    return {
        "step": "week" if weekly else "month",
        "steps": [
            {"from": _date(s), "days": int(d), "orders": int(n), "net": round(v / 10_000, 2)}
            for s, d, n, v in zip(starts.tolist(), *sums, strict=True)
        ],
        "new_customers": [
            {"month": str(m), "customers": int(n)} for m, n in zip(months, new, strict=True)
        ],
    }


def days_without_lines(lines_of: Mapping[int, int], first_day: int) -> dict[str, Any]:
    """Days between the first and the last with lines that have none.

    Returns
    -------
    dict of `days`, of which `on_closed_weekdays` (weekdays that have no line in any week),
    `closed_weekdays` (names) and `longest` ({from, to, days} or None)
    """
    there = np.array(sorted(day for day, n in lines_of.items() if n), np.int64)
    if not len(there):
        return {"days": 0, "on_closed_weekdays": 0, "closed_weekdays": [], "longest": None}
    gaps = np.diff(there) - 1
    open_weekdays = set((there % WEEK).tolist())
    long_enough = there[-1] - first_day >= 4 * WEEK
    closed = [d for d in range(WEEK) if d not in open_weekdays] if long_enough else []
    every = np.arange(there[0], there[-1] + 1)
    widest = int(gaps.argmax()) if len(gaps) and gaps.max() > 0 else None
    return {
        "days": int(gaps.sum()),
        "on_closed_weekdays": int(np.isin(every % WEEK, closed).sum()),
        # 1970-01-01 was a Thursday.
        "closed_weekdays": [f"{date_of(d):%A}" for d in sorted(closed, key=lambda d: (d + 3) % 7)],
        "longest": None
        if widest is None
        else {
            "from": _date(int(there[widest]) + 1),
            "to": _date(int(there[widest + 1]) - 1),
            "days": int(gaps[widest]),
        },
    }


def _rates(month: NDArray[Any], active: Int, lost: Int) -> list[dict[str, Any]]:
    months, of_month, cutoffs = np.unique(month, return_inverse=True, return_counts=True)
    sums = [np.bincount(of_month, w, len(months)) for w in (active, lost)]
    return [
        {"month": str(m), "cutoffs": int(n), "active": round(a / n, 1), "rate": _share(gone, a)}
        for m, n, a, gone in zip(months, cutoffs, *sums, strict=True)
    ]


def _points(cutoff: Int, active: Int, lost: Int) -> list[dict[str, Any]]:
    """Rates at cutoffs a week apart, or further in a long log; the last is always there."""
    step = max(WEEK, -(-len(cutoff) // MOST_POINTS))
    some = np.arange(len(cutoff) - 1, -1, -step)[::-1]
    return [
        {
            "cutoff": _date(int(cutoff[i])),
            "active": int(active[i]),
            "rate": _share(lost[i], active[i]),
        }
        for i in some
    ]


def _calendar_months(cutoff: Int, active: Int, lost: Int) -> list[dict[str, Any]]:
    month = cutoff.astype("datetime64[D]").astype(_MONTH).astype(np.int64)
    found = []
    for number in np.unique(month % 12):
        here = month % 12 == number
        found.append(
            {
                "month": int(number) + 1,
                "rate": _share(lost[here].sum(), active[here].sum()),
                "years": len(np.unique(month[here] // 12)),
            }
        )
    return found


def _share(part: float | Float, whole: float | Float) -> float:
    return round(float(part) / float(whole), 4)


def _date(day: int) -> str:
    return str(date_of(max(day, -719_162)))  # a week may begin before the calendar does
