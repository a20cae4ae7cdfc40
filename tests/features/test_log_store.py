import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import DataError
from features.log_store import LINES, load_log
from tests.features.made import csv_rows, source_of, write

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from features.whole_file import write_whole

def write_half(draft):
    draft.write_bytes(b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)

write_whole(Path(sys.argv[1]), write_half)
"""


class Shop:
    """A source of 30 rows, and where what is read of it is kept."""

    def __init__(self, folder):
        self.folder = folder
        self.path = write(folder / "purchases.csv", csv_rows(30))
        self.kept = folder / "log" / LINES

    def __call__(self, latest=None, **layout):
        source, aside = source_of(self.path, **layout), self.folder / "quarantine"
        return load_log(source, self.folder / "log", aside, latest=latest)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def same(one, two):
    for name in ("starts", "ordered_day", "known_day", "amount", "order_ref", "customer_ids"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


def test_a_second_load_does_not_read_again(shop):
    first = shop()
    written = shop.kept.stat().st_mtime_ns
    second = shop()
    assert (first.fresh, second.fresh) == (True, False)
    assert shop.kept.stat().st_mtime_ns == written
    same(first.log, second.log)
    assert (first.account, first.notes, first.sha256) == (
        second.account,
        second.notes,
        second.sha256,
    )


def test_a_changed_file_is_read_again(shop):
    first = shop()
    write(shop.path, csv_rows(40))
    second = shop()
    assert second.fresh
    assert second.sha256 != first.sha256
    assert (first.log.n_lines, second.log.n_lines) == (30, 40)


def test_another_way_of_reading_is_another_log(shop):
    shop()
    assert shop(max_bad_rows=0.5).fresh
    assert not shop(max_bad_rows=0.5).fresh


def test_a_kept_log_that_is_damaged_is_read_again(shop):
    first = shop()
    for content in (b"", b"PAR1", shop.kept.read_bytes()[:-30]):
        shop.kept.write_bytes(content)
        again = shop()
        assert again.fresh
        same(first.log, again.log)


@pytest.mark.parametrize("content", ["", "customer_id,amount\n", csv_rows(3) + "a,never,1\n" * 9])
def test_r2_a_source_that_cannot_be_used_leaves_the_kept_log(shop, content):
    shop()
    kept = shop.kept.read_bytes()
    good = shop.path.read_bytes()
    write(shop.path, content)
    with pytest.raises(DataError):
        shop()
    assert shop.kept.read_bytes() == kept
    assert [p.name for p in shop.kept.parent.iterdir()] == [LINES]
    write(shop.path, good)
    assert not shop().fresh


def test_a_source_that_went_away_leaves_the_kept_log(shop):
    shop()
    shop.path.unlink()
    with pytest.raises(DataError, match="no purchase log at"):
        shop()
    assert shop.kept.exists()


def test_a_kill_while_writing_leaves_the_old_log(shop):
    first = shop()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(shop.kept)], cwd=ROOT, timeout=60, check=False
    )
    assert killed.returncode == -9
    assert len(list(shop.kept.parent.iterdir())) == 2  # the half-written draft stays aside
    second = shop()
    assert not second.fresh
    same(first.log, second.log)


def test_who_reads_the_old_log_while_a_new_one_comes_reads_it_whole(shop):
    shop()
    with shop.kept.open("rb") as reader:
        before = shop.kept.read_bytes()
        write(shop.path, csv_rows(40))
        assert shop().fresh
        assert reader.read() == before
    assert shop.kept.read_bytes() != before


def test_bad_rows_are_listed_by_place_and_reason_alone(shop, tmp_path):
    write(shop.path, csv_rows(300) + "canary-17,2024-13-01,1\n")
    loaded = shop()
    [listed] = (tmp_path / "quarantine").iterdir()
    assert listed.read_text().splitlines() == [
        "file,row,column,reason",
        "purchases.csv,302,ordered_at,bad_date",
    ]
    assert loaded.account.reasons == {"bad_date": 1}
    assert not shop().fresh


def test_what_lay_in_the_future_is_looked_at_again(shop):
    write(shop.path, csv_rows(300) + "late,2024-12-31,1\n")
    latest = dt.datetime(2024, 12, 30)  # noqa: DTZ001 - the shop's local time
    before = shop(latest=latest)
    assert before.account.reasons == {"future_date": 1}
    after = shop(latest=latest + dt.timedelta(days=3))
    assert after.fresh
    assert after.account.reasons == {}
    assert after.log.n_lines == before.log.n_lines + 1


def test_two_loaders_at_once_leave_one_whole_log(shop):
    program = (
        "import sys; from pathlib import Path; from features.log_store import load_log;"
        "from features.reading.source import PurchaseSource;"
        "load_log(PurchaseSource(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(shop.path), str(shop.kept.parent)]
    both = [subprocess.Popen(command, cwd=ROOT, env=os.environ) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    assert [p.name for p in shop.kept.parent.iterdir()] == [LINES]
    assert not shop().fresh
