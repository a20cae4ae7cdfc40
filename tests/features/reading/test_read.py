import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.log.purchase_log import log_from_lines
from features.reading.read import read_purchases
from features.shop_clock import ShopClock
from tests.features.made import csv_rows, source_of, write

ROOT = Path(__file__).parents[3]
# The layout of CDNOW as published: CR LF, runs of blanks, ids with leading zeros.
RAW = (
    " customer_id  date number_of_cds  dollar_value\r\n"
    " 00001 19970101  1   11.77\r\n"
    " 00002 19970112  1   12.00\r\n"
    " 00002 19970112  5   77.00\r\n"
    " 00010 19970101 12    0.00\r\n"
)
RAW_COLUMNS = {
    "customer_id": "customer_id",
    "ordered_at": "date",
    "quantity": "number_of_cds",
    "amount": "dollar_value",
}
RAW_LAYOUT = {"kind": "text", "separator": "whitespace", "date_format": "%Y%m%d"}
ROWS = [
    ("00001", "1997-01-01", 117700, 1.0),
    ("00002", "1997-01-12", 120000, 1.0),
    ("00002", "1997-01-12", 770000, 5.0),
    ("00010", "1997-01-01", 0, 12.0),
]


def rows_of(read):
    frame = read.lines.to_pandas()
    assert (frame["known_at"] == frame["ordered_at"]).all()
    days = frame["ordered_at"].dt.strftime("%Y-%m-%d")
    return list(zip(frame["customer_id"], days, frame["amount"], frame["quantity"], strict=True))


def canonical():
    frame = pd.DataFrame(ROWS, columns=["customer_id", "ordered_at", "amount", "quantity"])
    return frame.assign(amount=frame["amount"] / 10_000)


def counted(account):
    """The account adds up, whatever is in it."""
    parts = account.accepted + account.duplicate + account.anonymous + account.excluded
    assert account.rows == parts + account.quarantined
    assert sum(account.reasons.values()) == account.quarantined
    return account


def test_the_raw_layout_of_cdnow_is_read(tmp_path):
    path = write(tmp_path / "raw.txt", RAW)
    read = read_purchases(source_of(path, columns=RAW_COLUMNS, **RAW_LAYOUT))
    assert rows_of(read) == ROWS
    assert counted(read.account).accepted == 4


def test_a_raw_file_without_a_header_names_its_columns_by_number(tmp_path):
    path = write(tmp_path / "raw.txt.gz", gzip.compress(RAW.split("\r\n", 1)[1].encode()))
    numbers = {"customer_id": 0, "ordered_at": 1, "quantity": 2, "amount": 3}
    columns = {ours: f"column{i}" for ours, i in numbers.items()}
    read = read_purchases(source_of(path, header=False, columns=columns, **RAW_LAYOUT))
    assert rows_of(read) == ROWS


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("header", [True, False])
def test_a_csv_gives_the_same_lines(tmp_path, separator, packed, header):
    text = canonical().to_csv(sep=separator, index=False, header=header).encode()
    path = write(
        tmp_path / ("a.csv.gz" if packed else "a.csv"), gzip.compress(text) if packed else text
    )
    columns = {} if header else {n: f"column{i}" for i, n in enumerate(canonical())}
    read = read_purchases(source_of(path, header=header, columns=columns))
    assert rows_of(read) == ROWS


def test_a_csv_of_ten_columns_without_a_header_names_them_likewise(tmp_path):
    text = "a,2024-01-01,1.5" + ",x" * 9 + "\n"
    columns = {"customer_id": "column0", "ordered_at": "column1", "amount": "column2"}
    source = source_of(write(tmp_path / "a.csv", text), header=False, columns=columns)
    assert read_purchases(source).account.accepted == 1


@pytest.mark.parametrize("when", ["text", "date", "us", "ns", "ns UTC"])
def test_parquet_gives_the_same_lines(tmp_path, when):
    frame = canonical()
    stamps = pd.to_datetime(frame["ordered_at"])
    if when == "date":
        frame["ordered_at"] = stamps.dt.date
    elif when != "text":
        unit, *zone = when.split()
        frame["ordered_at"] = pa.array(stamps, pa.timestamp(unit, *zone)).to_pandas()
    frame.to_parquet(tmp_path / "a.parquet")
    assert rows_of(read_purchases(source_of(tmp_path / "a.parquet"))) == ROWS


def test_amounts_are_exact_whatever_their_type(tmp_path):
    for i, kind in enumerate([pa.float64(), pa.decimal128(12, 2), pa.string()]):
        amounts = pa.array(["0.10", "1234567.89", "-4.50"]).cast(kind)
        table = {
            "customer_id": ["a", "b", "c"],
            "ordered_at": ["2024-01-01"] * 3,
            "amount": amounts,
        }
        pq.write_table(pa.table(table), tmp_path / f"{i}.parquet")
        read = read_purchases(source_of(tmp_path / f"{i}.parquet"))
        assert read.lines["amount"].to_pylist() == [1000, 12345678900, -45000]


def test_r2_too_many_bad_rows_stop_everything(tmp_path):
    path = write(tmp_path / "a.csv", csv_rows(80) + "a,2024-13-01,1\n")
    with pytest.raises(DataError) as caught:
        read_purchases(source_of(path, columns={"ordered_at": "ordered_at"}))
    message = str(caught.value)
    assert "1 of 81 rows" in message
    assert "a.csv, row 82, column `ordered_at`: the date cannot be read" in message
    assert "max_bad_rows = 0.01" in message
    assert read_purchases(source_of(path, max_bad_rows=0.02)).account.quarantined == 1


def test_the_message_names_the_column_as_the_file_does(tmp_path):
    text = csv_rows(3, "customer_id,bought,amount").replace("2024-01", "2024/01 ")
    source = source_of(write(tmp_path / "a.csv", text), columns={"ordered_at": "bought"})
    with pytest.raises(DataError, match=r"row 2, column `bought`.*purchases\.format\.date_format"):
        read_purchases(source)


def test_a_file_of_strangers_only_has_no_usable_purchase(tmp_path):
    path = write(tmp_path / "a.csv", "customer_id,ordered_at,amount\n,2024-01-01,1\n")
    with pytest.raises(DataError, match="no usable purchase: of 1 rows 1 have no customer"):
        read_purchases(source_of(path))


def test_ties_in_time_are_ordered_by_content(tmp_path):
    rows = ["a,2024-01-01,1", "a,2024-01-01,2", "a,2024-01-01,-3", "b,2024-01-01,1"]
    found = []
    for i, order in enumerate([rows, rows[::-1], rows[2:] + rows[:2]]):
        text = "\n".join(["customer_id,ordered_at,amount", *order]) + "\n"
        found.append(read_purchases(source_of(write(tmp_path / f"{i}.csv", text))).lines)
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


def test_notes_tell_what_was_not_used_and_the_assumed_zone(tmp_path):
    text = "customer_id,ordered_at,amount,mood\na,2024-01-01,1,good\n"
    notes = read_purchases(source_of(write(tmp_path / "a.csv", text))).notes
    assert "columns not used: mood" in notes
    assert any("UTC assumed" in note for note in notes)


def test_cdnow_as_published_and_in_the_canonical_form_are_the_same_log(tmp_path):
    raw = ROOT / "configs" / "data" / "cdnow_master.txt.gz"
    one = read_purchases(source_of(raw, columns=RAW_COLUMNS, **RAW_LAYOUT))
    assert counted(one.account).accepted == 69_659
    table = one.lines.set_column(
        2, "amount", pc.divide(one.lines["amount"].cast("double"), 10_000.0)
    )
    pq.write_table(table.drop_columns("known_at"), tmp_path / "canonical.parquet")
    other = read_purchases(source_of(tmp_path / "canonical.parquet"))
    assert other.lines.equals(one.lines)
    log = log_from_lines(one.lines, ShopClock())
    assert log.n_customers == 23_570
    assert log.customer_ids[:2].tolist() == ["00001", "00002"]


def test_batches_are_the_lines_in_pieces_and_the_room_is_left_empty(tmp_path):
    room = tmp_path / "room"
    path = write(tmp_path / "a.csv", csv_rows(5000))
    with read_purchases(source_of(path), room=room) as read:
        batches = list(read.batches(1024))
        assert max(batch.num_rows for batch in batches) <= 1024
        assert pa.Table.from_batches(batches).equals(read.lines.combine_chunks())
        again = list(read.batches())
        assert sum(batch.num_rows for batch in again) == 5000
    assert list(room.iterdir()) == []
    with pytest.raises(ValueError, match="within the `with` block"):
        next(read.batches())


def test_nothing_stays_of_a_log_that_is_refused_or_forgotten(tmp_path):
    path, room = write(tmp_path / "a.csv", csv_rows(5)), tmp_path / "room"
    with pytest.raises(DataError):
        read_purchases(source_of(path, columns={"amount": "total"}), room=room)
    assert list(room.iterdir()) == []
    read = read_purchases(source_of(path), room=room)
    assert len(list(room.iterdir())) == 1
    del read
    assert list(room.iterdir()) == []


def test_facts_tell_what_the_files_hold(tmp_path):
    header = "customer_id,ordered_at,amount,order_id,mood\n"
    write(tmp_path / "1.csv", header + "a,2024-01-03,1,,x\na,2024-01-01,1,,x\n,2024-01-01,1,,x\n")
    write(tmp_path / "2.csv", header + "b,2024-02-01,1,,x\n")
    facts = read_purchases(source_of(tmp_path)).facts
    assert facts["files"] == [
        {
            "file": "1.csv",
            "rows": 3,
            "accepted": 2,
            "first_day": "2024-01-01",
            "last_day": "2024-01-03",
        },
        {
            "file": "2.csv",
            "rows": 1,
            "accepted": 1,
            "first_day": "2024-02-01",
            "last_day": "2024-02-01",
        },
    ]
    assert (facts["unused"], facts["all_null"], facts["cancelled"]) == (["mood"], ["order_id"], 0)
