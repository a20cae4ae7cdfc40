"""What a reader tells of a log that is no fault."""

import duckdb
import pytest

from features.errors import DataError
from features.reading.notes import quantity_oddities
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource

HEADER = "customer_id,ordered_at,amount"


def folder_of(tmp_path, **files):
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return PurchaseSource(str(tmp_path))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"39,50"', 395_000),
        ('"1.234,50"', 12_345_000),
        ('"-7,5"', -75_000),
        ('"1,234.50"', 12_345_000),
        ("39.50", 395_000),
    ],
)
def test_amounts_are_read_with_a_decimal_comma_too(tmp_path, written, amount):
    read = read_purchases(folder_of(tmp_path, shop=[f"A,2024-01-01,{written}"]))
    assert read.lines["amount"].to_pylist() == [amount]


def test_an_amount_that_could_be_either_is_set_aside(tmp_path):
    source = folder_of(
        tmp_path, shop=['A,2024-01-01,"1,234"', "B,2024-01-01,5"] + ["C,2024-01-02,1"] * 200
    )
    assert read_purchases(source).account.reasons == {"bad_amount": 1}


def test_a_day_without_orders_is_no_fault_among_others(tmp_path):
    read = read_purchases(folder_of(tmp_path, monday=["A,2024-01-01,1"], sunday=[], holiday=[]))
    assert read.account.accepted == read.account.rows == 1
    assert "sunday.csv holds no lines" in read.notes or "holiday.csv holds no lines" in read.notes


def test_files_without_lines_alone_are_a_fault(tmp_path):
    with pytest.raises(DataError, match="no purchase lines|without lines"):
        read_purchases(folder_of(tmp_path, sunday=[], monday=[]))


def test_files_without_ids_are_told_to_be_counted_twice_where_they_overlap(tmp_path):
    lines = ["A,2024-01-01,1", "B,2024-01-02,2"]
    read = read_purchases(folder_of(tmp_path, one=lines, two=[*lines, "C,2024-01-03,3"]))
    assert read.account.accepted == 5
    assert any("counts twice" in note for note in read.notes)


def test_a_negative_quantity_beside_a_positive_amount_is_told(tmp_path):
    path = tmp_path / "web.csv"
    path.write_text(f"{HEADER},quantity\nA,2024-01-01,5,1\nA,2024-01-02,5,-1\n", encoding="utf-8")
    notes = read_purchases(PurchaseSource(str(path))).notes
    assert any("1 lines have a negative quantity" in note for note in notes)


def notes_of(tmp_path, header, *rows, **purchases):
    path = tmp_path / "web.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    with read_purchases(PurchaseSource.from_mapping({"source": str(path), **purchases})) as read:
        return read.notes


def test_quantities_that_are_no_counts_are_told_with_their_categories(tmp_path):
    rows = ["A,2024-01-01,25,10852,FUEL", "B,2024-01-02,30,11000,FUEL", "A,2024-01-03,3,2,SOUP"]
    rows += ["A,2024-01-04,9,5000,COUPON", "B,2024-01-04,9,5000,", "B,2024-01-05,3,0,SOUP"]
    notes = notes_of(tmp_path, f"{HEADER},quantity,category", *rows)
    [told] = [note for note in notes if "hundredth" in note]
    assert told.startswith("4 lines have a quantity of 100 or more at less than a hundredth")
    assert told.endswith("counts as not given; by category: FUEL (2), COUPON (1)")
    assert any(note.startswith("1 lines have an amount and a quantity of zero") for note in notes)


def test_of_many_categories_three_are_named(tmp_path):
    rows = [f"A,2024-01-01,1,5000,c{i}" for i in range(5)]
    notes = notes_of(tmp_path, f"{HEADER},quantity,category", *rows)
    assert any(note.endswith("c0 (1), c1 (1), c2 (1) and 2 more") for note in notes)


def test_a_log_without_quantities_has_no_oddities():
    with duckdb.connect() as con:
        assert quantity_oddities(con.sql("SELECT 'a' AS customer_id")) == []


def test_columns_that_a_formula_or_a_rule_uses_are_not_called_unused(tmp_path):
    header = "customer_id,ordered_at,qty,price,status,colour"
    notes = notes_of(
        tmp_path,
        header,
        "A,2024-01-01,2,3,ok,red",
        amount="qty * price",
        cancelled={"column": "status", "equals": "void"},
    )
    assert "columns not used: colour" in notes
