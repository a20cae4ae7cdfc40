"""What the shop earned a year ago in the days that the expected spend is now about."""

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE
from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.shop_clock import date_of, day_number
from serving.details.publication import Publication


def facts(publication: Publication) -> dict[str, Any] | None:
    """Net revenue of the same days last year; see `same_days`."""
    rows = publication.rows["value_horizon_days"].dropna()
    if rows.empty:
        return None
    return same_days(publication.log, publication.as_of, int(rows.iloc[0]))


def same_days(log: ShopLog, as_of: dt.date, days: int) -> dict[str, Any] | None:
    """Net revenue in the `days` from a year before `as_of`; None where the log begins later.

    Parameters
    ----------
    log : as known before `as_of`
    days : length of the value horizon; of a longer one than a year, only a year is past

    Returns
    -------
    dict
        starts_on, ends_before : the days, YYYY-MM-DD
        days : how many of them are past
        net_revenue : revenue less refunds of everybody, currency
        of_customers_then : the part of those who had ordered before `starts_on`, whom an
            expected spend made on that day would have been about; None where nobody had
    """
    start = day_number(year_before(as_of))
    end = min(start + days, day_number(as_of))
    if log.facts.first_day > start:
        return None
    known_by = day_number(as_of)
    parts = list(log.map(lambda part: _revenue(part, start, end, known_by)))
    everybody, known, customers = np.sum(np.array(parts, dtype=np.int64), axis=0)
    return {
        "starts_on": str(date_of(start)),
        "ends_before": str(date_of(end)),
        "days": end - start,
        "net_revenue": int(everybody) / AMOUNT_SCALE,
        "of_customers_then": int(known) / AMOUNT_SCALE if customers else None,
    }


def year_before(day: dt.date) -> dt.date:
    """The same day a year before; 28 February for the 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _revenue(log: PurchaseLog, start: int, end: int, known_by: int) -> tuple[int, int, int]:
    """Ten-thousandths of everybody and of earlier customers, and the number of those."""
    within = (log.ordered_day >= start) & (log.ordered_day < end) & (log.known_day < known_by)
    amount: NDArray[np.int64] = np.where(within, log.amount, 0)
    earlier = np.logical_or.reduceat((log.ordered_day < start) & log.is_purchase, log.starts[:-1])
    by_customer = np.add.reduceat(amount, log.starts[:-1])
    return int(by_customer.sum()), int(by_customer[earlier].sum()), int(earlier.sum())
