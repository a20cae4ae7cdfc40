"""Erasing a customer: every row goes, everybody else's stays, later batches leave them out."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from serving.store.audit import fault
from serving.store.portfolio import portfolio_of
from serving.store.tables import scores
from serving.store.write_tables import audit, every_table
from tests.serving.made import NOW, made_batch, made_orders, made_rows, publish

GONE = "00004"


def erase(store, customer_id=GONE, now=NOW):
    with store.database.write() as connection:
        return store.erase(connection, customer_id, who="abc", now=now)


def everything(store):
    """Return all rows of tables about customers but the erased one's."""
    found = {}
    with store.database.read() as connection:
        for table in every_table.sorted_tables:
            if "customer_id" in table.columns:
                rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
                found[table.name] = [dict(r) for r in rows if r["customer_id"] != GONE]
    return found


def test_a_customer_goes_from_all_batches_and_nobody_else_changes(store):
    publish(store)
    publish(store, made_batch("b2", published_at=NOW), seed=1)
    before = everything(store)
    receipt = erase(store)
    assert sorted(receipt) == ["erased_at", "erasure_id", "rows"]
    assert (receipt["rows"], receipt["erased_at"]) == (4, "2024-07-01T06:00:00Z")
    assert GONE not in str(receipt)
    assert store.scores([GONE], "b1") == store.scores([GONE], "b2") == {}
    assert store.orders(GONE) == store.history(GONE) == []
    assert everything(store) == before
    assert store.erased([GONE, "00005", "nobody"]) == {GONE}


def test_the_totals_are_those_of_the_customers_left(store):
    publish(store)
    for customer_id in (GONE, "00009", "00011"):
        erase(store, customer_id)
    rows = made_rows()
    left = portfolio_of(rows[~rows["customer_id"].isin([GONE, "00009", "00011"])])
    head = store.current()
    assert (head.customers, head.erased) == (297, 3)
    assert head.portfolio["statuses"] == left["statuses"]
    for told, counted in zip(head.portfolio["tiers"], left["tiers"], strict=True):
        assert told == pytest.approx(counted)


def test_erasing_twice_gives_the_same_receipt_and_counts_what_was_left(store):
    publish(store)
    first = erase(store)
    again = erase(store, now=NOW + timedelta(days=1))
    assert again == {**first, "rows": 0}
    assert store.current().customers == 299


def test_a_later_batch_leaves_the_customer_out(store):
    publish(store)
    erase(store)
    erase(store, "not seen yet")
    batch = made_batch("b2", published_at=NOW)
    rows = made_rows(batch)
    rows.loc[7, "customer_id"] = "not seen yet"
    store.publish(batch, rows, made_orders())
    head = store.current()
    assert (head.batch_id, head.customers) == ("b2", 298)
    assert sum(head.portfolio["statuses"].values()) == 298
    assert store.scores([GONE, "not seen yet", "00005"], "b2").keys() == {"00005"}
    assert store.orders(GONE) == []


def test_the_store_keeps_a_keyed_hash_and_no_id(sqlite_store):
    canary = "canary-4711"
    rows, orders = made_rows(), made_orders()
    rows["customer_id"] = rows["customer_id"].replace(GONE, canary)
    orders["customer_id"] = orders["customer_id"].replace(GONE, canary)
    sqlite_store.publish(made_batch(), rows, orders)
    file = make_url(sqlite_store.database.label).database
    assert file is not None
    folder = Path(file).parent
    assert canary.encode() in b"".join(p.read_bytes() for p in folder.iterdir())
    erase(sqlite_store, canary)
    sqlite_store.database.forget()
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert canary.encode() not in kept
    assert b"00005" in kept


def test_the_audit_trail_says_who_and_when_and_no_id(store):
    publish(store)
    receipt = erase(store)
    with store.database.read() as connection:
        [entry] = connection.execute(select(audit)).mappings()
        assert (entry["who"], entry["what"], entry["count"]) == ("abc", "erasure", 3)
        assert orjson.loads(entry["details"]) == {"erasure_id": receipt["erasure_id"]}
        assert GONE not in str(dict(entry))
        assert fault(connection, store.database.secret) == ""


@pytest.mark.parametrize("odd", ["", "\x00", "'; DROP TABLE scores; --", "%", "ü" * 100])
def test_s9_an_odd_id_erases_nobody_else(store, odd):
    publish(store)
    assert erase(store, odd)["rows"] == 0
    with store.database.read() as connection:
        assert len(connection.execute(select(scores.c.customer_id)).all()) == 300
