import pandas as pd
import pytest

from features.errors import DataError
from features.reading.guess import guess_purchases
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource

HEADER = "customer,date,amount\n"


def guess(folder, text, name="shop.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return guess_purchases(path)


def test_our_own_names_need_no_columns(tmp_path):
    found = guess(tmp_path, "customer_id,ordered_at,amount\na,2024-01-02,1.5\n")
    assert found == {"source": str(tmp_path / "shop.csv"), "format": {"kind": "csv"}}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Customer ID,Invoice Date,Total Price", ["Customer ID", "Invoice Date", "Total Price"]),
        ("e-mail? user_id,day,Revenue", None),
        ("user_id,day,Revenue", ["user_id", "day", "Revenue"]),
        ("Kunden-Nr.,Datum,Umsatz (EUR)", ["Kunden-Nr.", "Datum", "Umsatz (EUR)"]),
        ("wer,wann,wieviel", ["wer", "wann", "wieviel"]),
    ],
)
def test_columns_are_told_by_name_or_by_content(tmp_path, header, columns):
    found = guess(tmp_path, f"{header}\na7,2024-01-02,1.5\nb8,2024-01-03,2.5\n")
    theirs = found["columns"]
    expected = columns or header.split(",")
    assert [theirs["customer_id"], theirs["ordered_at"], theirs["amount"]] == expected


def test_a_unit_in_brackets_is_no_part_of_a_name(tmp_path):
    text = "Kunden-Nr;Beleg;Bestelldatum;Menge;Summe [€]\na7;r1;2024-01-02;2;1,50\n"
    found = guess(tmp_path, text + "b8;r2;2024-01-03;1;2,50\n")
    assert found["columns"] == {
        "customer_id": "Kunden-Nr",
        "ordered_at": "Bestelldatum",
        "amount": "Summe [€]",
        "order_id": "Beleg",
        "quantity": "Menge",
    }


def test_of_two_columns_of_numbers_that_with_decimals_is_the_amount(tmp_path):
    found = guess(tmp_path, "x,y,z\n2024-01-02,17,2.5\n2024-01-03,18,3\n")
    assert found["columns"] == {"customer_id": "y", "ordered_at": "x", "amount": "z"}


@pytest.mark.parametrize(
    "text",
    [
        "x,y,z\n2024-01-02,17,25\n2024-01-03,18,30\n",  # customer or amount?
        "x,y,z\n2024-01-02,2024-01-05,2.5\n2024-01-03,2024-01-05,2.5\n",  # two dates
        "who,when,how much,note\na,2024-01-02,1.5,x\n",
    ],
)
def test_what_cannot_be_told_is_said_with_the_columns_there_are(tmp_path, text):
    with pytest.raises(DataError, match="cannot be told; rename them") as caught:
        guess(tmp_path, text)
    assert all(f"`{name}`" in str(caught.value) for name in text.split("\n")[0].split(","))


@pytest.mark.parametrize(
    ("days", "date_format"),
    [
        (["31/12/2024", "01/02/2024"], "%d/%m/%Y"),
        (["12/31/2024", "01/02/2024"], "%m/%d/%Y"),
        (["12/31/2024 10:30 AM", "01/02/2024 1:05 PM"], "%m/%d/%Y %I:%M %p"),
        (["31.12.2024", "01.02.2024"], "%d.%m.%Y"),
        (["31/12/24", "01/02/24"], "%d/%m/%y"),
        (["20241231", "20240201"], "%Y%m%d"),
        (["2024-12-31", "2024-02-01"], None),
        (["2024-12-31T10:00:00Z", "2024-02-01T09:00:00+02:00"], None),
    ],
)
def test_dates_are_read_as_they_are_written(tmp_path, days, date_format):
    text = HEADER + "".join(f"c{i},{d},1.5\n" for i, d in enumerate(days))
    assert guess(tmp_path, text)["format"].get("date_format") == date_format


@pytest.mark.parametrize("days", [["03/04/2024", "05/06/2024"], ["03/04/24", "05/06/24"]])
def test_dates_that_read_in_two_ways_are_refused(tmp_path, days):
    text = HEADER + "".join(f"c{i},{d},1.5\n" for i, d in enumerate(days))
    with pytest.raises(DataError, match="read both as %d/%m.* and as %m/%d.*date_format"):
        guess(tmp_path, text)


@pytest.mark.parametrize("days", [["soon", "later"], ["0024-01-02", "0024-01-03"]])
def test_dates_that_cannot_be_read_are_refused(tmp_path, days):
    text = HEADER + "".join(f"c{i},{d},1.5\n" for i, d in enumerate(days))
    with pytest.raises(DataError, match="cannot be read; write them like 2024-07-31"):
        guess(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "customer;date;amount\na;2024-01-02;1.5\nb;2024-01-03;2.5\n",
        "customer\tdate\tamount\na\t2024-01-02\t1.5\nb\t2024-01-03\t2.5\n",
        b"\xef\xbb\xbfcustomer,date,amount\r\na,2024-01-02,1.5\r\nb,2024-01-03,2.5\r\n",
        'customer,date,amount\n"Doe, Jane",2024-01-02,1.5\n"b",2024-01-03,2.5\n',
    ],
    ids=["semicolons", "tabs", "byte order mark", "quotes"],
)
def test_separators_marks_and_quotes_do_not_matter(tmp_path, text):
    assert guess(tmp_path, text)["columns"] == {"customer_id": "customer", "ordered_at": "date"}


def test_a_file_without_a_header_would_lose_its_first_purchase_and_is_refused(tmp_path):
    with pytest.raises(DataError, match="no line of column names: its first line holds"):
        guess(tmp_path, "a,2024-01-02,1.5\nb,2024-01-03,2.5\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "is empty"), (HEADER, "no purchase lines"), (b"\0\1\2" * 99, "shop.csv")],
)
def test_a_file_without_purchases_is_refused(tmp_path, text, sentence):
    with pytest.raises(DataError, match=sentence):
        guess(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="no file at .*none.csv"):
        guess_purchases(tmp_path / "none.csv")


def test_parquet_with_real_dates_needs_no_date_format(tmp_path):
    frame = pd.DataFrame({"client": ["a"], "date": [pd.Timestamp("2024-01-02")], "total": [1.5]})
    frame.to_parquet(tmp_path / "shop.parquet")
    found = guess_purchases(tmp_path / "shop.parquet")
    assert found["format"] == {"kind": "parquet"}
    assert found["columns"]["amount"] == "total"


@pytest.mark.parametrize(
    ("header", "formula"),
    [
        ("Customer ID,InvoiceDate,Price,Quantity", "Quantity * Price"),
        ("CustomerID,InvoiceDate,UnitPrice,Quantity", "Quantity * UnitPrice"),
        ("customer,date,unit price,qty", "qty * `unit price`"),
    ],
)
def test_a_quantity_and_the_price_of_one_make_the_amount(tmp_path, header, formula):
    found = guess(tmp_path, f"{header}\nA,2024-01-01,1.10,3\nA,2024-01-02,5.5,-2\n")
    assert found["amount"] == formula
    assert "amount" not in found["columns"]
    with read_purchases(PurchaseSource.from_mapping(found)) as read:
        assert read.lines["amount"].to_pylist() == [33_000, -110_000]


def test_a_total_comes_before_the_price_of_one(tmp_path):
    found = guess(tmp_path, "customer,date,unit_price,qty,total\nA,2024-01-01,2,3,6\n")
    assert "amount" not in found
    assert found["columns"]["amount"] == "total"


def test_returns_that_would_count_as_purchases_are_refused(tmp_path):
    with pytest.raises(DataError, match="returns would count as purchases"):
        guess(
            tmp_path,
            "customer,date,total,quantity\nA,2024-01-01,5.5,2\nA,2024-01-02,5.5,-2\n",
        )


def test_a_way_of_writing_dates_that_only_late_rows_rule_out_is_ruled_out(tmp_path):
    days = ["03/04/2024"] * 10_001 + ["31/04/2023", "31/12/2023"] * 200
    text = HEADER + "".join(f"c{i},{d},1.5\n" for i, d in enumerate(days))
    with pytest.raises(DataError, match="cannot be read"):  # 31 April is no day
        guess(tmp_path, text)
    text = text.replace("31/04/2023", "30/04/2023")
    assert guess(tmp_path, text)["format"]["date_format"] == "%d/%m/%Y"
