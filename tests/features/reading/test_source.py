import pytest

from features.errors import DataError
from features.reading.formula import FormulaError
from features.reading.source import Currency, Exclusion, PurchaseSource, Rule, without_password
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


def test_rules_formulas_and_rates_become_a_source():
    settings = {
        "source": "a.csv",
        "format": {"kind": "text", "widths": [5, 8]},
        "columns": {"customer_id": "Client"},
        "amount": "Qty * Price",
        "cancelled": {"column": "Invoice", "starts_with": "C"},
        "exclude": [{"column": "Code", "in": ["M", "D"], "why": "fee"}],
        "currency": {"column": "money", "to": "EUR", "rates": "rates.csv"},
        "refund_lag_days": 30,
    }
    source = PurchaseSource.from_mapping(settings)
    assert source.widths == (5, 8)
    assert source.cancelled == Rule("Invoice", "starts_with", ("C",))
    assert source.exclude == (Exclusion(Rule("Code", "in", ("M", "D")), "fee"),)
    assert source.currency == Currency("money", "EUR", "rates.csv")
    assert source.refund_lag_days == 30
    assert (
        PurchaseSource.from_mapping({"source": "a", "refund_lag_days": "auto"}).refund_lag_days
        is None
    )
    assert source.needed() == {
        "Client": "customer_id",
        "ordered_at": "ordered_at",
        "Qty": "purchases.amount",
        "Price": "purchases.amount",
        "Invoice": "purchases.cancelled",
        "Code": "purchases.exclude",
        "money": "purchases.currency",
    }


def test_a_formula_that_cannot_be_read_is_refused_with_the_settings():
    with pytest.raises(FormulaError, match="at character 6") as caught:
        PurchaseSource.from_mapping({"source": "a.csv", "amount": "Qty *"})
    assert caught.value.exit_code == 2


def test_amount_is_a_formula_or_a_column():
    with pytest.raises(ValueError, match="give one of the two"):
        PurchaseSource.from_mapping({"source": "a", "amount": "q", "columns": {"amount": "total"}})


def test_missing_columns_are_named_with_what_they_are_for():
    source = PurchaseSource.from_mapping(
        {"source": "a.csv", "columns": {"customer_id": "Client"}, "amount": "Qty * Price"}
    )
    with pytest.raises(DataError) as caught:
        source.refuse_missing(["Qty", "ordered_at"], "a.csv")
    assert str(caught.value) == (
        "a.csv lacks the columns `Client` (for customer_id), `Price` (for purchases.amount); it "
        "has `Qty`, `ordered_at`; say in purchases.columns which column of the file is which of "
        "ours"
    )
    source.refuse_missing(["Qty", "Price", "Client", "ordered_at", "more"], "a.csv")


def test_a_database_is_told_from_a_file_and_named_without_its_password():
    source = PurchaseSource("postgresql+psycopg://shop:hunter2@db/sales", table="lines")
    assert source.is_database
    assert source.label == "postgresql+psycopg://shop:***@db/sales lines"
    assert source.files() == []
    assert not source_of("C:/a.csv").is_database


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:p@ss:w@host:5432/db?x=1", "postgresql://me:***@host:5432/db?x=1"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("postgresql://:secret@host/db", "postgresql://:***@host/db"),
    ],
)
def test_a_password_is_masked(url, shown):
    assert without_password(url) == shown
