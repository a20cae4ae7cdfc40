"""What pages count from is in memory before anybody asks for it."""

from serving.lists import service
from serving.lists.rows import LIST_ROWS
from serving.warm import Warm
from tests.serving.lists.made_lists import asked
from tests.serving.made import NOW, made_batch, publish, until


def test_a_large_new_batch_is_shown_once_it_is_in_memory(store, settings):
    publish(store, made_batch())
    warm = Warm(store, settings)
    assert store.shown().batch_id == "b1"
    assert warm.look()
    store.large = 1
    publish(store, made_batch("b2"))
    assert store.current().batch_id == "b2"
    assert store.shown().batch_id == "b1"
    assert service.preview(store, settings, NOW, asked())["terms"]["batch_id"] == "b1"
    assert warm.look()
    assert store.shown().batch_id == "b2"
    assert service.preview(store, settings, NOW, asked())["terms"]["batch_id"] == "b2"


def test_a_small_new_batch_is_shown_at_once(store, settings):
    publish(store, made_batch())
    Warm(store, settings).look()
    publish(store, made_batch("b2"))
    assert store.shown().batch_id == "b2"


def test_a_customer_erased_meanwhile_is_not_shown_from_the_batch_before(store, settings):
    publish(store, made_batch())
    Warm(store, settings).look()
    store.large = 1
    publish(store, made_batch("b2"))
    with store.database.write() as connection:
        store.erase(connection, "00001", who="abc", now=NOW)
    assert store.shown().batch_id == "b2"


def test_a_list_is_made_from_the_current_batch_whatever_is_shown(store, settings):
    publish(store, made_batch(customers=600))
    Warm(store, settings).look()
    store.large = 1
    publish(store, made_batch("b2", customers=600))
    made = service.create(store, settings, NOW, asked(list_id="spring"), "abc")
    assert made["batch_id"] == "b2"


def test_the_service_reads_a_new_batch_by_itself(runtime):
    publish(runtime.store, made_batch())
    until(lambda: runtime.store.prepared is not None)
    runtime.store.large = 1
    publish(runtime.store, made_batch("b2"))
    until(lambda: runtime.store.shown().batch_id == "b2")


def test_who_is_held_out_by_a_running_list_is_looked_for_beforehand(store, settings):
    batch = made_batch(customers=600)
    publish(store, batch)
    service.create(store, settings, NOW, asked(list_id="spring", max_contacts=40), "abc")
    Warm(store, settings).look()
    rows = LIST_ROWS.of(store, batch)
    assert set(rows.members) == {("spring", "held_out")}
    assert len(rows.members["spring", "held_out"]) > 0
