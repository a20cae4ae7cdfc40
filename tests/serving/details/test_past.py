import datetime as dt

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from features.log.shop_log import Held, ShopLog
from features.shop_clock import ShopClock, day_number
from retention.clv.ladder import Economics
from retention.history import shop_history, shop_visits
from retention.portfolio.alert import early_values
from retention.portfolio.retention_rate import retention_by_cohort, retention_by_year
from serving.details.past import past_of, span_of
from serving.details.plain import plain, records
from tests.made_frames import log_from_frame
from tests.retention.made import made_purchases

# Two years are over, so that there is a retention rate.
UNTIL = day_number(dt.date(2024, 2, 1))
SHOP = Economics(margin=0.4, serving_per_order=1.0)


@pytest.fixture(scope="module")
def log():
    """The made shop, begun half a year earlier, in two ranges of customers."""
    lines = made_purchases()
    lines = lines.assign(ordered_at=lines["ordered_at"] - pd.Timedelta(days=200))
    first = lines["customer_id"] < "c0120"
    return ShopLog([Held(log_from_frame(lines[some], ShopClock())) for some in (first, ~first)])


def test_one_pass_finds_what_the_functions_find_one_by_one(log):
    past = past_of(log, UNTIL, SHOP, refund_lag_days=10)
    assert_frame_equal(past.history, shop_history(log, UNTIL))
    visits = shop_visits(log, UNTIL)
    assert list(past.early) == ["revenue", "profit"]
    for found, economics in zip(past.early.values(), (None, SHOP), strict=True):
        wanted = early_values(visits, UNTIL, refund_lag_days=10, economics=economics)
        assert found["value"].tolist() == wanted["value"].tolist()
        assert found["cohort"].tolist() == wanted["cohort"].tolist()
    for rates in (retention_by_year, retention_by_cohort):
        assert len(rates(visits, UNTIL)) > 0
        assert_frame_equal(rates(past.years, UNTIL), rates(visits, UNTIL))


def test_without_a_margin_there_is_revenue_alone(log):
    assert list(past_of(log, UNTIL, Economics(), refund_lag_days=0).early) == ["revenue"]


@pytest.mark.parametrize(
    ("first", "last", "span"),
    [
        ((2022, 1, 31), (2023, 12, 1), "month"),
        ((2022, 1, 31), (2024, 1, 1), "quarter"),
        ((2018, 1, 31), (2023, 12, 31), "quarter"),
        ((2018, 1, 31), (2024, 1, 1), "year"),
    ],
)
def test_cohorts_are_as_short_as_two_dozen_of_them_allow(first, last, span):
    assert span_of(day_number(dt.date(*first)), day_number(dt.date(*last))) == span


def test_what_is_no_number_is_null():
    frame = pd.DataFrame({"a": [1.005, float("nan")], "b": pd.array([1, pd.NA], "Int64")})
    assert records(frame, money=("a",)) == [{"a": 1.0, "b": 1}, {"a": None, "b": None}]
    assert plain(-0.001, 2) == 0.0
    assert str(plain(-0.001, 2)) == "0.0"
