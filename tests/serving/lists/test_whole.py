"""Lists in the store are what was written: what the hash covers, and when it is checked."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import event, select, update

from retention.lists.frozen import MARK, WHOLE_FORMAT
from serving.lists import service
from serving.lists.errors import ListDamaged
from serving.scores import ScoreStore
from serving.store.list_rows import HASHED_HEAD, find_list, sealed
from serving.store.list_tables import list_members, lists
from tests.serving.lists.made_lists import WHO, make, members_of
from tests.serving.made import NOW, made_batch, publish


@pytest.fixture
def shop(settings):
    store = ScoreStore(settings.store_url)
    publish(store, made_batch(customers=600))
    make(store, settings, list_id="spring")
    yield store, settings
    store.close()


@pytest.fixture
def started(shop, settings):
    """The store as a process finds it that starts now."""
    store = ScoreStore(settings.store_url)
    yield store
    store.close()


def change(store, table, **values):
    with store.database.write() as connection:
        connection.execute(update(table).values(**values))


def head_of(store):
    with store.database.read() as connection:
        return find_list(connection, "spring")


CHANGED_HEAD = {
    "batch_id": "b9",
    "as_of": "2024-07-02",
    "model_version": "8",
    "begins_on": "2024-07-02",
    "readout_on": "2024-12-31",
    "counts": "{}",
    "outlay": 1.0,
    "gain": "{}",
    "holdout": "{}",
    "sensitivity": "[]",
}


def test_every_part_of_the_head_is_tried():
    assert set(CHANGED_HEAD) == set(HASHED_HEAD)


@pytest.mark.parametrize("name", CHANGED_HEAD)
def test_a_head_that_was_changed_is_found_at_once(shop, name):
    store, settings = shop
    assert service.the_list(store, settings, NOW, "spring")["terms"][MARK] == WHOLE_FORMAT
    change(store, lists, **{name: CHANGED_HEAD[name]})
    for read in (service.the_list, service.readout):
        with pytest.raises(ListDamaged, match="its hash differs"):
            read(store, settings, NOW, "spring")


@pytest.mark.parametrize("term", ["budget", "primary_outcome", "assumed", "detect"])
def test_a_term_that_was_changed_is_found_at_once_also_where_a_member_was_erased(shop, term):
    store, settings = shop
    gone = members_of(store, "spring")["customer_id"].iloc[0]
    with store.database.write() as connection:
        store.erase(connection, gone, who=WHO, now=NOW)
    told = service.the_list(store, settings, NOW, "spring")["terms"]
    other = {**told, term: {**told["assumed"], "margin": 0.9} if term == "assumed" else "profit"}
    change(store, lists, terms=orjson.dumps(other).decode())
    with pytest.raises(ListDamaged):
        service.the_list(store, settings, NOW, "spring")


def test_members_that_were_changed_are_found_at_the_next_start(shop, started):
    store, settings = shop
    before = service.the_list(store, settings, NOW, "spring")
    change(store, list_members, arm="contacted")
    # A list is frozen, so a process that has checked its members does not do so again.
    assert service.the_list(store, settings, NOW, "spring") == before
    for read in (service.the_list, service.readout):
        with pytest.raises(ListDamaged):
            read(started, settings, NOW, "spring")
    with pytest.raises(ListDamaged):
        service.taken_members(started, "spring", None, who=WHO, now=NOW)


def test_the_members_are_read_for_the_hash_only_once(shop, started):
    _, settings = shop
    seen: list[str] = []

    @event.listens_for(started.database.engine, "before_cursor_execute")
    def noted(connection, cursor, statement, parameters, context, many):
        seen.append(statement)

    def times_read():
        seen.clear()
        service.the_list(started, settings, NOW, "spring")
        return sum("list_members.rank" in statement for statement in seen)

    assert [times_read(), times_read(), times_read()] == [1, 0, 0]


def test_a_list_of_before_the_head_was_hashed_is_still_read_and_still_checked(shop, started):
    store, settings = shop
    head = {**head_of(store), "number": 1}
    terms = {name: value for name, value in head["terms"].items() if name != MARK}
    old = sealed(
        store.database.secret,
        {**head, "terms": terms},
        members_of(store, "spring"),
        who=WHO,
        now=NOW,
    )
    kept = {"digest": old["digest"], "seal": old["seal"], "terms": orjson.dumps(terms).decode()}
    change(store, lists, **kept)
    assert old["digest"] != head["digest"]
    assert service.the_list(started, settings, NOW, "spring")["digest"] == old["digest"]
    # What its terms do not say was not hashed, but the dates are held against them.
    change(store, lists, readout_on="2024-12-31")
    with pytest.raises(ListDamaged):
        service.the_list(started, settings, NOW, "spring")


def test_a_kept_readout_is_answered_without_its_members(shop):
    store, settings = shop
    later = NOW + timedelta(days=120)
    told = service.readout(store, settings, later, "spring")
    assert told == service.readout(store, settings, later, "spring")


def test_members_of_a_file_are_read_in_pages_and_are_all_there(shop):
    store, _ = shop
    count, rows = service.taken_members(store, "spring", "contacted", who=WHO, now=NOW)
    ids = [row["customer_id"] for row in rows]
    with store.database.read() as connection:
        wanted = connection.scalars(
            select(list_members.c.customer_id)
            .where(list_members.c.arm == "contacted")
            .order_by(list_members.c.rank)
        ).all()
    assert (count, ids) == (len(wanted), list(wanted))
