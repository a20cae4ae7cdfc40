import threading

import orjson
import pytest

from serving.answers import Answers
from serving.errors import StoreDown
from serving.store.lookup import Lookup
from tests.serving.made import NOW, made_batch, publish


@pytest.fixture
def lookup(store):
    lookup = Lookup(store.database, store.batch)
    yield lookup
    lookup.close()


def plain(rows):
    return orjson.loads(orjson.dumps(rows))


def test_nothing_is_found_before_the_first_publication(lookup):
    assert lookup.batch() is None
    for found in (
        lookup.customer("a"),
        lookup.orders("a"),
        lookup.history("a"),
        lookup.by_ids(["a"]),
    ):
        assert (found.batch, found.rows, found.is_known) == (None, [], False)


@pytest.mark.parametrize(
    "customer_id", ["00004", "00009", "nobody", "", "'; DROP TABLE scores; --"]
)
def test_a_look_up_finds_what_the_store_answers(lookup, store, customer_id):
    publish(store)
    publish(store, made_batch("b2", customers=200), seed=1)
    batch = store.current()
    answers = Answers(store, stale_after_hours=36)
    asked = [
        (lookup.customer, answers.customer, "results"),
        (lookup.orders, answers.orders, "orders"),
        (lookup.history, answers.history, "history"),
    ]
    for look_up, answer, field in asked:
        found, wanted = look_up(customer_id), answer(batch, customer_id, NOW)
        assert found.batch.batch_id == "b2"
        assert found.is_known is (wanted is not None)
        assert plain(found.rows) == ([] if wanted is None else plain(wanted[field]))


def test_a_customer_of_an_earlier_batch_is_known_by_history_only(lookup, store):
    publish(store)
    publish(store, made_batch("b2", customers=200))
    assert not lookup.customer("00250").is_known
    assert [row["batch_id"] for row in lookup.history("00250").rows] == ["b1"]


@pytest.mark.parametrize("size", [1, 8, 9, 64, 100, 257, 1000])
def test_any_number_of_ids_up_to_a_thousand(lookup, store, size):
    publish(store, made_batch(customers=1100))
    ids = [f"{i:05d}" for i in range(size)]
    rows = lookup.by_ids([*ids, "nobody", ids[0]][:1000]).rows
    assert sorted(row["customer_id"] for row in rows) == ids


def test_a_look_up_never_mixes_two_batches(lookup, store):
    publish(store)
    stop, mixed = threading.Event(), []

    def look():
        while not stop.is_set():
            found = lookup.by_ids(["00001", "00002", "00003"])
            named = {found.batch.batch_id, *(row["batch_id"] for row in found.rows)}
            if len(named) != 1 or len(found.rows) != 3:
                mixed.append(named)

    threads = [threading.Thread(target=look, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(5):
        publish(store, made_batch(f"n{number}", customers=50), seed=number)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert not mixed
    assert lookup.customer("00001").batch.batch_id == "n4"


def test_a_store_that_is_gone_is_said_in_a_sentence_and_found_again(sqlite_store, tmp_path):
    publish(sqlite_store)
    lookup = Lookup(sqlite_store.database, sqlite_store.batch)
    assert lookup.customer("00004").is_known
    lookup.close()
    sqlite_store.database.close()
    folder = tmp_path / "store"
    folder.rename(tmp_path / "away")
    with pytest.raises(StoreDown, match="does not answer"):
        lookup.customer("00004")
    (tmp_path / "away").rename(folder)
    assert lookup.customer("00004").is_known
    lookup.close()
