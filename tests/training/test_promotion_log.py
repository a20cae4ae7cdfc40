import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from configs.errors import SettingsError
from models.pointer import POINTER
from tests.serving.made import until
from training.promotion_log import (
    LOG,
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    Place,
    in_use,
    login,
    read_log,
    verify,
    ways_back,
    writing,
)

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from training.promotion_log import PROMOTED, Place, writing
for number in range(int(sys.argv[2])):
    with writing(Path(sys.argv[1])) as log:
        log.append(PROMOTED, Place(f"v{number}", f"v{number}"), why="test", who="ann")
    print(number, flush=True)
"""


def moved(models, what, path, turn=True, why="because"):
    """Log a move, and turn the pointer unless the machine stops in between."""
    with writing(models) as log:
        entry = log.append(what, Place(path, path, f"key of {path}"), why=why, who="ann")
        if turn:
            told = {"version": path, "path": path, "key": f"key of {path}"}
            (models / POINTER).write_text(json.dumps(told))
    return entry


def back_from(models):
    return [place.path for place in ways_back(read_log(models), in_use(models))]


def has_lines(models, number):
    return len(read_log(models)) >= number


def writer(models, lines):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(models), str(lines)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_line_tells_who_moved_what_from_where_when_and_why(tmp_path):
    moved(tmp_path, PROMOTED, "a")
    entry = moved(tmp_path, PROMOTED, "b", why="new season")
    assert (entry.who, entry.what, entry.why) == ("ann", "promoted", "new season")
    assert (entry.from_version, entry.version, entry.forced) == ("a", "b", False)
    assert entry.when.endswith("+00:00")
    assert read_log(tmp_path)[1] == entry
    assert read_log(tmp_path)[0].from_version is None
    assert verify(tmp_path) == []


def test_without_a_log_there_is_nothing_to_read_and_nothing_wrong(tmp_path):
    assert (read_log(tmp_path), verify(tmp_path), back_from(tmp_path)) == ([], [], [])


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    "edit",
    [lambda line: line.replace(b"because", b"be cause"), lambda line: b"", lambda line: b"{}\n"],
    ids=["changed", "removed", "emptied"],
)
def test_an_edited_line_is_found_wherever_it_stands(tmp_path, number, edit):
    for path in "abc":
        moved(tmp_path, PROMOTED, path)
    lines = (tmp_path / LOG).read_bytes().splitlines(keepends=True)
    lines[number] = edit(lines[number])
    (tmp_path / LOG).write_bytes(b"".join(lines))
    assert verify(tmp_path)


def test_lines_that_changed_places_are_found(tmp_path):
    for path in "abc":
        moved(tmp_path, PROMOTED, path)
    one, two, three = (tmp_path / LOG).read_bytes().splitlines(keepends=True)
    (tmp_path / LOG).write_bytes(two + one + three)
    assert any("does not follow on the line before" in fault for fault in verify(tmp_path))


def test_a_line_cut_off_by_a_power_cut_is_replaced_by_the_next(tmp_path):
    moved(tmp_path, PROMOTED, "a")
    with (tmp_path / LOG).open("ab") as file:
        file.write(b'{"when": "2024-01-')
    assert [entry.path for entry in read_log(tmp_path)] == ["a"]
    moved(tmp_path, PROMOTED, "b")
    assert [entry.path for entry in read_log(tmp_path)] == ["a", "b"]
    assert verify(tmp_path) == []


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "a/b"])
def test_a_folder_outside_is_no_way_back(tmp_path, path):
    for place in (path, "b"):
        moved(tmp_path, PROMOTED, place)
    assert [entry.path for entry in read_log(tmp_path)] == ["b"]


def test_two_writers_at_once_leave_one_whole_chain(tmp_path):
    writers = [writer(tmp_path, 40) for _ in range(2)]
    assert [process.communicate(timeout=100) and process.returncode for process in writers] == [
        0,
        0,
    ]
    assert len(read_log(tmp_path)) == 80
    assert verify(tmp_path) == []


def test_whenever_a_writer_is_killed_no_line_told_is_lost_and_none_is_torn(tmp_path):
    told = 0
    for enough in (1, 4, 11):
        with writer(tmp_path, 100_000) as process:
            until(partial(has_lines, tmp_path, len(read_log(tmp_path)) + enough))
            process.kill()
            told += len(process.communicate(timeout=60)[0].splitlines())
    moved(tmp_path, PROMOTED, "last")
    assert len(read_log(tmp_path)) > told
    assert verify(tmp_path) == []


def test_rolling_back_goes_back_version_by_version_and_not_to_and_fro(tmp_path):
    for path in "abc":
        moved(tmp_path, PROMOTED, path)
    assert back_from(tmp_path) == ["b", "a"]
    moved(tmp_path, ROLLED_BACK, "b")
    assert back_from(tmp_path) == ["a"]
    moved(tmp_path, ROLLED_BACK, "a")
    assert back_from(tmp_path) == []
    moved(tmp_path, PROMOTED, "c")
    assert back_from(tmp_path) == ["a"]


def test_promoting_the_same_again_and_refusals_are_no_step(tmp_path):
    for path in "abb":
        moved(tmp_path, PROMOTED, path)
    moved(tmp_path, REFUSED, "c", turn=False)
    assert back_from(tmp_path) == ["a"]
    assert verify(tmp_path) == []


def test_a_promotion_that_was_interrupted_is_told_and_is_no_step(tmp_path):
    for path in "ab":
        moved(tmp_path, PROMOTED, path)
    moved(tmp_path, PROMOTED, "c", turn=False)
    assert "or a promotion was interrupted" in verify(tmp_path)[0]
    assert back_from(tmp_path) == ["a"]
    moved(tmp_path, PROMOTED, "d")
    assert back_from(tmp_path) == ["b", "a"]


def test_a_model_in_use_from_before_there_was_a_log_is_a_step(tmp_path):
    (tmp_path / POINTER).write_text('{"version": "a", "path": "a", "key": "k"}')
    assert "the last move in" in verify(tmp_path)[0]
    moved(tmp_path, PROMOTED, "b")
    assert back_from(tmp_path) == ["a"]


def test_a_way_back_knows_what_the_bundle_was_made_from(tmp_path):
    for path in "ab":
        moved(tmp_path, PROMOTED, path)
    assert ways_back(read_log(tmp_path), in_use(tmp_path)) == [Place("a", "a", "key of a")]


@pytest.mark.parametrize("given", [{"who": " "}, {"why": "\x00\n"}])
def test_a_move_needs_a_who_and_a_why(tmp_path, given):
    with writing(tmp_path) as log, pytest.raises(SettingsError, match="is empty"):
        log.append(PROMOTED, Place("a", "a"), **{"why": "test", "who": "ann", **given})
    assert read_log(tmp_path) == []


def test_a_long_or_broken_text_becomes_one_short_line(tmp_path):
    entry = moved(tmp_path, PROMOTED, "a", why="one\ntwo \x1b[31m" + "x" * 2000)
    assert entry.why.startswith("one two [31mxxx")
    assert len(entry.why) == 1000
    assert len((tmp_path / LOG).read_text().splitlines()) == 1


def test_who_is_the_name_told_by_the_environment_or_the_login():
    program = "from training.promotion_log import login; print(login())"
    named = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PERENNIAL_USER": "nightly"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert named.stdout.strip() == "nightly"
    assert login()
