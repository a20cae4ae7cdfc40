"""`kill -9` while a list is made: it is there whole, with its members, or nothing of it is."""

import threading
import time

from serving.lists import service
from serving.scores import ScoreStore
from serving.store.list_tables import list_members
from tests.faults.victims import kill_when, start
from tests.serving.lists.made_lists import make, make_after, members_of
from tests.serving.made import NOW, made_batch, made_settings, publish

CUSTOMERS = 30_000
SHARES_OF_THE_WORK = (0.3, 0.6, 0.8, 0.95)


def found(store, settings):
    """Names of all lists, after a check that each is whole and nothing else is there."""
    heads = service.all_lists(store, settings, NOW)
    sizes = 0
    for head in heads:
        listed = service.the_list(store, settings, NOW, head["list_id"])["counts"]["listed"]
        assert len(members_of(store, head["list_id"])) == listed
        sizes += listed
    with store.database.read() as connection:
        assert len(connection.execute(list_members.select()).all()) == sizes
    return {head["list_id"] for head in heads}


def test_whenever_making_a_list_is_killed_it_is_whole_or_not_there(tmp_path):
    settings = made_settings(tmp_path)
    store = ScoreStore(settings.store_url)
    publish(store, made_batch("b0", CUSTOMERS))
    started = time.monotonic()
    make(store, settings, list_id="whole", holdout=0.0)
    seconds = time.monotonic() - started
    torn_off = 0
    for number, share in enumerate(SHARES_OF_THE_WORK):
        begun = tmp_path / f"begun{number}"
        process = start(make_after, tmp_path, f"killed{number}", begun)

        def moment(begun=begun, wait=share * seconds):
            return begun.exists() and not threading.Event().wait(wait)

        torn_off += kill_when(process, moment)
        assert "whole" in found(store, settings)
    assert torn_off, "at least one of them was killed at work"
    make(store, settings, list_id="after", holdout=0.0)
    assert "after" in found(store, settings)
    store.close()
