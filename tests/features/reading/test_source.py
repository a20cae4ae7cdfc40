import pytest

from features.errors import DataError
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock
from tests.features.made import source_of, write


def names(source):
    return [path.name for path in source.files()]


def test_a_folder_is_its_data_files_by_name(tmp_path):
    for name in ("b.csv", "a.txt.gz", "c.parquet", "notes.md", "README"):
        write(tmp_path / name, "x")
    (tmp_path / "d.csv").mkdir()
    assert names(source_of(tmp_path)) == ["a.txt.gz", "b.csv", "c.parquet"]


def test_a_glob_is_the_files_it_matches(tmp_path):
    for name in ("2024-02.csv", "2024-01.csv", "2023-12.csv"):
        write(tmp_path / name, "x")
    assert names(source_of(tmp_path / "2024-*.csv")) == ["2024-01.csv", "2024-02.csv"]


@pytest.mark.parametrize("name", ["nothing.csv", "*.csv", "."])
def test_a_source_without_data_files_is_refused(tmp_path, name):
    write(tmp_path / "notes.md", "x")
    with pytest.raises(DataError, match=r"no purchase log at .*; set purchases\.source to a file"):
        source_of(tmp_path / name).files()


def test_a_strange_ending_needs_a_declared_kind(tmp_path):
    path = write(tmp_path / "log.dat", "x")
    with pytest.raises(DataError, match=r"log\.dat is not known.*purchases\.format\.kind"):
        source_of(path).kind_of(path)
    assert source_of(path, kind="csv").kind_of(path) == "csv"


def test_settings_become_a_source():
    settings = {
        "source": "a.csv",
        "format": {"kind": "csv", "separator": ";", "header": False, "date_format": "%Y"},
        "columns": {"amount": "total"},
        "timezone": "Europe/Berlin",
        "day_starts_at": "04:00",
        "max_bad_rows": 0.2,
    }
    source = PurchaseSource.from_mapping(settings)
    assert source.clock == ShopClock("Europe/Berlin", "04:00")
    assert (source.kind, source.separator, source.header) == ("csv", ";", False)
    assert (source.theirs("amount"), source.theirs("customer_id")) == ("total", "customer_id")
    assert PurchaseSource.from_mapping({"source": "a.csv"}) == PurchaseSource("a.csv")
