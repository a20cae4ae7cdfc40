"""`kill -9` while a delivery is added to a log: the log as it was stays, and a rerun adds it."""

from functools import partial

import pytest

from features.log.store import load_log
from tests.faults.victims import kill_when, start
from tests.features.log.delivered import Shop, assert_kept_lines_are, assert_same_log, rows_on
from tests.features.made import source_of

HISTORY, WEEK = rows_on(range(56), lines=400), rows_on(range(56, 63), lines=400, seed=1)


def add(folder, var):
    """Load the log of the deliveries in a folder, in many small ranges."""
    load_log(source_of(folder), var / "log", var / "quarantine", lines_a_range=300)


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    made.lines_a_range = 300
    made.deliver("history.csv", HISTORY)
    return made


def ranges_beyond(shop, known, more):
    return len(shop.times().keys() - known) >= more


@pytest.mark.parametrize("more", [1, 5, 20])
def test_killed_between_ranges_and_manifest_the_old_log_stays(shop, more):
    before = shop.load()
    kept, known = shop.bytes(), set(shop.times())
    shop.deliver("week.csv", WEEK)
    process = start(add, shop.source, shop.var)
    killed = kill_when(process, partial(ranges_beyond, shop, known, more))
    if killed:
        now = shop.bytes()
        assert {name: now.get(name) for name in kept} == kept
        (shop.source / "week.csv").unlink()
        old = shop.load()
        assert not old.fresh
        assert_same_log(before, old)
        shop.deliver("week.csv", WEEK)
    loaded = shop.load()
    assert loaded.fresh == killed
    assert_kept_lines_are(shop, HISTORY + WEEK)
    assert_same_log(loaded, shop.anew())


def test_killed_in_a_first_load_nothing_is_kept_and_the_next_load_is_whole(shop):
    process = start(add, shop.source, shop.var)
    kill_when(process, lambda: shop.log.exists() and len(shop.ranges()) >= 3)
    shop.load()
    assert_kept_lines_are(shop, HISTORY)
    named = {p.name for p in shop.ranges()} | {shop.manifest.name}
    assert {p.name for p in shop.log.iterdir() if p.is_file()} == named
