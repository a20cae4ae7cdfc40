"""What came of earlier batches: predicted against actual by tenth, once their days have passed."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from serving.details.publication import Publication
from serving.store.closed import ClosedHead, last_of_days, scored_rows
from serving.store.database import Database

TENTHS = 10
# Fewer would be numbers of persons.
FEWEST = 20
# As many are shown; older ones tell of a shop that is no more.
MOST = 12
# So many a night, so that none takes long.
AT_ONCE = 4
NEEDED = (
    *("customer_id", "churn_probability", "predicted_clv"),
    *("churn_horizon_days", "value_horizon_days"),
)


def facts(publication: Publication) -> list[dict[str, Any]]:
    """One item for each earlier batch whose days have passed, oldest first; see `realised`."""
    kept = {item["batch_id"]: item for item in publication.earlier.get("realised", [])}
    for head, rows in publication.closed:
        made = realised(rows, publication.orders, dt.date.fromisoformat(head.as_of))
        if made is not None:
            made |= {"batch_id": head.batch_id, "model_version": head.model_version}
            kept[head.batch_id] = made
    return sorted(kept.values(), key=lambda item: (item["as_of"], item["batch_id"]))[-MOST:]


def realised(rows: pd.DataFrame, orders: pd.DataFrame, as_of: dt.date) -> dict[str, Any] | None:
    """Hold the scores of a batch against the orders that came within its churn horizon.

    Parameters
    ----------
    rows : DataFrame with the columns `NEEDED`
    orders : DataFrame with `customer_id`, `ordered_on`, `amount` (net of refunds)
    as_of : day of that batch

    Returns
    -------
    dict, or None for fewer than `FEWEST` scored customers
        as_of, days, customers : of the batch
        predicted, actual : share of customers without an order
        tenths : {tenth, customers, predicted, actual} by churn probability, highest first
        value : {days, predicted, actual, tenths}, sums in currency, tenths by predicted value with
            means a customer; None where the value horizon is another one
    """
    scored = rows[rows["churn_probability"].notna()]
    if len(scored) < FEWEST:
        return None
    days = int(scored["churn_horizon_days"].iloc[0])
    until = as_of + dt.timedelta(days=days)
    within = orders[orders["ordered_on"].between(str(as_of), str(until), inclusive="left")]
    spent = within.groupby("customer_id")["amount"].sum()
    ids = pd.Index(scored["customer_id"])
    churned = (~ids.isin(spent.index)).astype(float)
    risk = scored["churn_probability"].to_numpy(float)
    made: dict[str, Any] = {
        "as_of": str(as_of),
        "days": days,
        "customers": len(scored),
        "predicted": float(risk.mean()),
        "actual": float(churned.mean()),
        "tenths": tenths(risk, churned),
        "value": None,
    }
    if int(scored["value_horizon_days"].iloc[0]) == days:
        clv, came = scored["predicted_clv"].to_numpy(float), spent.reindex(ids, fill_value=0.0)
        made["value"] = {
            "days": days,
            "predicted": round(float(clv.sum()), 2),
            "actual": round(float(came.sum()), 2),
            "tenths": tenths(clv, came.to_numpy(float)),
        }
    return made


def tenths(predicted: NDArray[np.float64], actual: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Means of both by tenth of the customers, the highest prediction first."""
    order = np.argsort(-predicted, kind="stable")
    return [
        {
            "tenth": k + 1,
            "customers": len(some),
            "predicted": float(predicted[some].mean()),
            "actual": float(actual[some].mean()),
        }
        for k, some in enumerate(np.array_split(order, TENTHS))
        if len(some)
    ]


def closed(
    database: Database, earlier: Mapping[str, Any], last_day: dt.date, days: int, lag: int
) -> list[tuple[ClosedHead, pd.DataFrame]]:
    """Batches whose days, and their refunds' after them, have passed, and are not counted yet.

    Parameters
    ----------
    earlier : facts of the previous batch
    last_day : of the log
    days, lag : churn horizon, days until refunds have come
    """
    done = {item["batch_id"] for item in earlier.get("realised", [])}
    latest = str(last_day - dt.timedelta(days=days + lag - 1))
    due = [h for h in last_of_days(database, latest)[-MOST:] if h.batch_id not in done]
    return [(head, scored_rows(database, head.batch_id, NEEDED)) for head in due[-AT_ONCE:]]
