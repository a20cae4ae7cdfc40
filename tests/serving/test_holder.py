import json
import logging

import pytest

from serving.holder import POLL_SECONDS, ChampionHolder
from tests.serving.made import made_bundle, promote, until


@pytest.fixture
def holder(tmp_path):
    holder = ChampionHolder(tmp_path)
    yield holder
    holder.stop()


def test_without_a_pointer_there_is_no_champion(holder):
    holder.look()
    assert holder.champion is None


def test_the_pointer_names_the_champion(holder, tmp_path):
    version = promote(tmp_path)
    holder.look()
    assert holder.champion.version == version
    assert holder.champion.bundle.version == version
    assert holder.champion.bundle.card == {"model": "the simple rules"}


def test_a_new_pointer_is_followed_by_the_thread(holder, tmp_path):
    first = promote(tmp_path)
    holder.start()
    assert holder.champion.version == first
    second = promote(tmp_path, made_bundle("another"))
    assert second != first
    until(lambda: holder.champion.version == second)
    assert POLL_SECONDS <= 0.5


def break_pointer(folder, version):
    (folder / "current.json").write_text("{")


def break_path(folder, version):
    (folder / "current.json").write_text(json.dumps({"version": "9", "path": "nowhere"}))


def break_bundle(folder, version):
    (folder / version / "heads.json").write_text("{}")
    pointer = folder / "current.json"
    pointer.write_text(pointer.read_text() + "\n")


def drop_key(folder, version):
    (folder / "current.json").write_text("[]")


@pytest.mark.parametrize("break_it", [break_pointer, break_path, break_bundle, drop_key])
def test_a_broken_one_leaves_the_old_in_use_and_is_logged_once(holder, tmp_path, caplog, break_it):
    version = promote(tmp_path)
    holder.look()
    break_it(tmp_path, version)
    with caplog.at_level(logging.ERROR):
        holder.look()
        holder.look()
    assert holder.champion.version == version
    assert len(caplog.records) == 1
    assert f"version in use: {version}" in caplog.text
    (tmp_path / version).rename(tmp_path / "aside")
    assert promote(tmp_path) == version
    holder.look()
    assert holder.champion.version == version
