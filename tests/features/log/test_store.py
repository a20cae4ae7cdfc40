import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import DataError
from features.log.manifest import MANIFEST, read_manifest
from features.log.store import load_log
from tests.features.made import csv_rows, source_of, write

ROOT = Path(__file__).parents[3]


class Shop:
    """A source of 30 rows, and where what is read of it is kept."""

    def __init__(self, folder):
        self.folder = folder
        self.path = write(folder / "purchases.csv", csv_rows(30))
        self.kept = folder / "log"

    def __call__(self, latest=None, **layout):
        source, aside = source_of(self.path, **layout), self.folder / "quarantine"
        return load_log(source, self.kept, aside, latest=latest)

    def files(self):
        """What is kept, by name, with its bytes."""
        return {p.name: p.read_bytes() for p in self.kept.iterdir() if p.is_file()}

    def range(self):
        [path] = self.kept.glob("*.parquet")
        return path


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def same(one, two):
    [mine], [other] = ([part.load() for part in log.ranges] for log in (one, two))
    for name in ("starts", "ordered_day", "known_day", "amount", "order_ref", "customer_ids"):
        assert getattr(mine, name).tolist() == getattr(other, name).tolist()
    assert one.facts == two.facts


def test_a_second_load_does_not_read_again(shop):
    first = shop()
    written = {p: p.stat().st_mtime_ns for p in shop.kept.iterdir()}
    second = shop()
    assert (first.fresh, second.fresh) == (True, False)
    assert {p: p.stat().st_mtime_ns for p in shop.kept.iterdir()} == written
    same(first.log, second.log)
    for name in ("account", "notes", "figures", "sha256", "days"):
        assert getattr(first, name) == getattr(second, name), name


def test_a_changed_file_is_read_again(shop):
    first = shop()
    write(shop.path, csv_rows(40))
    second = shop()
    assert second.fresh
    assert second.restated is None
    assert second.sha256 != first.sha256
    assert (first.log.n_lines, second.log.n_lines) == (30, 40)
    assert len(list(shop.kept.glob("*.parquet"))) == 1


def test_another_way_of_reading_is_another_log(shop):
    one = shop()
    other = shop(max_bad_rows=0.5)
    assert other.fresh
    assert other.sha256 != one.sha256
    assert not shop(max_bad_rows=0.5).fresh


def test_what_is_done_with_the_lines_later_does_not_make_another_log(shop):
    one = shop()
    for layout in ({"check_deliveries": False}, {"refund_lag_days": 30}):
        again = shop(**layout)
        assert not again.fresh
        assert again.sha256 == one.sha256


def test_the_same_files_and_settings_have_the_same_digest_elsewhere(shop, tmp_path):
    other = Shop(tmp_path / "elsewhere") if (tmp_path / "elsewhere").mkdir() else None
    other = other or Shop(tmp_path / "elsewhere")
    assert other().sha256 == shop().sha256
    assert {n: b for n, b in other.files().items() if n != MANIFEST} == {
        n: b for n, b in shop.files().items() if n != MANIFEST
    }


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_a_range_that_is_damaged_or_missing_is_read_anew(shop, content):
    first = shop()
    if content is None:
        shop.range().unlink()
    else:
        shop.range().write_bytes(content)
    again = shop()
    assert again.fresh
    same(first.log, again.log)
    assert not shop().fresh


def test_a_range_cut_short_is_read_anew(shop):
    first = shop()
    shop.range().write_bytes(shop.range().read_bytes()[:-30])
    assert shop().fresh
    same(first.log, shop().log)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"reader": 0}', "half", '{"reader": 2, "days": []}']
)
def test_a_damaged_manifest_is_read_anew(shop, content):
    first = shop()
    for damaged in (content, (shop.kept / MANIFEST).read_text()[:-40]):
        (shop.kept / MANIFEST).write_text(damaged)
        assert read_manifest(shop.kept) is None
        again = shop()
        assert again.fresh
        same(first.log, again.log)


@pytest.mark.parametrize("content", ["", "customer_id,amount\n", csv_rows(3) + "a,never,1\n" * 9])
def test_r2_a_source_that_cannot_be_used_leaves_the_kept_log(shop, content):
    shop()
    kept, good = shop.files(), shop.path.read_bytes()
    write(shop.path, content)
    with pytest.raises(DataError):
        shop()
    assert shop.files() == kept
    assert not (shop.folder / "quarantine").exists()
    write(shop.path, good)
    assert not shop().fresh


def test_a_source_that_went_away_leaves_the_kept_log(shop):
    shop()
    kept = shop.files()
    shop.path.unlink()
    with pytest.raises(DataError, match="no purchase log at"):
        shop()
    assert shop.files() == kept


def test_who_reads_the_old_log_while_a_new_one_comes_reads_it_whole(shop):
    shop()
    before = shop.range().read_bytes()
    with shop.range().open("rb") as reader:
        write(shop.path, csv_rows(40))
        assert shop().fresh
        assert reader.read() == before
    assert shop.range().read_bytes() != before


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
    assert len(list(shop.kept.glob("*.parquet"))) == 1
    assert not shop(latest=latest).fresh


def test_two_loaders_at_once_leave_one_whole_log(shop):
    program = (
        "import sys; from pathlib import Path; from features.log.store import load_log;"
        "from features.reading.source import PurchaseSource;"
        "load_log(PurchaseSource(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(shop.path), str(shop.kept)]
    both = [subprocess.Popen(command, cwd=ROOT, env=os.environ) for _ in range(2)]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    assert set(shop.files()) == {MANIFEST, shop.range().name}
    assert not shop().fresh
