import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.rows import Request, features_with, rows_of
from features.running.columns import RunningColumns
from features.running.reading import Reading
from features.silence import SilentCustomers
from tests.features.made import CUTOFF, QUICK, day, drawn_logs, log_of, purchases

ALL = features_with(frozenset({"quantity", "discount", "cost", "product", "category", "channel"}))


def test_worked_example():
    log = log_of(purchases(("A", "2024-01-01", 10.0), ("A", "2024-01-31", 20.0)))
    silent = SilentCustomers(log, day("2024-02-01"), ("days_since_last", "orders_30d", "T"))
    found = silent.features(np.array([0]), np.array([day("2024-03-15")]))
    assert found.values.T.tolist() == [[44, 0, 74]]


def test_a_line_of_the_day_of_the_snapshot_is_not_seen():
    log = log_of(purchases(("A", "2024-01-01", 10.0), ("A", "2024-02-01", 20.0)))
    silent = SilentCustomers(log, day("2024-02-01"), ("n_orders", "days_since_last"))
    found = silent.features(np.array([0]), np.array([day("2024-03-01")]))
    assert found.values.T.tolist() == [[1, 60]]


@QUICK
@given(frame=drawn_logs(), silence=st.lists(st.integers(0, 1200), min_size=3, max_size=3))
def test_features_are_those_of_the_rolled_cutoff_on_the_log_known_before(frame, silence):
    log = log_of(frame)
    if (log.known_day >= CUTOFF).all():
        return
    silent = SilentCustomers(log, CUTOFF, ALL)
    customers, days = np.arange(len(silent)), CUTOFF + np.array(silence)[: len(silent)]
    found = silent.features(customers, days)
    known = log.known_before(CUTOFF)
    for customer, at in zip(customers, days, strict=True):
        rows = rows_of(known, Request((int(at),), ALL))
        assert rows.customer_ids[customer] == silent.customer_ids[customer]
        assert_array_equal(found.values[:, customer], rows.features[:, customer])


@QUICK
@given(frame=drawn_logs(), silence=st.integers(0, 1200))
def test_some_customers_have_the_features_that_they_have_among_all(frame, silence):
    log = log_of(frame)
    if (log.known_day >= CUTOFF).all():
        return
    silent = SilentCustomers(log, CUTOFF, ALL)
    everybody = np.arange(len(silent))
    days = np.full(len(silent), CUTOFF + silence)
    last = everybody[-1:]
    assert_array_equal(
        silent.features(last, days[-1:]).values, silent.features(everybody, days).values[:, last]
    )


def test_each_reads_customers_in_the_order_given_at_their_own_cutoffs():
    log = log_of(
        purchases(("A", "2024-01-01", 1.0), ("B", "2024-01-05", 2.0), ("B", "2024-02-05", 4.0))
    )
    cutoffs = np.array([day("2024-02-01"), day("2024-03-01"), day("2024-01-02")])
    at = Reading.each(RunningColumns(log), np.array([1, 1, 0]), cutoffs)
    assert at.total("net").tolist() == [2.0, 6.0, 1.0]
    assert at.window("orders", 30).tolist() == [1.0, 1.0, 1.0]


def test_what_does_not_move_with_silence_is_read_once_and_nothing_else():
    silent = SilentCustomers(log_of(purchases(("A", "2024-01-01", 10.0))), CUTOFF + 999, ALL)
    unmoved = silent.unmoved
    assert {"frequency", "mean_gap", "average_order_value", "category_entropy"} <= unmoved
    assert not unmoved & {"T", "days_since_last", "orders_30d", "decayed_orders_45d", "clumpiness"}
    assert not unmoved & {"orders_change_90d", "purchase_days_90d", "orders_next_30d_last_year"}
