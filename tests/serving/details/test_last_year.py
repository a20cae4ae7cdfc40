import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest

from features.log.purchase_log import log_from_lines
from features.log.shop_log import ShopLog
from features.shop_clock import ShopClock
from serving.details.last_year import same_days, year_before


def log(*lines):
    """A log of (customer, day, amount), known on the day."""
    frame = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"])
    frame = frame.sort_values(["customer_id", "ordered_at"])
    stamps = pd.to_datetime(frame["ordered_at"]).astype("datetime64[us]")
    table = pa.table(
        {
            "customer_id": frame["customer_id"],
            "ordered_at": stamps,
            "known_at": stamps,
            "amount": (frame["amount"] * 10_000).astype("int64"),
        }
    )
    return ShopLog.of(log_from_lines(table, ShopClock()))


LOG = log(
    ("A", "2022-12-01", 5.0),
    ("A", "2023-07-01", 10.0),
    ("A", "2023-09-29", 1.0),
    ("A", "2023-09-30", 100.0),
    ("B", "2023-08-01", 20.0),
    ("B", "2023-08-05", -4.0),
    ("C", "2024-06-30", 1000.0),
)


def test_the_same_days_last_year_net_of_refunds():
    found = same_days(LOG, dt.date(2024, 7, 1), 91)
    assert found is not None
    assert (found["starts_on"], found["ends_before"]) == ("2023-07-01", "2023-09-30")
    assert found["days"] == 91
    # B had not ordered before, so an expected spend of that day would not have been about B.
    assert (found["net_revenue"], found["of_customers_then"]) == (27.0, 11.0)


def test_a_log_that_begins_later_tells_nothing():
    assert same_days(LOG, dt.date(2023, 7, 1), 91) is None


def test_of_a_horizon_longer_than_a_year_only_the_past_counts():
    found = same_days(LOG, dt.date(2024, 7, 1), 500)
    assert found is not None
    assert (found["ends_before"], found["days"]) == ("2024-07-01", 366)
    assert found["net_revenue"] == 1127.0


@pytest.mark.parametrize(
    ("day", "before"), [("2024-02-29", "2023-02-28"), ("2024-07-01", "2023-07-01")]
)
def test_a_year_before_is_the_same_day(day, before):
    assert str(year_before(dt.date.fromisoformat(day))) == before
