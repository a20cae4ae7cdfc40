import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from features.errors import DataError
from features.line import UNKNOWN_MONEY
from features.log.order_list import orders_of
from features.log.purchase_log import log_from_lines
from features.log.ranges import CODES, Stored, read_lines, read_range, write_range
from features.log.shop_log import ShopLog
from features.reading.read import read_purchases
from features.rows import Request, rows_of
from features.shop_clock import ShopClock
from tests.features.made import (
    CLOCK,
    CUTOFF,
    QUICK,
    day,
    drawn_logs,
    lines_of,
    log_of,
    purchases,
    source_of,
    write,
)
from tests.made_frames import log_from_frame

ARRAYS = ("starts", "ordered_day", "known_day", "amount", "is_purchase", "order_ref")
OPTIONAL = ("quantity", "discount", "cost", "product", "category", "channel")


def same(one, two):
    assert one.customer_ids.tolist() == two.customer_ids.tolist()
    for name in ARRAYS:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    for name in OPTIONAL:
        mine, other = getattr(one, name), getattr(two, name)
        assert (mine is None) == (other is None), name
        if mine is not None:
            assert np.array_equal(mine, other, equal_nan=name == "quantity"), name
            assert mine.dtype == other.dtype


def read_back(path, clock=CLOCK):
    with read_purchases(source_of(path, clock=clock)) as read:
        return read.lines


@QUICK
@given(frame=drawn_logs())
def test_r10_a_request_and_a_file_give_the_same_log(tmp_path_factory, frame):
    path = tmp_path_factory.getbasetemp() / "request.csv"
    frame = frame.drop(columns="cancelled", errors="ignore")
    frame.to_csv(path, index=False)
    clock = ShopClock("America/New_York", "04:00")
    read = log_from_lines(read_back(path, clock), clock)
    same(log_from_frame(frame, clock), read)
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
    same(log_from_frame(frame, clock), log_from_lines(read_back(tmp_path / "a.csv", clock), clock))


def test_halves_of_the_smallest_unit_are_rounded_alike(tmp_path):
    frame = purchases(*[("a", "2024-01-01", 1 + i / 8 / 10_000) for i in range(-24, 24)])
    frame.to_parquet(tmp_path / "a.parquet")
    same(log_from_frame(frame, CLOCK), log_from_lines(read_back(tmp_path / "a.parquet"), CLOCK))


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
    # It is what the lines known then are settled to, without those that came later.
    lines = lines_of(frame)
    known = pa.array(log.known_day < cutoff)
    then = log_from_lines(lines.filter(known), CLOCK)
    same(past, then)


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
        log_from_frame(frame, CLOCK)


def test_the_input_frame_is_left_as_it_was():
    frame = purchases(("b", "2024-01-02", 1.0), ("a", "2024-01-01", 2.0))
    before = frame.copy(deep=True)
    log_from_frame(frame, CLOCK)
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
    assert orders["lines"].tolist() == [2, 1]  # a refund is none
    # No item is counted where none was told; a missing count is not 0.
    assert np.array_equal(orders["items"], [np.nan, 2.0], equal_nan=True)
    assert np.isnan(orders_of(log_of(frame))["items"]).all()


def test_a_log_of_one_line_is_whole(tmp_path):
    path = write(tmp_path / "a.csv", "customer_id,ordered_at,amount\na,2024-01-01,1\n")
    log = log_from_lines(read_back(path), CLOCK)
    shop = ShopLog.of(log)
    assert (log.n_lines, log.n_customers) == (1, 1)
    assert shop.first_day == shop.last_day == day("2024-01-01")
    assert log.known_before(day("2024-01-01")).n_lines == 0
    assert shop.known_before(day("2024-01-01")).n_lines == 0


@QUICK
@given(frame=drawn_logs())
def test_a_written_range_is_read_as_it_was(tmp_path_factory, frame):
    path = tmp_path_factory.getbasetemp() / "range.parquet"
    lines, log = lines_of(frame), log_of(frame)
    write_range(path, lines, log)
    same(read_range(path), log)
    assert read_lines(path).equals(lines)
    stored = Stored(path, log.n_customers, log.n_lines)
    assert ShopLog([stored]).facts == ShopLog.of(log).facts


def test_a_range_holds_texts_and_their_numbers(tmp_path):
    frame = purchases(("a", "2024-01-02", 1.0), ("a", "2024-01-01", 2.0)).assign(
        category=["x", "y"]
    )
    write_range(tmp_path / "r.parquet", lines_of(frame), log_of(frame))
    table = pq.read_table(tmp_path / "r.parquet")
    assert table["category"].to_pylist() == ["y", "x"]
    assert table[CODES["category"]].to_pylist() == [0, 1]


@QUICK
@given(drawn_logs(columns=("cost", "discount", "quantity")))
def test_rows_go_to_arrow_and_back(frame):
    log = log_of(frame.assign(cost=frame["cost"].fillna(1.0)))
    names = ("n_orders", "spend_total", "margin_total")
    for single, kind in ((False, pa.float64()), (True, pa.float32())):
        rows = rows_of(log, Request((CUTOFF - 50, CUTOFF), names, (30, 7), single=single))
        batch = rows.to_batch(names)
        assert batch.schema.field("spend_total").type == kind
        assert batch["customer_id"].to_pylist() == rows.customer_ids.tolist()
        assert batch["cutoff"].cast(pa.int32()).to_numpy().tolist() == rows.cutoff.tolist()
        for name, values in zip(names, rows.features, strict=True):
            assert np.array_equal(batch[name].to_numpy(), values, equal_nan=True)
        for (days, name), values in rows.labels.items():
            assert np.array_equal(batch[f"{name}_{days}d"].to_numpy(), values, equal_nan=True)
        assert not any(field.nullable for field in batch.schema)
        columns = 2 + len(names) + rows.facts.shape[0] + len(rows.labels)
        assert batch.num_columns == columns


def test_a_line_without_a_discount_or_a_cost_says_so():
    frame = purchases(("a", "2024-01-01", 1.0), ("a", "2024-01-02", 2.0))
    log = log_of(frame.assign(discount=[None, 0.5], cost=[0.25, None]))
    assert log.discount is not None
    assert log.cost is not None
    assert log.discount.tolist() == [UNKNOWN_MONEY, 5_000]
    assert log.cost.tolist() == [2_500, UNKNOWN_MONEY]


@pytest.mark.parametrize(
    ("amount", "units"), [(0.00015, 2), (1.00005, 10_001), (-0.00015, -2), (2.675, 26_750)]
)
def test_money_of_a_request_is_rounded_as_that_of_a_file(amount, units):
    # A float of 0.00015 lies below it, but a file says 0.00015.
    frame = purchases(("A", "2024-01-01", amount))
    assert log_from_frame(frame, ShopClock()).amount.tolist() == [units]
