import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.reading.read import read_purchases
from features.shop_clock import ShopClock
from tests.features.made import source_of, write
from tests.features.reading.parsed import parsed

HEADER = "customer_id,ordered_at,amount"
NEW_YORK = ShopClock("America/New_York")


def read_rows(tmp_path, *rows, header=HEADER, latest=None, **layout):
    text = "\n".join([header, *rows]) + "\n"
    source = source_of(write(tmp_path / "a.csv", text), max_bad_rows=1.0, **layout)
    return read_purchases(source, latest=latest)


def stamps(read):
    return [str(stamp) for stamp in read.lines["ordered_at"].to_pylist()]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2024-01-01", "2024-01-01 00:00:00"),
        ("2024-01-01 01:30", "2024-01-01 01:30:00"),
        ("2024-01-01T01:30:00", "2024-01-01 01:30:00"),
        ("2024-01-01T01:30:00Z", "2023-12-31 20:30:00"),
        ("2024-07-01T01:30:00Z", "2024-06-30 21:30:00"),
        ("2024-01-01 01:30:00+05:30", "2023-12-31 15:00:00"),
        ("2024-01-01 01:30:00+0530", "2023-12-31 15:00:00"),
        ("2024-01-01 01:30:00-05", "2024-01-01 01:30:00"),
        ("2024-01-01 01:30:00 UTC", "2023-12-31 20:30:00"),
        ("2024-01-01 01:30:00 Asia/Kolkata", "2023-12-31 15:00:00"),
    ],
)
def test_r8_a_stamp_becomes_the_shops_local_time(tmp_path, text, local):
    assert stamps(read_rows(tmp_path, f"a,{text},1", clock=NEW_YORK)) == [local]


def test_r8_offsets_may_differ_from_row_to_row(tmp_path):
    rows = ["a,2024-01-01T12:00:00+01:00,1", "a,2024-07-01T12:00:00+02:00,1"]
    found = stamps(read_rows(tmp_path, *rows, clock=ShopClock("Europe/Berlin")))
    assert found == ["2024-01-01 12:00:00", "2024-07-01 12:00:00"]


def test_an_afternoon_is_not_read_as_a_morning(tmp_path):
    with pytest.raises(DataError, match="the date cannot be read"):
        read_rows(tmp_path, "a,2024-01-01 10:00 PM,1")
    read = read_rows(tmp_path, "a,2024-01-01 10:00 PM,1", date_format="%Y-%m-%d %I:%M %p")
    assert stamps(read) == ["2024-01-01 22:00:00"]


def test_a_declared_offset_is_used(tmp_path):
    row = "a,01/02/2024 03:00 +0000,1"
    read = read_rows(tmp_path, row, date_format="%d/%m/%Y %H:%M %z", clock=NEW_YORK)
    assert stamps(read) == ["2024-01-31 22:00:00"]


@pytest.mark.parametrize("column", ["ordered_at", "known_at"])
def test_r8_naive_and_aware_stamps_in_one_column_are_refused(tmp_path, column):
    header = (
        "customer_id,amount,ordered_at"
        if column == "ordered_at"
        else ("customer_id,amount,ordered_at,known_at")
    )
    plain = "" if column == "ordered_at" else "2024-01-01 10:00,"
    rows = [f"a,1,{plain}2024-01-02T10:00:00Z", f"a,1,{plain}2024-01-02 10:00:00"]
    with pytest.raises(
        DataError, match=rf"a\.csv mixes .*`{column}`; write all of them in one way"
    ):
        read_rows(tmp_path, *rows, header=header)


STAMPED = {"naive": "2024-01-02", "aware": "2024-01-02T10:00:00Z", "none": ""}
TYPED = {"naive": pa.date32(), "aware": pa.timestamp("us", tz="UTC")}


def write_stamped(folder, name, kind, typed):
    if not typed:
        header = HEADER + ",known_at"
        write(folder / f"{name}.csv", f"{header}\na,{STAMPED[kind]},1,\n,,1,\n")
        return
    stamps = pa.array([dt.datetime(2024, 1, 2, tzinfo=dt.UTC)]).cast(TYPED[kind])
    table = {"customer_id": ["a"], "ordered_at": stamps, "amount": [1]}
    pq.write_table(pa.table(table), folder / f"{name}.parquet")


@pytest.mark.parametrize("typed", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("kinds", [("naive", "aware"), ("aware", "naive")])
def test_r8_naive_and_aware_stamps_in_two_files_are_refused(tmp_path, kinds, typed):
    for number in (0, 1):
        write_stamped(tmp_path, str(number), kinds[number], typed[number])
    with pytest.raises(DataError, match=r"stamps in `ordered_at` are with.* and with.* one way"):
        read_purchases(source_of(tmp_path, max_bad_rows=1.0))


@pytest.mark.parametrize("kind", ["naive", "aware"])
def test_a_file_without_stamps_mixes_with_either_and_facts_tell_which(tmp_path, kind):
    for number, one in enumerate(["none", kind, kind]):
        write_stamped(tmp_path, str(number), one, typed=False)
    with read_purchases(source_of(tmp_path, max_bad_rows=1.0)) as read:
        assert read.facts["aware"] == {"ordered_at": kind == "aware"}
        assert read.facts["currencies"] == []


def test_r7_what_lies_after_the_latest_moment_is_set_aside(tmp_path):
    header = HEADER + ",known_at"
    rows = [
        "a,2024-01-01 12:00,1,",
        "b,2024-01-01 12:01,1,",
        "c,2024-01-01,1,2024-02-01",
    ]
    latest = dt.datetime(2024, 1, 1, 12)  # noqa: DTZ001 - the shop's local time
    read = read_rows(tmp_path, *rows, header=header, latest=latest)
    assert read.account.reasons == {"future_date": 1, "future_known_at": 1}
    assert read.lines["customer_id"].to_pylist() == ["a"]


def test_a_line_is_never_known_before_it_is_ordered(tmp_path):
    header = HEADER + ",known_at"
    rows = ["a,2024-01-05,1,2024-01-01", "b,2024-01-05,1,", "c,2024-01-05,1,2024-01-09"]
    known = read_rows(tmp_path, *rows, header=header).lines["known_at"].to_pylist()
    assert [str(stamp.date()) for stamp in known] == ["2024-01-05", "2024-01-05", "2024-01-09"]


def test_an_unreadable_optional_value_is_a_fault_and_a_null_is_none(tmp_path):
    header = HEADER + ",quantity,known_at"
    rows = ["a,2024-01-01,1,,", "b,2024-01-01,1,two,", "c,2024-01-01,1,2,soon"]
    read = read_rows(tmp_path, *rows, header=header)
    assert read.account.reasons == {"bad_quantity": 1, "bad_known_at": 1}
    assert "quantity" not in read.lines.column_names  # all null: the column counts as absent


def parquet(tmp_path, **columns):
    table = {"customer_id": ["a", "b"], "ordered_at": ["2024-01-01"] * 2, "amount": [1.0, 2.0]}
    pq.write_table(pa.table({**table, **columns}), tmp_path / "a.parquet")
    return read_purchases(source_of(tmp_path / "a.parquet", max_bad_rows=1.0))


def test_nan_of_a_float_column_is_a_null(tmp_path):
    quantity = pa.array([1.0, float("nan")], from_pandas=False)
    read = parquet(tmp_path, quantity=quantity)
    assert read.account.accepted == 2
    assert read.lines["quantity"].to_pylist() == [1.0, None]


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        ([17850.0, 2.0], ["17850", "2"]),
        ([1.5, 2.5], ["1.5", "2.5"]),  # not both of customer 2
        ([7, 8], ["7", "8"]),
        (["007", " 008 "], ["007", "008"]),
    ],
)
def test_ids_become_text(tmp_path, ids, wanted):
    read = parquet(tmp_path, customer_id=pa.array(ids))
    assert sorted(read.lines["customer_id"].to_pylist()) == sorted(wanted)


def test_an_id_that_is_nan_is_no_customer(tmp_path):
    read = parquet(tmp_path, customer_id=pa.array([1.0, float("nan")], from_pandas=False))
    assert (read.account.accepted, read.account.anonymous) == (1, 1)


@pytest.mark.parametrize("amount", [10**10, 10**12])
def test_large_amounts_are_exact(tmp_path, amount):
    read = read_rows(
        tmp_path, f"a,2024-01-01,{amount}.25" if amount < 10**12 else f"a,2024-01-01,{amount}"
    )
    [found] = read.lines["amount"].to_pylist()
    assert found == amount * 10_000 + (2_500 if amount < 10**12 else 0)


def test_discount_and_cost_are_money_and_a_bad_one_is_a_fault():
    header = HEADER + ",discount,cost"
    rows = ["a,2024-01-01,9,0.10,4.00005", "a,2024-01-01,9,much,1", "a,2024-01-01,9,,1e13"]
    found = parsed(header, *rows)
    assert [row["reason"] for row in found] == [None, "bad_discount", "bad_cost"]
    assert (found[0]["discount"], found[0]["cost"]) == (1000, 40001)


@pytest.mark.parametrize(
    ("ids", "read"),
    [
        (["13085.0", "12346.0", ""], ["13085", "12346", None]),
        (["13085.0", "A12", " 12346.0 "], ["13085", "A12", "12346"]),
        (["13085.5", "A1.0", "1.00"], ["13085.5", "A1.0", "1.00"]),
        (["007.0", "7.0"], ["007", "7"]),
    ],
)
def test_whole_numbers_as_ids_lose_their_decimal_whatever_the_other_ids_are(ids, read):
    found = parsed(HEADER, *(f"{i},2024-01-01,1" for i in ids), max_bad_rows=0.01)
    assert [row["customer_id"] for row in found] == read


def test_a_cancelled_order_names_the_id_as_it_is_read():
    rule = {"column": "order_id", "starts_with": "C"}
    found = parsed(
        HEADER + ",order_id", "a,2024-01-01,1,9.0", "a,2024-01-02,-1,C9.0", cancelled=rule
    )
    assert (found[0]["order_id"], found[1]["refund_of"]) == ("9", "9")


@pytest.mark.parametrize(
    ("amount", "read"),
    [(1.1, 11000), (1.00005, 10001), (-0.00005, -1), (33.335, 333350), (float("nan"), None)],
)
def test_amounts_of_binary_fractions_are_read_as_they_are_printed(amount, read):
    [row] = parsed(HEADER, ("a", "2024-01-01", amount), types={"amount": "DOUBLE"})
    assert row["amount"] == read
