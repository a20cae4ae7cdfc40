"""Lists from the columns in memory: the same as the store's SQL says, in every order."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from serving.scores import ScoreStore
from serving.store.columns import CODED, Columns
from serving.store.listing import RISK_CHANGES, SORTS, Filters, count, read_page
from serving.store.tables import scores
from serving.store.write_tables import batch_columns
from tests.serving.made import NOW, made_batch, made_orders, made_rows

ROWS = made_rows(made_batch()).assign(
    risk_change=lambda rows: [RISK_CHANGES[i % 3] if i % 4 else None for i in range(len(rows))]
)
CHOICES = st.builds(
    Filters,
    risk_tier=st.sampled_from([(), ("high",), ("low", "medium")]),
    value_tier=st.sampled_from([(), ("top",), ("top", "low")]),
    lifecycle_status=st.sampled_from([(), ("lapsed",), ("won_back",)]),
    risk_change=st.sampled_from([(), ("up",), ("down", "same")]),
    rfm_group=st.sampled_from([(), ("loyal",), ("active", "slipping"), ("champions",)]),
    min_value_at_risk=st.sampled_from([None, 0.0, 20.0]),
    min_churn_probability=st.sampled_from([None, 0.3]),
    q=st.sampled_from([None, "1", "00", "_", "%", ".", "\\d", "'; --"]),
)


@pytest.fixture
def filled(store):
    # In no order, as a batch may come.
    store.publish(made_batch(), ROWS.sample(frac=1, random_state=1), made_orders())
    return store


def columns_of(store):
    with store.database.read() as connection:
        return Columns.of_bytes(connection.scalar(select(batch_columns.c.content)))


def walked(read):
    found, after = [], None
    while True:
        some, after = read(after)
        found.append(some)
        if after is None:
            return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filters=CHOICES, sort=st.sampled_from(SORTS), limit=st.integers(7, 320))
def test_pages_and_counts_are_those_of_the_sql(filled, filters, sort, limit):
    columns = columns_of(filled)
    with filled.database.read() as connection:

        def by_sql(after):
            page = read_page(connection, "b1", filters, sort, after, limit)
            return [row["customer_id"] for row in page.records], page.end

        def by_columns(after):
            return columns.page(filters, sort, after, limit)

        assert walked(by_columns) == walked(by_sql)
        assert columns.count(filters) == count(connection, "b1", filters)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filters=CHOICES, name=st.sampled_from(CODED))
def test_counts_by_a_column_add_up(filled, filters, name):
    with filled.database.read() as connection:
        for value, told in columns_of(filled).count_by(name, filters).items():
            only: dict[str, Any] = {name: (value,)}
            query = [filters, Filters(**only)]
            chosen = set.intersection(
                *({row["customer_id"] for row in read_all(connection, each)} for each in query)
            )
            assert told == len(chosen)


def read_all(connection, filters):
    return read_page(connection, "b1", filters, "customer_id", None, 400).records


def test_a_batch_without_its_columns_is_listed_by_sql(filled, store_url):
    first, end = filled.page("b1", sort="-predicted_clv", limit=20)
    with filled.database.write() as connection:
        connection.execute(delete(batch_columns))
    without = ScoreStore(store_url)
    assert without.page("b1", sort="-predicted_clv", limit=20) == (first, end)
    assert without.count("b1", Filters()) == 300
    without.close()


def test_lists_turn_to_the_new_batch_and_to_who_is_left(filled):
    assert filled.count("b1", Filters(q="00004")) == 1
    with filled.database.write() as connection:
        filled.erase(connection, "00004", who="abc", now=NOW)
    assert filled.count("b1", Filters(q="00004")) == 0
    filled.publish(made_batch("b2", customers=10), ROWS[:10].assign(batch_id="b2"), made_orders(10))
    assert filled.count("b2", Filters()) == 9
    page, _ = filled.page("b2", sort="customer_id")
    assert [row["customer_id"] for row in page] == [f"{i:05d}" for i in range(10) if i != 4]


def test_an_empty_batch_has_empty_pages():
    columns = Columns.of_bytes(Columns.of_frame(ROWS[:0]).as_bytes())
    assert columns.page(Filters(), "-value_at_risk", None, 5) == ([], None)
    assert columns.count(Filters(risk_tier=("high",))) == 0


def test_ids_stand_in_the_order_of_their_bytes_on_both_databases(store):
    ids = ["Z", "a", "B", "é", "_", "10", "9", "ß", "~", "A"]
    rows = ROWS[:10].assign(customer_id=ids)
    store.publish(made_batch(customers=10), rows, made_orders(10))
    page, _ = store.page("b1", sort="customer_id")
    assert [row["customer_id"] for row in page] == sorted(ids)
    with store.database.read() as connection:
        by_sql = connection.scalars(select(scores.c.customer_id).order_by(scores.c.customer_id))
        assert list(by_sql) == sorted(ids)


def test_columns_of_an_earlier_version_know_no_group_and_filter_all_the_same():
    table = Columns.of_frame(ROWS)._table.drop_columns("rfm_group")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    old = Columns.of_bytes(bytes(sink.getvalue()))
    assert old.count(Filters(risk_tier=("high",))) == Columns.of_frame(ROWS).count(
        Filters(risk_tier=("high",))
    )
    assert old.count(Filters(rfm_group=("loyal",))) == 0
