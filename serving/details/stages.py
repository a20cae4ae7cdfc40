"""What customers are worth by the stage they are in, and by when they first ordered."""

from typing import Any

import pandas as pd

from features.shop_clock import day_number
from serving.details.past import span_of
from serving.details.publication import Publication
from serving.store.listing import LIFECYCLES

PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}


def stage_facts(publication: Publication) -> list[dict[str, Any]]:
    """Customers and value of each lifecycle stage; see `stages`."""
    return stages(publication.rows)


def cohort_facts(publication: Publication) -> dict[str, Any]:
    """Customers and value by period of the first order; see `cohorts`."""
    orders = publication.orders
    first = orders.loc[orders["order_number"] == 1].set_index("customer_id")["ordered_on"]
    return cohorts(publication.rows, first)


def stages(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Count scored customers and add up their value by `lifecycle_status`.

    Returns
    -------
    list of {"lifecycle_status", "customers", "predicted_clv", "historic_clv",
    "mean_churn_probability"}; sums in currency, the mean null where there is nobody
    """
    scored = rows[rows["lifecycle_status"].notna()]
    numbers = scored[["predicted_clv", "historic_clv", "churn_probability"]].astype(float)
    grouped = numbers.groupby(scored["lifecycle_status"].astype(object))
    sums, counts, means = grouped.sum(), grouped.size(), grouped["churn_probability"].mean()
    found = []
    for stage in LIFECYCLES:
        there = stage in counts.index
        found.append(
            {
                "lifecycle_status": stage,
                "customers": int(counts[stage]) if there else 0,
                "predicted_clv": _cents(sums["predicted_clv"][stage]) if there else 0.0,
                "historic_clv": _cents(sums["historic_clv"][stage]) if there else 0.0,
                "mean_churn_probability": float(means[stage]) if there else None,
            }
        )
    return found


def cohorts(rows: pd.DataFrame, first_order: "pd.Series[Any]") -> dict[str, Any]:
    """Count scored customers and add up their value by the period of their first order.

    Parameters
    ----------
    first_order : day of the first order, YYYY-MM-DD, by customer id

    Returns
    -------
    dict
        period : `month`, `quarter` or `year`
        cohorts : {"starts_on", "customers", "predicted_clv", "historic_clv"}, oldest first
    """
    scored = rows[rows["predicted_clv"].notna()]
    days = pd.to_datetime(scored["customer_id"].map(first_order))
    there = days.notna()
    if not there.any():
        return {"period": "month", "cohorts": []}
    name = period_of(days.min(), days.max())
    starts = days[there].dt.to_period(PERIODS[name]).dt.start_time.dt.strftime("%Y-%m-%d")
    numbers = scored.loc[there, ["predicted_clv", "historic_clv"]].astype(float)
    grouped = numbers.groupby(starts)
    sums, counts = grouped.sum(), grouped.size()
    return {
        "period": name,
        "cohorts": [
            {
                "starts_on": str(start),
                "customers": int(counts[start]),
                "predicted_clv": _cents(sums["predicted_clv"][start]),
                "historic_clv": _cents(sums["historic_clv"][start]),
            }
            for start in sorted(counts.index)
        ],
    }


def period_of(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """Length of a cohort's period: the shortest of which there are not too many."""
    return span_of(day_number(first.date()), day_number(last.date()))


def _cents(amount: float) -> float:
    return round(float(amount), 2)
