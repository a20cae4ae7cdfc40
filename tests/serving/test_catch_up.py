"""Files of assignments that an ended process left unwritten, made up for once the service runs."""

import pytest

from serving.catch_up import CatchUp, first_in
from serving.runtime import Runtime
from serving.scores import ScoreStore
from tests.serving.lists.made_lists import make
from tests.serving.made import made_batch, publish, until


@pytest.fixture
def store(settings):
    store = ScoreStore(settings.store_url)
    yield store
    store.close()


@pytest.fixture
def path(store, settings):
    """A list's file as an ended process left it."""
    publish(store, made_batch(customers=600))
    make(store, settings, list_id="spring")
    path = settings.contacts_dir / "spring.csv"
    path.write_text(f"{path.read_text()}00001,")
    return path


def is_whole(path) -> bool:
    return not path.read_text().endswith("00001,")


def test_the_files_are_made_up_for_after_a_moment(store, settings, path):
    catch_up = CatchUp(store, settings, after_seconds=0.0)
    catch_up.start()
    until(lambda: is_whole(path))
    catch_up.stop()


def test_a_service_is_open_before_the_files_are_looked_at(settings, path):
    runtime = Runtime()
    runtime.open(settings)
    assert not is_whole(path)
    runtime.close()
    # Ended before its time came, it has not begun.
    assert not is_whole(path)


def test_only_one_of_the_workers_is_at_it(store, settings, path):
    catch_up = CatchUp(store, settings)
    with first_in(settings.contacts_dir) as is_first:
        assert is_first
        assert not catch_up.work()
        assert not is_whole(path)
    assert catch_up.work()
    assert is_whole(path)


def test_without_a_folder_there_is_nothing_to_wait_for(store, settings):
    assert CatchUp(store, settings).work()
    assert not settings.contacts_dir.exists()


def test_a_fault_is_logged_and_ends_nothing(store, settings, path, caplog):
    path.unlink()
    path.mkdir()  # no file can take its place
    assert CatchUp(store, settings).work()
    assert "are written later" in caplog.text or "are not made up for" in caplog.text
