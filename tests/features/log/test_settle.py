"""Which order a refund belongs to, and what was cancelled: worked examples."""

import pandas as pd
import pytest

from tests.features.made import day, log_of

COLUMNS = ("ordered_at", "amount", "order_id", "refund_of", "product_id", "cancelled", "known_at")


def settled(*rows, columns=COLUMNS[:5]):
    """Lines of one customer as settled: amount, and the amount line of the order, by line."""
    frame = pd.DataFrame([("A", *row) for row in rows], columns=["customer_id", *columns])
    log = log_of(frame)
    raw = [round(row[1], 2) for row in rows]
    return log, log.amount / 10_000, raw


def orders(log):
    """Order of each line as the number of its first line, None for a refund without one."""
    own = log.order_ref == range(log.n_lines)
    return [
        None if own[i] and not log.is_purchase[i] else int(log.order_ref[i])
        for i in range(log.n_lines)
    ]


def test_a_refund_goes_to_the_order_that_it_names():
    log, amount, _ = settled(
        ("2024-01-01", 50.0, "a", None, "p"),
        ("2024-01-05", 50.0, "b", None, "p"),
        ("2024-01-09", -20.0, "r", "a", "p"),
    )
    assert orders(log) == [0, 1, 0]
    assert amount.tolist() == [50.0, 50.0, -20.0]


def test_a_refund_under_an_orders_own_id_belongs_to_it():
    log, _, _ = settled(
        ("2024-01-01", 50.0, "a", None, None),
        ("2024-01-05", 50.0, "b", None, None),
        ("2024-01-09", -20.0, "a", None, None),
    )
    assert orders(log) == [0, 1, 0]


def test_a_refund_that_names_nothing_known_goes_by_its_own_order_then_by_product():
    log, _, _ = settled(
        ("2024-01-01", 50.0, "a", None, "p"),
        ("2024-01-05", -5.0, "a", "nowhere", None),
        ("2024-01-09", -20.0, "r", "nowhere", "p"),
    )
    assert orders(log) == [0, 0, 0]


def test_by_product_a_refund_goes_to_the_latest_purchase_that_covers_it():
    log, _, _ = settled(
        ("2024-01-01", 50.0, "a", None, "p"),
        ("2024-01-05", 10.0, "b", None, "p"),
        ("2024-01-07", 99.0, "c", None, "q"),
        ("2024-01-09", -20.0, "r1", None, "p"),  # b is too small
        ("2024-01-10", -10.0, "r2", None, "p"),
        ("2024-01-11", -30.0, "r3", None, "p"),  # b is used up; a has exactly 30 left
        ("2024-01-12", -1.0, "r4", None, "p"),  # nothing is left of either
    )
    assert orders(log) == [0, 1, 2, 0, 1, 0, None]


def test_a_refund_that_no_purchase_covers_goes_to_the_latest_not_used_up():
    log, _, _ = settled(
        ("2024-01-01", 5.0, "a", None, "p"),
        ("2024-01-02", 10.0, "b", None, "p"),
        ("2024-01-09", -20.0, "r", None, "p"),
        ("2024-01-10", -20.0, "s", None, "p"),
        ("2024-01-11", -20.0, "t", None, "p"),
    )
    assert orders(log) == [0, 1, 1, 0, None]


def test_a_refund_of_nothing_known_stands_alone_at_its_own_time():
    log, amount, _ = settled(
        ("2024-01-01", -20.0, "r", "b", "p"),
        ("2024-01-02", 50.0, "b", None, "p"),
    )
    assert orders(log) == [None, 1]
    assert amount.tolist() == [-20.0, 50.0]


def test_without_ids_a_refund_belongs_to_the_order_of_its_day():
    log, _, _ = settled(
        ("2024-01-01", 50.0),
        ("2024-01-01", -20.0),
        ("2024-01-02", -30.0),
        columns=COLUMNS[:2],
    )
    # Lines of a moment are ordered by content: the refund stands first.
    assert log.amount.tolist() == [-200_000, 500_000, -300_000]
    assert orders(log) == [1, 1, None]


STATUS = ("ordered_at", "amount", "order_id", "product_id", "cancelled")


def test_a_cancelled_line_takes_back_what_its_order_has():
    log, amount, _ = settled(
        ("2024-01-01", 50.0, "a", "p", False),
        ("2024-01-01", 20.0, "a", "q", False),
        ("2024-01-08", 20.0, "a", "q", True),
        columns=STATUS,
    )
    assert sorted(amount) == [-20.0, 20.0, 50.0]
    assert log.is_purchase.tolist() == [True, True, False]
    assert log.order_ref.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "row",
    [
        ("2024-01-08", 20.0, "b", "p", True),  # of no order that was ever placed
        ("2024-01-08", 80.0, "a", "p", True),  # more than the order comes to
        ("2024-01-08", 0.0, "a", "p", True),
    ],
)
def test_a_cancelled_line_with_nothing_to_take_back_never_was(row):
    log, amount, _ = settled(("2024-01-01", 50.0, "a", "p", False), row, columns=STATUS)
    assert amount.tolist() == [50.0, 0.0]
    assert log.is_purchase.tolist() == [True, False]
    assert orders(log) == [0, None]


def test_a_cancelled_line_that_never_was_uses_nothing_up():
    log, _, _ = settled(
        ("2024-01-01", 50.0, "a", "p", False),
        ("2024-01-02", -20.0, "a", None, False),
        ("2024-01-03", 50.0, "a", "p", True),  # 30 are left
        ("2024-01-04", -30.0, "r", "p", False),  # still finds its product
        columns=STATUS,
    )
    assert orders(log) == [0, 0, None, 0]


def test_a_cancelled_line_gives_back_its_cost_and_one_without_effect_has_none():
    columns = ("ordered_at", "amount", "order_id", "cancelled", "cost")
    log, _, _ = settled(
        ("2024-01-01", 50.0, "a", False, 30.0),
        ("2024-01-08", 50.0, "a", True, 30.0),
        ("2024-01-09", 50.0, "b", True, 30.0),
        ("2024-01-10", 9.0, "c", False, 2.0),
        ("2024-01-10", -9.0, "c", False, -2.0),
        columns=columns,
    )
    assert log.cost is not None
    assert log.cost.tolist() == [300_000, -300_000, *[-(2**63)] * 3]


def test_an_order_of_which_nothing_is_left_on_its_day_is_no_purchase():
    log, amount, _ = settled(
        ("2024-01-01T09:00", 50.0, "a", None, "p"),
        ("2024-01-01T09:00", 20.0, "a", None, "q"),
        ("2024-01-01T09:07", -70.0, "a", None, None),
        ("2024-01-01T10:00", 30.0, "b", None, "p"),
    )
    assert log.is_purchase.tolist() == [False, False, False, True]
    assert amount.tolist() == [0.0, 0.0, 0.0, 30.0]
    assert log.order_ref.tolist() == [0, 1, 2, 3]


def test_taken_back_the_day_after_an_order_was_one():
    log, amount, _ = settled(
        ("2024-01-01T23:59", 50.0, "a", None, None),
        ("2024-01-02T00:01", -50.0, "a", None, None),
    )
    assert log.is_purchase.tolist() == [True, False]
    assert amount.tolist() == [50.0, -50.0]


def test_a_part_of_an_order_taken_back_at_once_leaves_the_order():
    log, amount, _ = settled(
        ("2024-01-01T09:00", 50.0, "a", None, None),
        ("2024-01-01T09:07", -49.99, "a", None, None),
    )
    assert log.is_purchase.tolist() == [True, False]
    assert amount.tolist() == [50.0, -49.99]


def test_a_void_order_is_opened_anew_by_a_later_line():
    log, amount, _ = settled(
        ("2024-01-01T09:00", 50.0, "a", None, "p"),
        ("2024-01-01T09:07", -50.0, "a", None, "p"),
        ("2024-01-03T09:00", 40.0, "a", None, "p"),
        ("2024-01-05T09:00", -10.0, "a", None, "p"),
    )
    assert amount.tolist() == [0.0, 0.0, 40.0, -10.0]
    assert orders(log) == [None, None, 2, 2]


def test_an_order_for_nothing_is_not_void():
    log, _, _ = settled(("2024-01-01", 0.0, "a", None, None))
    assert log.is_purchase.tolist() == [True]


def test_within_a_day_the_date_alone_decides():
    # Dates without times tie: a refund is ordered before the purchase that it takes back.
    log, amount, _ = settled(
        ("2024-01-01", -50.0, "a", None, "p"),
        ("2024-01-01", 50.0, "a", None, "p"),
        ("2024-01-02", -30.0, "b", None, None),
        ("2024-01-02", 50.0, "b", None, None),
    )
    assert amount.tolist() == [0.0, 0.0, -30.0, 50.0]
    assert orders(log) == [None, None, 3, 3]


def test_what_becomes_known_a_day_later_voids_nothing():
    log, _, _ = settled(
        ("2024-01-01", 50.0, "a", None, None, "2024-01-01"),
        ("2024-01-01", -50.0, "a", None, None, "2024-01-02"),
        columns=(*COLUMNS[:5], "known_at"),
    )
    assert log.is_purchase.tolist() == [True, False]
    assert log.known_day.tolist() == [day("2024-01-01"), day("2024-01-02")]


def test_customers_do_not_settle_with_one_another():
    rows = [
        ("A", "2024-01-01", 50.0, "a", "p"),
        ("B", "2024-01-01", -50.0, "a", "p"),
        ("B", "2024-01-02", 50.0, "a", "p"),
    ]
    columns = ["customer_id", "ordered_at", "amount", "order_id", "product_id"]
    log = log_of(pd.DataFrame(rows, columns=columns))
    assert log.is_purchase.tolist() == [True, False, True]
    assert orders(log) == [0, None, 2]
