"""Who came again: repeat-purchase rates by cohort, and retention rates by year."""

from typing import Any

from features.shop_clock import day_number
from retention.portfolio.cohorts import WINDOWS, repeat_rates
from retention.portfolio.retention_rate import retention_by_cohort, retention_by_year
from serving.details.plain import records
from serving.details.publication import Publication

WINDOW = ("window_days", "repeaters", "rate", "low", "high", "code")


def repeat_facts(publication: Publication) -> dict[str, Any]:
    """Share of each cohort that bought again within 30, 60, 90 and 365 days.

    Returns
    -------
    dict
        period : `month`, `quarter` or `year`
        windows : days
        cohorts : {cohort, customers, windows: [{window_days, repeaters, rate, low, high, code}]},
            oldest first; `code` is `window_open` where the window is not over for all of a cohort
    """
    past = publication.past
    rates = repeat_rates(past.history, day_number(publication.as_of), span=past.span)
    cohorts = [
        {
            "cohort": str(cohort),
            "customers": int(rows["customers"].iloc[0]),
            "windows": records(rows[list(WINDOW)]),
        }
        for cohort, rows in rates.groupby("cohort", sort=True)
    ]
    return {"period": past.span, "windows": list(WINDOWS), "cohorts": cohorts}


def retention_facts(publication: Publication) -> dict[str, Any]:
    """Who bought in the next year, of a year's buyers and of those who began in one.

    Returns
    -------
    dict
        years : {year, customers, retained, rate, low, high}, of the buyers of the year before
        cohorts : {cohort, year, customers, retained, rate, low, high}; years that are over
    """
    years, until = publication.past.years, day_number(publication.as_of)
    return {
        "years": records(retention_by_year(years, until)),
        "cohorts": records(retention_by_cohort(years, until)),
    }
