from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.store.views import LONGEST_NAME, MOST_VIEWS, ViewError, Views
from tests.serving.made import NOW, publish


@pytest.fixture
def views(store):
    return Views(store.database, lambda: NOW)


def test_a_view_is_kept_under_its_name(views):
    views.save("  At   risk ", "risk_tier=high", "abcd")
    views.save("a slow one", "lifecycle_status=slipping", "efgh")
    found = views.all()
    assert [view.name for view in found] == ["a slow one", "At risk"]
    assert (found[1].query, found[1].created_by) == ("risk_tier=high", "abcd")
    assert found[1].created_at == "2024-07-01T06:00:00Z"


def test_a_view_of_the_same_name_is_replaced(views):
    views.save("mine", "risk_tier=high", "abcd")
    views.save("mine", "risk_tier=low", "efgh")
    assert [(view.query, view.created_by) for view in views.all()] == [("risk_tier=low", "efgh")]


def test_a_view_can_be_renamed_and_removed(views):
    views.save("one", "q=1", "abcd")
    views.save("two", "q=2", "abcd")
    assert views.rename("one", "three") == "three"
    with pytest.raises(ViewError, match="another view is called “two”"):
        views.rename("three", "two")
    with pytest.raises(ViewError, match="no longer there"):
        views.rename("one", "four")
    views.remove("two")
    views.remove("two")
    assert [view.name for view in views.all()] == ["three"]


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1), "a\x00b", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(views, name):
    with pytest.raises(ViewError):
        views.save(name, "q=1", "abcd")
    assert views.all() == []


def test_there_is_an_end_to_the_views(views):
    for number in range(MOST_VIEWS):
        views.save(f"view {number}", "q=1", "abcd")
    with pytest.raises(ViewError, match="delete one first"):
        views.save("one more", "q=1", "abcd")
    views.save("view 7", "q=7", "abcd")
    assert len(views.all()) == MOST_VIEWS


def test_s16_views_that_search_for_an_erased_customer_go(store, views):
    publish(store)
    views.save("only one", "q=00004&risk_tier=high", "abcd")
    views.save("about 00004", "risk_tier=high", "abcd")
    views.save("others", "q=0000", "abcd")
    with store.database.write() as connection:
        store.erase(connection, "00004", who="abc", now=NOW)
    assert [view.name for view in views.all()] == ["others"]


def test_a_name_that_no_view_has_is_forgotten_in_silence(views):
    views.remove("a\x00b")
    with pytest.raises(ViewError, match="no longer there"):
        views.rename("a\x00b", "c")


def test_many_who_save_one_view_at_once_keep_one_whole(views):
    def save(number):
        views.save("mine", f"q={number}", f"by {number}")

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(save, range(60)))
    (kept,) = views.all()
    assert kept.created_by == kept.query.replace("q=", "by ")


def test_many_who_save_at_once_keep_no_more_than_may_be_kept(views):
    def save(number):
        try:
            views.save(f"view {number}", "q=1", "abcd")
        except ViewError:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        kept = sum(threads.map(save, range(MOST_VIEWS + 20)))
    assert kept == len(views.all()) == MOST_VIEWS


def test_of_many_who_take_a_name_at_once_one_has_it(views):
    for number in range(20):
        views.save(f"view {number}", f"q={number}", "abcd")

    def rename(number):
        try:
            views.rename(f"view {number}", "best")
        except ViewError:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(rename, range(20))) == 1
    assert len(views.all()) == 20
