"""What customers did until a day, gone through once for all that is told of the portfolio."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from retention.clv.ladder import Economics
from retention.history import history_of, numbered_visits
from retention.portfolio.alert import early_values
from retention.portfolio.cohorts import Span
from retention.portfolio.origin import Basis

# Beyond so many months, cohorts are quarters; beyond so many quarters, years.
MOST_MONTHS, MOST_QUARTERS = 24, 24


@dataclass(frozen=True)
class Past:
    """The past of all customers of a shop.

    Attributes
    ----------
    history : DataFrame of `retention.history.history_of`
    span : length of a cohort
    years : one purchase day of each customer and year: `customer_id` (a number), `day`,
        `first_day`, as `retention.portfolio.retention_rate` takes them
    early : basis -> DataFrame of `retention.portfolio.alert.early_values`, by month
    """

    history: pd.DataFrame
    span: Span
    years: pd.DataFrame
    early: Mapping[Basis, pd.DataFrame]


@dataclass(frozen=True)
class _Asked:
    cutoff: int
    lag: int
    economics: Economics


def past_of(log: ShopLog, cutoff: int, economics: Economics, *, refund_lag_days: int) -> Past:
    """Go through a log.

    Parameters
    ----------
    log : as known before `cutoff`
    economics : with a margin, early values are on both bases, else of revenue alone
    refund_lag_days : for which refunds still come in
    """
    asked = _Asked(cutoff, refund_lag_days, economics)
    parts = list(log.map(partial(_of_range, asked=asked)))
    history = pd.concat([part[0] for part in parts])
    first = history["first_day"].dropna()
    return Past(
        history,
        span_of(int(first.min()), int(first.max())) if len(first) else "month",
        pd.concat([part[1] for part in parts], ignore_index=True),
        {
            basis: pd.concat([part[2][basis] for part in parts], ignore_index=True)
            for basis in parts[0][2]
        },
    )


def span_of(first: int, last: int) -> Span:
    """Length of a cohort: the shortest of which there are not too many between two shop days."""
    ends = np.array([first, last], "datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months = int(ends[1] - ends[0]) + 1
    if months <= MOST_MONTHS:
        return "month"
    return "quarter" if months <= MOST_QUARTERS * 3 else "year"


def _of_range(
    log: PurchaseLog, asked: _Asked
) -> tuple[pd.DataFrame, pd.DataFrame, dict[Basis, pd.DataFrame]]:
    history = history_of(log, asked.cutoff)
    visits = numbered_visits(log, asked.cutoff)
    told: dict[Basis, Economics | None] = {"revenue": None}
    if asked.economics.margin is not None:
        told["profit"] = asked.economics
    early = {
        basis: early_values(
            visits, asked.cutoff, refund_lag_days=asked.lag, economics=economics
        ).reset_index(drop=True)
        for basis, economics in told.items()
    }
    year = visits["day"].to_numpy(np.int64).astype("datetime64[D]").astype("datetime64[Y]")
    # By customer and day, so a change of either begins another year of a customer.
    who = visits["customer_id"].to_numpy(np.int64)
    begins = np.ones(len(visits), bool)
    begins[1:] = (who[1:] != who[:-1]) | (year[1:] != year[:-1])
    return history, visits.loc[begins, ["customer_id", "day", "first_day"]], early
