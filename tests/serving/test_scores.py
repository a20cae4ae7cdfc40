import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from retention.dates import NEXT_ORDER, SILENCE
from retention.scores import SCORE_FIELDS
from serving.errors import BatchExists, BatchRefused, StoreDown
from serving.scores import ScoreStore
from serving.store.growth import lacks
from serving.store.listing import SORTS, Filters
from serving.store.portfolio import RISK_TIERS, VALUE_TIERS
from serving.store.postgres import hold
from serving.store.rows import OF_THE_BATCH, STORED
from serving.store.tables import metadata
from serving.store.write_tables import erasures
from tests.serving.made import NOW, made_batch, made_orders, made_rows, publish


def database_file(store: ScoreStore) -> Path:
    return Path(make_url(store.database.label).database or "")


def test_a_published_batch_is_read_back_as_it_was(store):
    batch = publish(store)
    found = store.current()
    assert found is not None
    assert (found.batch_id, found.customers, found.cut_points) == ("b1", 300, batch.cut_points)
    rows = made_rows(batch).set_index("customer_id")
    read = store.scores(["00004", "00009", "nobody"], "b1")
    assert set(read) == {"00004", "00009"}
    row = read["00004"]
    assert tuple(row) == SCORE_FIELDS
    assert row["churn_probability"] == rows.loc["00004", "churn_probability"]
    assert row["reasons"] == json.loads(rows.loc["00004", "reasons"])
    assert (row["as_of"], row["model_version"]) == ("2024-07-01", "7")
    assert isinstance(row["churn_percentile"], int)


def test_a_row_without_scores_has_nulls_and_says_why(store):
    publish(store)
    row = store.scores(["00009"], "b1")["00009"]
    assert row["score_status"] == "inactive"
    assert row["churn_probability"] is None
    assert row["days_since_last"] is None
    assert row["missing"] == {"churn_probability": "inactive"}


def test_the_fields_are_those_of_the_score_rows():
    assert ("customer_id", *OF_THE_BATCH, *STORED) == SCORE_FIELDS


def test_nothing_is_current_before_the_first_batch(store):
    assert store.current() is None
    assert store.scores(["00001"], "b1") == {}
    assert store.page("b1") == ([], None)


def test_a_second_batch_takes_over_and_the_first_stays(store):
    publish(store)
    publish(store, made_batch("b2", published_at=NOW), seed=1)
    assert store.current().batch_id == "b2"
    assert store.batch("b1").customers == 300
    history = store.history("00004")
    assert [item["batch_id"] for item in history] == ["b1", "b2"]
    assert history[0]["churn_probability"] != history[1]["churn_probability"]


def test_a_batch_id_is_never_used_twice(store):
    publish(store)
    with pytest.raises(BatchExists, match="b1 was published before"):
        publish(store, seed=1)
    assert store.scores(["00004"], "b1")["00004"]["churn_probability"] == pytest.approx(
        made_rows().loc[4, "churn_probability"]
    )


def break_last_order(orders):
    return orders.assign(ordered_on=orders["ordered_on"].where(orders.index < len(orders) - 1))


def test_an_error_in_the_middle_leaves_the_old_batch_whole(store):
    publish(store)
    batch = made_batch("b2")
    with pytest.raises(BatchRefused, match="ordered_on is null in 1 rows"):
        store.publish(batch, made_rows(batch, seed=1), break_last_order(made_orders()))
    assert store.current().batch_id == "b1"
    assert store.batch("b2") is None
    assert store.scores(["00004"], "b2") == {}
    assert len(store.orders("00004")) == 2
    with store.database.read() as connection:
        counts = {
            t.name: connection.exec_driver_sql(f"SELECT count(*) FROM {t.name}").scalar()
            for t in metadata.sorted_tables
        }
    assert (counts["scores"], counts["orders"], counts["batches"]) == (300, 600, 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.drop(columns="risk_tier"), r"lack the columns \['risk_tier'\]"),
        (lambda rows: rows.assign(extra=1), r"unknown columns \['extra'\]"),
        (lambda rows: rows.iloc[:-1], "says 300 customers and has 299 rows"),
        (lambda rows: rows.assign(customer_id="00001"), "'00001' stands twice"),
        (lambda rows: rows.assign(predicted_clv=float("inf")), "predicted_clv is not finite"),
        (lambda rows: rows.assign(days_since_last=1.5), "days_since_last is not a whole number"),
        (lambda rows: rows.assign(batch_id="b0"), "1 other values of batch_id"),
        (lambda rows: rows.assign(customer_id=[None, *rows["customer_id"][1:]]), "is null in 1"),
    ],
)
def test_rows_that_do_not_fit_are_refused(store, change, sentence):
    with pytest.raises(BatchRefused, match=sentence):
        store.publish(made_batch(), change(made_rows()), made_orders())
    assert store.current() is None


def test_orders_come_oldest_first_and_without_a_count_as_null(store):
    publish(store)
    first, second = store.orders("00007")
    assert first == {
        "customer_id": "00007",
        "order_number": 1,
        "ordered_on": "2024-01-05",
        "amount": 20.0,
        "items": 2.0,
        "lines": 1,
    }
    assert second["items"] is None
    assert store.orders("nobody") == []


def test_the_portfolio_adds_up_to_the_batch(store):
    publish(store)
    portfolio = store.portfolio("b1")
    rows = made_rows()
    assert portfolio["statuses"] == {"inactive": 30, "scored": 270}
    assert len(portfolio["tiers"]) == len(RISK_TIERS) * len(VALUE_TIERS)
    assert sum(cell["customers"] for cell in portfolio["tiers"]) == 270
    total = sum(cell["predicted_clv"] for cell in portfolio["tiers"])
    assert total == pytest.approx(rows["predicted_clv"].sum())


def test_columns_of_a_batch_come_as_a_frame(store):
    publish(store)
    frame = store.rows_frame("b1", ["customer_id", "risk_tier"])
    rows = made_rows()[["customer_id", "risk_tier"]]
    assert list(frame.columns) == ["customer_id", "risk_tier"]
    assert frame["customer_id"].tolist() == rows["customer_id"].tolist()
    assert frame["risk_tier"].fillna("").tolist() == rows["risk_tier"].fillna("").tolist()


def walk(store, filters, sort, limit):
    rows, after = [], None
    while True:
        page, after = store.page("b1", filters, sort, after, limit)
        assert len(page) <= limit
        rows += page
        if after is None:
            return rows


def expected(filters, sort):
    rows = made_rows()
    for name in ("risk_tier", "value_tier"):
        allowed = getattr(filters, name)
        rows = rows[rows[name].isin(allowed)] if allowed else rows
    if filters.min_value_at_risk is not None:
        rows = rows[rows["value_at_risk"] >= filters.min_value_at_risk]
    column = sort.removeprefix("-")
    by = rows.assign(id=rows["customer_id"]).sort_values(
        [column, "id"], ascending=[not sort.startswith("-"), True], na_position="last"
    )
    return by["customer_id"].tolist()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 320),
    risk=st.sets(st.sampled_from(RISK_TIERS)),
    value=st.sets(st.sampled_from(VALUE_TIERS)),
    floor=st.none() | st.floats(0, 100),
)
def test_pages_walk_through_everything_once_in_order(store, sort, limit, risk, value, floor):
    if store.current() is None:
        publish(store)
    filters = Filters(tuple(risk), tuple(value), min_value_at_risk=floor)
    limit = max(limit, 7)
    found = [row["customer_id"] for row in walk(store, filters, sort, limit)]
    assert found == expected(filters, sort)


@pytest.mark.parametrize("part", ["0012", "%", "_", "'; DROP TABLE scores; --"])
def test_a_search_is_for_the_text_itself(store, part):
    publish(store)
    found = [row["customer_id"] for row in walk(store, Filters(q=part), "customer_id", 50)]
    assert found == [i for i in made_rows()["customer_id"] if part in i]


def test_the_file_is_the_owners_alone(sqlite_store):
    path = database_file(sqlite_store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_sqlite_is_set_to_lose_nothing(sqlite_store):
    with sqlite_store.database.read() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        table = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'scores'"
        ).scalar()
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert "PRIMARY KEY (batch_id, customer_id)" in table


def test_readers_go_on_while_a_batch_is_written(store):
    publish(store)
    with store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM current")
        assert store.current().batch_id == "b1"


def test_a_locked_store_is_named_as_such(store, store_url):
    publish(store)
    impatient = ScoreStore(store_url, busy_seconds=0.05)
    with store.database.write() as connection:
        hold(connection, erasures)
        with pytest.raises(StoreDown, match="does not answer: .*lock"):
            publish(impatient, made_batch("b2"))
    impatient.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:////proc/nowhere/scores.db", "cannot be opened"),
        ("not a url", "cannot be read"),
    ],
)
def test_a_store_that_cannot_be_opened_is_named(url, sentence):
    with pytest.raises(StoreDown, match=sentence):
        ScoreStore(url)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "scores.db"
    path.write_bytes(b"customer_id,amount\n" * 100)
    with pytest.raises(StoreDown, match="not a database"):
        ScoreStore(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"customer_id")


def changed_by_hand(url, *statements):
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_store_of_another_schema_is_refused(store, store_url):
    store.close()
    changed_by_hand(store_url, "UPDATE store_info SET schema_version = 99")
    with pytest.raises(StoreDown, match="has schema 99"):
        ScoreStore(store_url)


NEW_COLUMNS = ("predicted_number_of_orders", *NEXT_ORDER, *SILENCE)


def as_of_an_earlier_version(url):
    """Take away what a store of an earlier version did not have."""
    changed_by_hand(
        url,
        *(f"ALTER TABLE scores DROP COLUMN {name}" for name in NEW_COLUMNS),
        "ALTER TABLE store_info DROP COLUMN secret",
        "DROP TABLE sessions",
        "DROP TABLE exports",
    )


def test_a_store_of_an_earlier_version_is_brought_up_and_keeps_its_batches(store, store_url):
    publish(store)
    store.close()
    as_of_an_earlier_version(store_url)
    opened = ScoreStore(store_url)
    try:
        old = opened.scores(["00001"], "b1")["00001"]
        assert tuple(old) == SCORE_FIELDS
        assert {old[name] for name in NEW_COLUMNS} == {None}
        assert old["predicted_clv"] == made_rows().loc[1, "predicted_clv"]
        publish(opened, made_batch("b2"))
        new = opened.scores(["00001"], "b2")["00001"]
        assert new["expected_date_of_next_order"] == "2024-07-20"
        assert new["predicted_number_of_orders"] == pytest.approx(2.19)
        with opened.database.read() as connection:
            assert not lacks(connection)
            assert inspect(connection).has_table("sessions")
        assert len(opened.database.secret) == 64
    finally:
        opened.close()


@pytest.mark.parametrize("is_new", [True, False])
def test_four_that_open_a_new_or_an_earlier_store_at_once_all_can(store_url, is_new):
    if not is_new:
        ScoreStore(store_url).close()
        as_of_an_earlier_version(store_url)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(ScoreStore, [store_url] * 4))
    assert len({each.database.secret for each in opened}) == 1
    for each in opened:
        assert each.current() is None
        each.close()


def test_a_store_without_a_column_that_may_not_be_null_is_refused(store, store_url):
    store.close()
    changed_by_hand(store_url, "ALTER TABLE scores DROP COLUMN reasons")
    with pytest.raises(StoreDown, match=r"lacks scores\.reasons"):
        ScoreStore(store_url)


def test_dates_numbers_of_orders_and_values_below_zero_come_back(store):
    rows = made_rows()
    rows.loc[1, "clv_p10"] = -12.5
    store.publish(made_batch(), rows, made_orders())
    row = store.scores(["00001"], "b1")["00001"]
    assert row["clv_p10"] == -12.5
    for name in NEW_COLUMNS:
        assert row[name] == rows.loc[1, name]


def test_published_at_keeps_its_moment(store):
    publish(store, made_batch(published_at=NOW - timedelta(hours=5)))
    assert store.current().published_at == NOW - timedelta(hours=5)
    assert store.current().published_text == "2024-07-01T01:00:00Z"
