import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features.errors import DataError
from features.purchase_log import log_from_lines, orders_of
from features.reading.read import read_purchases
from features.shop_clock import ShopClock
from tests.features.made import QUICK, day, drawn_logs, log_of, purchases, source_of, write

ARRAYS = ("starts", "ordered_day", "known_day", "amount", "order_ref")


def same(one, two):
    assert one.customer_ids.tolist() == two.customer_ids.tolist()
    for name in ARRAYS:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    if one.quantity is None:
        assert two.quantity is None
    else:
        assert np.array_equal(one.quantity, two.quantity, equal_nan=True)


@QUICK
@given(frame=drawn_logs())
def test_r10_a_request_and_a_file_give_the_same_log(tmp_path_factory, frame):
    path = tmp_path_factory.getbasetemp() / "request.csv"
    frame.to_csv(path, index=False)
    clock = ShopClock("America/New_York", "04:00")
    read = log_from_lines(read_purchases(source_of(path, clock=clock)).lines, clock)
    same(log_of(frame, clock), read)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Lord_Howe"])
def test_r10_aware_stamps_of_summer_and_winter_are_read_alike(tmp_path, zone):
    frame = purchases(
        ("a", "2024-01-01T01:30:00+01:00", 1.0),
        ("a", "2024-04-06T15:10:00+00:00", 2.0),
        ("a", "2024-07-01T01:30:00+02:00", 3.0),
        ("a", "2024-11-03T06:30:00Z", 4.0),
    )
    frame.to_csv(tmp_path / "a.csv", index=False)
    clock = ShopClock(zone)
    read = read_purchases(source_of(tmp_path / "a.csv", clock=clock))
    same(log_of(frame, clock), log_from_lines(read.lines, clock))


def test_halves_of_the_smallest_unit_are_rounded_alike(tmp_path):
    frame = purchases(*[("a", "2024-01-01", 1 + i / 8 / 10_000) for i in range(-24, 24)])
    frame.to_parquet(tmp_path / "a.parquet")
    read = read_purchases(source_of(tmp_path / "a.parquet"))
    same(log_of(frame), log_from_lines(read.lines, ShopClock()))


def test_customers_do_not_share_orders_on_days_before_1970():
    rows = [(customer, "1955-05-05", 1.0) for customer in "abc"]
    assert log_of(purchases(*rows)).order_ref.tolist() == [0, 1, 2]


def test_lines_with_and_without_an_order_id_are_told_apart():
    frame = purchases(*[("a", "2024-01-01", float(i)) for i in range(4)], ("b", "2024-01-01", 1.0))
    refs = log_of(frame.assign(order_id=["o", None, "o", None, "o"])).order_ref
    # Sorted: a's two lines of order o, a's two without an id (one customer-day), b's order o.
    assert refs.tolist() == [0, 0, 2, 2, 4]


@QUICK
@given(drawn_logs())
def test_the_log_before_a_day_holds_what_was_known_then(frame):
    log = log_of(frame)
    cutoff = int(np.median(log.known_day)) + 1
    past = log.known_before(cutoff)
    keep = log.known_day < cutoff
    assert past.amount.tolist() == log.amount[keep].tolist()
    assert past.customer_ids.tolist() == sorted(set(log.customer_ids[log.customer_of_line[keep]]))
    # Lines share an order before the day where they share one after it.
    refs, later = past.order_ref, log.order_ref[keep]
    assert np.array_equal(refs[:, None] == refs, later[:, None] == later)
    assert (past.amount[refs] == log.amount[later]).all()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (purchases(("a", "2024-01-01", 1.0)).drop(columns="amount"), r"lack \['amount'\]"),
        (purchases(("a", "2024-31-01", 1.0)), "`ordered_at` has a date that cannot be read"),
        (purchases(("a", None, 1.0), ("a", "2024-01-01", 1.0)), "every purchase needs a date"),
        (purchases(("a", "2024-01-01", float("nan"))), "the amount of purchase 0 is not a number"),
        (purchases(("a", "2024-01-01", 1e13)), "or beyond all measure"),
        (
            purchases(("a", "2024-01-01T10:00:00Z", 1.0), ("a", "2024-01-01T10:00:00", 1.0)),
            "`ordered_at` mixes stamps with a time zone and without",
        ),
    ],
)
def test_error_says_what_was_received(frame, message):
    with pytest.raises(DataError, match=message):
        log_of(frame)


def test_the_input_frame_is_left_as_it_was():
    frame = purchases(("b", "2024-01-02", 1.0), ("a", "2024-01-01", 2.0))
    before = frame.copy(deep=True)
    log_of(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_orders_are_listed_oldest_first():
    frame = purchases(
        ("a", "2024-02-01", 20.0),
        ("a", "2024-01-01", 10.0),
        ("a", "2024-01-01", 5.0),
        ("a", "2024-02-01", -4.0),
        ("b", "2024-03-01", -9.0),  # a refund alone is no order
    )
    orders = orders_of(log_of(frame.assign(quantity=[2, None, None, 1, 1])))
    assert orders["ordered_day"].tolist() == [day("2024-01-01"), day("2024-02-01")]
    assert orders["amount"].tolist() == [150_000, 160_000]
    assert orders["lines"].tolist() == [2, 2]
    # No item is counted where none was told; a missing count is not 0.
    assert np.array_equal(orders["items"], [np.nan, 3.0], equal_nan=True)
    assert np.isnan(orders_of(log_of(frame))["items"]).all()


def test_a_written_log_of_one_line_is_whole(tmp_path):
    path = write(tmp_path / "a.csv", "customer_id,ordered_at,amount\na,2024-01-01,1\n")
    log = log_from_lines(read_purchases(source_of(path)).lines, ShopClock())
    assert (log.n_lines, log.n_customers) == (1, 1)
    assert log.first_day == log.last_day == day("2024-01-01")
    assert log.known_before(day("2024-01-01")).n_lines == 0
