"""Retention rate: who of those that bought in a year, or began in one, bought in the next."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.portfolio.cohorts import cohort_ends
from retention.wilson import wilson

Int = NDArray[np.int64]


def retention_by_year(visits: pd.DataFrame, until: int, *, level: float = 0.95) -> pd.DataFrame:
    """Share of a year's buyers who bought again in the year after it.

    Parameters
    ----------
    visits : DataFrame of `retention.history.visits_of`
    until : shop day of its cutoff; a year that is not over is left out
    level : of the Wilson intervals

    Returns
    -------
    DataFrame: `year` (the later one), `customers` (buyers of the year before), `retained`,
        `rate`, `low`, `high`
    """
    bought = _years(visits)
    years = sorted(set(bought["year"]))
    rows = []
    for year in (y for y in years if _over(y, until) and y - 1 in years):
        before = bought.loc[bought["year"] == year - 1, "customer_id"]
        now = bought.loc[bought["year"] == year, "customer_id"]
        rows.append((year, len(before), int(before.isin(now).sum())))
    return _rated(pd.DataFrame(rows, columns=["year", "customers", "retained"]), level)


def retention_by_cohort(visits: pd.DataFrame, until: int, *, level: float = 0.95) -> pd.DataFrame:
    """Share of the customers who began in a year that bought in each later year.

    Parameters
    ----------
    visits, until, level : as of `retention_by_year`

    Returns
    -------
    DataFrame: `cohort` (year of the first purchase), `year`, `customers` (of the cohort),
        `retained`, `rate`, `low`, `high`; only years that are over, also those without a buyer
    """
    bought = _years(visits)
    sizes = bought.groupby("cohort")["customer_id"].nunique()
    counts = bought.groupby(["cohort", "year"])["customer_id"].nunique()
    last = max((y for y in range(1900, 2200) if _over(y, until)), default=0)
    rows = [
        (cohort, year, int(size), int(counts.get((cohort, year), 0)))
        for cohort, size in sizes.items()
        for year in range(int(str(cohort)) + 1, last + 1)
    ]
    names = ["cohort", "year", "customers", "retained"]
    return _rated(pd.DataFrame(rows, columns=names), level)


def _years(visits: pd.DataFrame) -> pd.DataFrame:
    """Customer and year of every year with a purchase, and the year of the first one."""
    frame = pd.DataFrame(
        {
            "customer_id": visits["customer_id"].to_numpy(object),
            "year": _year_of(visits["day"].to_numpy(np.int64)),
            "cohort": _year_of(visits["first_day"].to_numpy(np.int64)),
        }
    )
    return frame.drop_duplicates(ignore_index=True)


def _year_of(day: Int) -> Int:
    years = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    return np.asarray(years + 1970, np.int64)


def _over(year: int, until: int) -> bool:
    return int(cohort_ends([str(year)], "year")[0]) <= until


def _rated(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    n, count = (frame[name].to_numpy(float) for name in ("customers", "retained"))
    low, high = wilson(count, n, level=level)
    return frame.assign(rate=count / np.where(n > 0, n, np.nan), low=low, high=high)
