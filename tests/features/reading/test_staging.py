import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.reading.read import read_purchases
from features.reading.staging import StagedFile
from tests.features.made import csv_rows, source_of, write

BLANKS = {"kind": "text", "separator": "whitespace"}


def refusal(path, **layout):
    with pytest.raises(DataError) as caught:
        read_purchases(source_of(path, **layout))
    message = str(caught.value)
    assert "\n" not in message
    assert str(path.name) in message
    return message


def test_rows_stand_at_lines_of_the_file(tmp_path):
    staged = StagedFile(tmp_path / "a.csv", "t", {}, 5, first_line=2, left_out=(2, 4, 5))
    # Line 1 is the header; lines 2, 4 and 5 were left out.
    assert staged.lines(np.array([1, 2, 3])).tolist() == [3, 6, 7]


@pytest.mark.parametrize("layout", [{}, BLANKS], ids=["csv", "blanks"])
def test_lines_are_counted_as_an_editor_counts_them(tmp_path, layout):
    rows = ["customer_id,ordered_at,amount", "x", "a,2024-01-01,1", "a,never,1", "b,2024-01-01"]
    rows += ["a,2024-01-01,1", "a,2024-01-01,much"]
    text = "\n".join(rows) + "\n"
    path = write(tmp_path / "a.txt", text.replace(",", "  ") if layout else text)
    read = read_purchases(source_of(path, max_bad_rows=1.0, **(layout or {"separator": ","})))
    assert read.quarantine["row"].tolist() == [2, 4, 5, 7]
    assert read.account.accepted == 2


def test_parquet_rows_count_from_one(tmp_path):
    table = {"customer_id": ["a", "b"], "ordered_at": ["2024-01-01", "x"], "amount": [1, 2]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    read = read_purchases(source_of(tmp_path / "a.parquet", max_bad_rows=1.0))
    assert read.quarantine["row"].tolist() == [2]


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.csv.gz", "a.parquet"])
def test_an_empty_file_is_refused(tmp_path, name):
    empty = gzip.compress(b"") if name.endswith("gz") else b""
    assert "is empty; deliver a file with at least one purchase" in refusal(
        write(tmp_path / name, empty)
    )


def test_a_header_alone_is_refused(tmp_path):
    message = "holds no purchase lines"
    assert message in refusal(write(tmp_path / "a.csv", csv_rows(0)))
    assert message in refusal(write(tmp_path / "b.txt", "customer_id amount\r\n"), **BLANKS)
    pq.write_table(pa.table({"customer_id": pa.array([], pa.string())}), tmp_path / "c.parquet")
    assert message in refusal(tmp_path / "c.parquet")


def test_a_missing_column_is_named_beside_those_there_are(tmp_path):
    path = write(tmp_path / "a.csv", csv_rows(3, "customer_id,ordered_at,total"))
    message = refusal(path)
    assert "lacks the column `amount`" in message
    assert "it has `customer_id`, `ordered_at`, `total`" in message
    assert "purchases.columns" in message


def test_a_renamed_column_is_named_with_its_use(tmp_path):
    path = write(tmp_path / "a.csv", csv_rows(3))
    columns = {"amount": "total", "order_id": "invoice"}
    message = refusal(path, columns=columns)
    assert "lacks the columns `total` (for amount), `invoice` (for order_id)" in message


def test_letter_case_of_a_column_matters(tmp_path):
    message = refusal(write(tmp_path / "a.csv", csv_rows(3, "customer_id,ordered_at,Amount")))
    assert "lacks the column `amount`" in message
    assert "`Amount`" in message


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("a.parquet", b"PAR1 and nothing more", "cannot be read as parquet"),
        ("a.csv.gz", b"plain text", "not a GZIP stream"),
        ("b.csv.gz", gzip.compress(csv_rows(500).encode())[:-90], "cannot be read as csv"),
        ("a.csv", (csv_rows(9) + csv_rows(9).replace("\n", "\r\n")).encode(), "one kind of line"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path, name, content, cause):
    message = refusal(write(tmp_path / name, content))
    assert cause in message
    assert "check purchases.format, or mend the file" in message


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = write(tmp_path / "a.csv", b"\xef\xbb\xbf" + csv_rows(3).encode())
    assert read_purchases(source_of(path)).account.accepted == 3
    path = write(tmp_path / "a.txt", b"\xef\xbb\xbf" + csv_rows(3).replace(",", " ").encode())
    assert read_purchases(source_of(path, **BLANKS)).account.accepted == 3


@pytest.mark.parametrize("names", ["row,file,reason", "duplicate,nth,known", "text,fields,one"])
@pytest.mark.parametrize("separator", [",", " "])
def test_columns_named_as_our_own_are_the_sources(tmp_path, names, separator):
    text = f"{names},customer_id,ordered_at,amount\n1,2,3,a,2024-01-01,5\n"
    path = write(tmp_path / "a.txt", text.replace(",", separator))
    layout = BLANKS if separator == " " else {}
    read = read_purchases(source_of(path, **layout))
    assert read.lines["amount"].to_pylist() == [50_000]


def test_names_with_blanks_dots_and_quotes_are_found(tmp_path):
    columns = {"customer_id": "Customer ID", "ordered_at": "Invoice.Date", "amount": 'the "total"'}
    text = 'Customer ID,Invoice.Date,"the ""total"""\na,2024-01-01,5\n'
    source = source_of(write(tmp_path / "a.csv", text), columns=columns)
    assert read_purchases(source).lines["amount"].to_pylist() == [50_000]


def test_blank_lines_are_no_rows(tmp_path):
    for i, layout in enumerate(({}, BLANKS)):
        text = csv_rows(4).replace("\n", "\n\n").replace(",", " " if layout else ",")
        path = write(tmp_path / f"{i}.txt", text)
        account = read_purchases(source_of(path, **layout)).account
        assert (account.rows, account.accepted) == (4, 4)
