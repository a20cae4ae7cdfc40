import gzip

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.reading.held import FEW, HeldRows
from features.reading.read import read_purchases
from features.reading.text_files import BLOCK
from tests.features.made import csv_rows, source_of, write

BLANKS = {"kind": "text", "separator": "whitespace"}


def refusal(path, **layout):
    with pytest.raises(DataError) as caught:
        read_purchases(source_of(path, **layout))
    message = str(caught.value)
    assert "\n" not in message
    assert str(path.name) in message
    return message


def _bent(packed):
    return packed[:60] + bytes(b ^ 255 for b in packed[60:64]) + packed[64:]


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
    names = "customer_id ordered_at amount\r\n"
    assert message in refusal(write(tmp_path / "b.txt", names), **BLANKS)
    none = pa.array([], pa.string())
    pq.write_table(
        pa.table({"customer_id": none, "ordered_at": none, "amount": none}), tmp_path / "c.parquet"
    )
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
        ("b.csv.gz", gzip.compress(csv_rows(500).encode())[:-90], "ends too early"),
        ("c.csv.gz", _bent(gzip.compress(csv_rows(500).encode())), "cannot be read as csv"),
        ("a.csv.zst", b"plain text", "cannot be read as csv"),
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


@pytest.mark.parametrize("layout", [{}, BLANKS], ids=["csv", "blanks"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\r\r\n", "mixed"])
def test_any_kind_of_line_end_ends_a_row(tmp_path, layout, ends):
    rows = csv_rows(9).replace(",", " " if layout else ",").splitlines()
    kinds = ["\n", "\r\n"] if ends == "mixed" else [ends]
    text = "".join(row + kinds[i % len(kinds)] for i, row in enumerate(rows))
    read = read_purchases(source_of(write(tmp_path / "a.txt", text), **(layout or {"kind": "csv"})))
    assert (read.account.rows, read.account.accepted) == (9, 9)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst", "a.txt.zst"])
def test_packed_and_plain_files_give_the_same_lines(tmp_path, name):
    layout = {"kind": "text"} if ".txt" in name else {}
    text = csv_rows(200).replace(",", " " if layout else ",").encode()
    packed = {"gz": gzip.compress, "zst": pa.Codec("zstd").compress}
    pack = packed.get(name.rsplit(".", 1)[1])
    data = pack(text) if pack else text
    read = read_purchases(source_of(write(tmp_path / name, bytes(data)), **layout))
    plain = read_purchases(source_of(write(tmp_path / "plain.csv", csv_rows(200))))
    assert read.lines.equals(plain.lines)


@pytest.mark.parametrize("header", [True, False])
def test_fixed_widths_are_cut_and_trimmed(tmp_path, header):
    rows = ["c1   2024-01-01  12.50", "c 2  2024-01-02 -3", "", "c3   2024"]
    rows += ["c4   2024-01-03     7.00x"]
    names = ["id   day            sum"] if header else []
    theirs = ["id", "day", "sum"] if header else ["column0", "column1", "column2"]
    source = source_of(
        write(tmp_path / "a.txt", "\n".join([*names, *rows]) + "\n"),
        widths=(5, 10, 8),
        header=header,
        columns=dict(zip(["customer_id", "ordered_at", "amount"], theirs, strict=True)),
        max_bad_rows=1.0,
    )
    read = read_purchases(source)
    assert read.lines["customer_id"].to_pylist() == ["c 2", "c1"]
    assert read.lines["amount"].to_pylist() == [-30_000, 125_000]
    first = 2 if header else 1
    assert read.quarantine[["row", "reason"]].to_numpy().tolist() == [
        [first + 3, "missing_columns"],
        [first + 4, "too_many_columns"],
    ]


@pytest.mark.parametrize("separator", [None, ",", ";", "|", "tab", "||", "~"])
def test_the_separator_is_told_or_declared(tmp_path, separator):
    written = {"tab": "\t", None: "|"}.get(separator, separator)
    path = write(tmp_path / "a.csv", csv_rows(30).replace(",", written))
    assert read_purchases(source_of(path, separator=separator)).account.accepted == 30


def test_a_separator_is_that_which_gives_our_columns(tmp_path):
    text = "customer_id;ordered_at;amount;a,b,c,d,e\n" + "x;2024-01-01;1,50;k,k,k,k,k\n" * 3
    read = read_purchases(source_of(write(tmp_path / "a.csv", text)))
    assert read.lines["amount"].to_pylist() == [15_000] * 3


def test_a_file_in_windows_1252_is_read_as_such_and_said(tmp_path):
    text = csv_rows(50).replace("c1,", "Zo\xeb \x80,").encode("latin-1")
    read = read_purchases(source_of(write(tmp_path / "a.csv", text)))
    assert "a.csv is not UTF-8 and was read as Windows-1252" in read.notes
    assert "Zo\u00eb \u20ac" in read.lines["customer_id"].to_pylist()
    assert read.account.accepted == 50


def test_names_in_windows_1252_are_read_too(tmp_path):
    text = csv_rows(300, "customer_id,ordered_at,amount").replace("amount", "Umsatz brutto \xfc")
    source = source_of(
        write(tmp_path / "a.csv", text.encode("latin-1")), columns={"amount": "Umsatz brutto \xfc"}
    )
    assert read_purchases(source).account.accepted == 300


def test_a_few_rows_in_another_encoding_are_set_aside(tmp_path):
    text = csv_rows(500).encode() + b"Zo\xeb,2024-01-01,1\n"
    read = read_purchases(source_of(write(tmp_path / "a.csv", text)))
    assert read.quarantine[["row", "reason"]].to_numpy().tolist() == [[502, "invalid_encoding"]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_with_its_mark_is_read(tmp_path, encoding):
    mark = {"utf-16-be": b"\xfe\xff", "utf-16-le": b"\xff\xfe"}.get(encoding, b"")
    path = write(tmp_path / "a.csv", mark + csv_rows(20).encode(encoding))
    assert read_purchases(source_of(path)).account.accepted == 20


def test_rows_of_several_blocks_keep_their_lines(tmp_path):
    # Some 20 MB: three blocks, with a record of several lines every thousand rows.
    note = "x" * 200
    rows = ["customer_id,ordered_at,amount,note"]
    line, wanted = 2, []
    for i in range(90_000):
        if i % 1000 == 999:
            rows.append(f'a,2024-01-01,1,"{note}\n{note}"')
            line += 1
        elif i % 1000 == 998:
            rows.append(f"a,never,1,{note}")
            wanted.append(line)
        else:
            rows.append(f"a,2024-01-01,1,{note}")
        line += 1
    path = write(tmp_path / "a.csv", "\n".join(rows) + "\n")
    assert path.stat().st_size > 2 * BLOCK
    read = read_purchases(source_of(path))
    assert read.quarantine["row"].tolist() == wanted
    assert read.account.rows == 90_000


def test_many_rows_wait_in_a_file_and_give_the_same_lines(tmp_path):
    rows = [pa.table({"row": [2 * i, 2 * i + 1], "x": ["a" * (FEW // 3)] * 2}) for i in range(3)]
    held = HeldRows(tmp_path, "raw")
    held.fill(rows)
    with duckdb.connect() as con:
        found = held.register(con).project("row, length(x)").order("row").fetchall()
        assert found == [(i, FEW // 3) for i in range(6)]
        assert (tmp_path / "raw.arrow").exists()
        held.drop(con)
    assert list(tmp_path.iterdir()) == []
