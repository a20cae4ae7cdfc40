"""Files of assignments: who stands in them for training, and what becomes of them after faults."""

import threading
from typing import Any

import pandas as pd
import pytest

from retention.lists.campaign_weights import campaign_weights
from serving.lists import service
from serving.lists.assignments import file_of, sync
from serving.lists.request import ContactIn
from serving.store.list_events import add_contacts
from tests.serving.lists.made_lists import WHO, make, members_of
from tests.serving.made import NOW, made_batch, publish
from training.inputs import campaigns_of

BEGINS = pd.Timestamp("2024-07-01")


@pytest.fixture
def shop(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=600))
    make(sqlite_store, settings, list_id="spring")
    return sqlite_store, settings


def record(store, settings, *ids):
    rows = [ContactIn(customer_id=c, contacted_at="2024-07-01", list_id="spring") for c in ids]
    return service.record_contacts(store, settings, NOW, rows, WHO)


def before_it_was_refused(store, stranger):
    """Keep a contact under the name of a list of somebody who is not on it."""
    row = {"customer_id": stranger, "contacted_at": "2024-07-01T00:00:00", "list_id": "spring"}
    kept = {**row, "channel": "", "cost": None, "recorded_at": "", "recorded_by": WHO}
    with store.database.write() as connection:
        add_contacts(connection, [kept])


def weights_of(settings, ids):
    """How much a label window after the list counts of each customer, as training reads it."""
    found = campaigns_of(settings)
    assert found is not None
    rows = pd.DataFrame({"customer_id": list(ids), "cutoff": BEGINS})
    told = campaign_weights(rows, found.assigned, horizon_days=90, effect_days=90)
    return dict(zip(ids, told.weight, strict=True))


def test_the_held_out_who_were_contacted_after_all_and_strangers_are_left_out_of_labels(shop):
    store, settings = shop
    members = members_of(store, "spring")
    # Of the best decile, so that the others of it are known.
    decile = members[members["stratum"] == 0]
    held = decile.query("arm == 'held_out'")["customer_id"].tolist()
    listed = set(members["customer_id"])
    stranger = next(c for c in (f"{i:05d}" for i in range(600)) if c not in listed)
    ids = [*held, stranger]
    share = len(held) / len(decile)
    before = weights_of(settings, ids)
    assert before == pytest.approx({**dict.fromkeys(held, 1 / share), stranger: 1.0})
    before_it_was_refused(store, stranger)
    told = record(store, settings, held[0])
    assert told["held_out_contacted"] == 1
    after = weights_of(settings, ids)
    assert (after[held[0]], after[stranger]) == (0, 0)
    # Those still held out stand for all of the decile.
    assert sum(after[each] for each in held) == pytest.approx(len(decile))


def test_a_file_that_was_changed_is_made_again(shop):
    store, settings = shop
    path = settings.contacts_dir / "spring.csv"
    content = path.read_text()
    path.write_text(content.replace("held_out", "contacted"))
    assert sync(store, settings) == [path]
    assert path.read_text() == content


def test_a_contact_whose_file_an_ended_process_left_unwritten_is_made_up_for(shop):
    store, settings = shop
    path = settings.contacts_dir / "spring.csv"
    reached = members_of(store, "spring").query("arm == 'contacted'")["customer_id"].iloc[0]
    told = {"customer_id": reached, "contacted_at": "2024-07-01T05:00:00", "list_id": "spring"}
    row = {**told, "channel": "post", "cost": 2.0, "recorded_at": "", "recorded_by": WHO}
    with store.database.write() as connection:
        add_contacts(connection, [row])
    assert sync(store, settings) == [path]
    assert f"{reached},2024-07-01T05:00:00,spring,contacted,post,2.0" in path.read_text()
    assert sync(store, settings) == []


class Slow:
    """Settings whose folder is asked for by a slow writer, between reading and writing."""

    def __init__(self, settings, between):
        self.settings, self.between, self.asked = settings, between, 0

    @property
    def contacts_dir(self):
        self.asked += 1
        if self.asked == 2:
            self.between()
        return self.settings.contacts_dir


def test_an_erased_customer_comes_back_by_no_writer_that_had_read_before(shop):
    store, settings = shop
    path = settings.contacts_dir / "spring.csv"
    gone = members_of(store, "spring")["customer_id"].iloc[0]
    eraser = threading.Thread(target=lambda: sync(store, settings))

    def between():
        with store.database.write() as connection:
            store.erase(connection, gone, who=WHO, now=NOW)
        eraser.start()
        # Without a lock it is done in no time; with one it waits for the slow writer.
        eraser.join(timeout=1)

    slow: Any = Slow(settings, between)
    file_of(store, slow, "spring")
    eraser.join(timeout=30)
    assert not eraser.is_alive()
    assert slow.asked == 2
    assert gone not in path.read_text()
