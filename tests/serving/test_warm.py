"""What pages count from is in memory before anybody asks for it."""

import threading

import pytest
from sqlalchemy import update

from serving.lists import rows as list_rows
from serving.lists import service
from serving.lists.rows import LIST_ROWS
from serving.store.write_tables import batch_columns
from serving.warm import Warm
from tests.serving.lists.made_lists import asked
from tests.serving.made import NOW, made_batch, publish, until


@pytest.fixture
def reads(monkeypatch):
    """How often the columns of a batch were read, by batch."""
    seen = []
    read = list_rows._rows

    def counted(store, batch):
        seen.append(batch.batch_id)
        return read(store, batch)

    monkeypatch.setattr(list_rows, "_rows", counted)
    return seen


def test_a_batch_is_read_once_and_previews_use_what_was_read(store, settings, reads):
    publish(store, made_batch())
    warm = Warm(store, settings)
    assert warm.look()
    assert warm.look()
    assert service.preview(store, settings, NOW, asked())["terms"]["batch_id"] == "b1"
    publish(store, made_batch("b2"))
    assert warm.look()
    assert service.preview(store, settings, NOW, asked())["terms"]["batch_id"] == "b2"
    assert reads == ["b1", "b2"]


def test_a_preview_is_of_the_new_batch_also_before_that_is_in_memory(store, settings, reads):
    publish(store, made_batch())
    Warm(store, settings).look()
    publish(store, made_batch("b2"))
    assert service.preview(store, settings, NOW, asked())["terms"]["batch_id"] == "b2"
    assert reads == ["b1", "b2"]


def test_who_asks_while_the_columns_are_read_waits_for_them(store, settings, monkeypatch, reads):
    publish(store, made_batch())
    reading, go_on = threading.Event(), threading.Event()
    read = list_rows._rows

    def slow(store, batch):
        reading.set()
        assert go_on.wait(10)
        return read(store, batch)

    monkeypatch.setattr(list_rows, "_rows", slow)
    looking = threading.Thread(target=Warm(store, settings).look)
    looking.start()
    assert reading.wait(10)
    told = []
    asking = threading.Thread(
        target=lambda: told.append(service.preview(store, settings, NOW, asked()))
    )
    asking.start()
    go_on.set()
    for thread in (looking, asking):
        thread.join(20)
    assert told[0]["terms"]["batch_id"] == "b1"
    assert reads == ["b1"]


def test_an_erased_customer_is_in_no_memory_after_the_next_look(store, settings):
    publish(store, made_batch())
    warm = Warm(store, settings)
    warm.look()
    with store.database.write() as connection:
        store.erase(connection, "00001", who="abc", now=NOW)
    warm.look()
    batch = store.current()
    assert batch is not None
    assert "00001" not in LIST_ROWS.of(store, batch).ids.to_pylist()


def test_what_cannot_be_read_is_said_once(store, settings, caplog):
    publish(store, made_batch())
    with store.database.write() as connection:
        connection.execute(update(batch_columns).values(content=b"damaged"))
    warm = Warm(store, settings)
    assert not warm.look()
    assert warm.look()
    assert [record.name for record in caplog.records] == ["serving.warm"]


def test_the_service_reads_a_new_batch_by_itself(runtime, reads):
    publish(runtime.store, made_batch())
    until(lambda: reads == ["b1"])
    publish(runtime.store, made_batch("b2"))
    until(lambda: reads == ["b1", "b2"])


def test_who_is_held_out_by_a_running_list_is_looked_for_beforehand(store, settings):
    batch = made_batch(customers=600)
    publish(store, batch)
    service.create(store, settings, NOW, asked(list_id="spring", max_contacts=40), "abc")
    Warm(store, settings).look()
    rows = LIST_ROWS.of(store, batch)
    assert set(rows.members) == {("spring", "held_out")}
    assert len(rows.members["spring", "held_out"]) > 0
