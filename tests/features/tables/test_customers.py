import sqlite3

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.shop_clock import ShopClock
from features.tables.customers import CUSTOMERS, customers_at, read_customers
from features.tables.source import TableSource

CLOCK = ShopClock("Europe/Berlin")
NOON = pd.Timestamp("2024-06-01 12:00")


def source_of(path, **told):
    return TableSource.of(CUSTOMERS, {"source": str(path), "max_bad_rows": 1.0, **told}, CLOCK)


def written(tmp_path, text, name="people.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


GOOD = (
    "customer_id,acquired_at,acquisition_cost,channel,no_contact,reachable_by,referrer_id,city\n"
    "0007,2024-01-02,12.50,ads,no,SMS; email,,Bonn\n"
    "13085.0,2024-03-01,,friend,yes,none,0007,\n"
    "c,,,,,,,Ulm\n"
)


def test_a_table_is_read_typed_and_by_text_ids(tmp_path):
    found = read_customers(source_of(written(tmp_path, GOOD)))
    people = customers_at(found, pd.Timestamp("2025-01-01"))
    assert people.index.tolist() == ["0007", "13085", "c"]
    assert people["acquisition_cost"].tolist()[0] == 12.5
    assert people["acquisition_cost"].isna().tolist() == [False, True, True]
    assert people["reachable_by"].tolist() == ["email,sms", "", None]
    assert people["no_contact"].tolist() == [False, True, False]
    assert people["no_profiling"].tolist() == [False, False, False]
    assert people["referrer_id"].tolist() == [None, "0007", None]
    assert found.attributes == ("city",)
    assert people["city"].tolist() == ["Bonn", None, "Ulm"]
    assert found.account.as_dict() == {
        "rows": 3, "accepted": 3, "duplicate": 0, "quarantined": 0, "reasons": {},
    }  # fmt: skip


def test_a_database_and_parquet_give_the_same(tmp_path):
    by_csv = customers_at(read_customers(source_of(written(tmp_path, GOOD))), NOON)
    frame = pd.read_csv(tmp_path / "people.csv", dtype=str)
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "people.parquet")
    pd.testing.assert_frame_equal(
        customers_at(read_customers(source_of(tmp_path / "people.parquet")), NOON), by_csv
    )
    with sqlite3.connect(tmp_path / "a.db") as con:
        frame.to_sql("people", con, index=False)
    con.close()
    url = f"sqlite:///{tmp_path / 'a.db'}"
    by_database = read_customers(source_of(url, table="people"))
    pd.testing.assert_frame_equal(customers_at(by_database, NOON), by_csv)


def test_bad_rows_are_quarantined_by_code_and_all_rows_are_accounted_for(tmp_path):
    text = (
        "customer_id,acquired_at,acquisition_cost,no_contact\n"
        "a,2024-01-01,5,no\n"
        ",2024-01-01,5,no\n"
        "b,2024-13-01,5,no\n"
        "c,2024-01-01,cheap,no\n"
        "d,2024-01-01,-5,no\n"
        "e,2024-01-01,5,perhaps\n"
        "f,2031-01-01,5,no\n"
        "a,2024-01-01,5,no\n"
        "a,2024-01-01,6,no\n"
        "g,2024-01-01\n"
    )
    found = read_customers(source_of(written(tmp_path, text)), latest=NOON)
    account = found.account
    assert (account.rows, account.accepted, account.duplicate, account.quarantined) == (10, 1, 1, 8)
    assert found.quarantine[["row", "column", "reason"]].values.tolist() == [
        [3, "customer_id", "no_customer_id"],
        [4, "acquired_at", "bad_acquired_at"],
        [5, "acquisition_cost", "bad_acquisition_cost"],
        [6, "acquisition_cost", "bad_acquisition_cost"],
        [7, "no_contact", "bad_no_contact"],
        [8, "acquired_at", "future_acquired_at"],
        [10, "customer_id", "repeated_customer"],
        [11, None, "missing_columns"],
    ]


def test_a_wish_not_to_be_contacted_is_never_lost(tmp_path):
    text = (
        "customer_id,acquired_at,no_contact,no_profiling\n"
        "unreadable,2024-01-01,perhaps,no\n"
        "bad date,whenever,yes,no\n"
        "bad twice,whenever,never ever,no\n"
        "twice,2024-01-01,no,no\n"
        "twice,2024-02-01,yes,yes\n"
        "later,2030-01-01,no,yes\n"
    )
    people = customers_at(read_customers(source_of(written(tmp_path, text))), NOON)
    assert people["no_contact"].to_dict() == {
        "bad date": True, "bad twice": True, "later": False, "twice": True, "unreadable": True,
    }  # fmt: skip
    assert people.index[people["no_profiling"]].tolist() == ["later", "twice"]


def test_what_lies_after_the_cutoff_does_not_enter(tmp_path):
    text = (
        "customer_id,acquired_at,acquisition_cost,known_at,level\n"
        "a,2024-01-01,5,2024-01-01,bronze\n"
        "a,2024-01-01,5,2024-07-01,gold\n"
        "b,2024-06-01 12:00,7,2024-01-01,bronze\n"
        "c,2024-06-01 11:59,8,,silver\n"
        "d,2024-06-01 12:00,9,,silver\n"
    )
    found = read_customers(source_of(written(tmp_path, text)))
    people = customers_at(found, NOON)
    assert people["level"].to_dict() == {"a": "bronze", "b": "bronze", "c": "silver", "d": None}
    assert people["acquisition_cost"].dropna().to_dict() == {"a": 5.0, "c": 8.0}
    assert people["acquired_at"].max() < pd.Timestamp(NOON)
    assert customers_at(found, pd.Timestamp("2025-01-01")).loc["a", "level"] == "gold"


def test_stamps_with_an_offset_are_the_shops_local_time(tmp_path):
    text = "customer_id,acquired_at\na,2024-06-01T10:00:00Z\nb,2024-06-01T10:00:00+02:00\n"
    versions = read_customers(source_of(written(tmp_path, text))).versions
    assert versions["acquired_at"].dt.hour.tolist() == [12, 10]
    text = "customer_id,acquired_at\na,2024-06-01T10:00:00Z\nb,2024-06-01T10:00:00\n"
    with pytest.raises(DataError, match=r"mixes stamps with a time zone \(1\) and without \(1\)"):
        read_customers(source_of(written(tmp_path, text)))


def test_columns_of_other_names_and_formats_are_mapped(tmp_path):
    path = written(tmp_path, "Kunde;Seit;Kosten\na;31.12.2023;1.234,50\n")
    columns = {"customer_id": "Kunde", "acquired_at": "Seit", "acquisition_cost": "Kosten"}
    told = {"columns": columns, "format": {"separator": ";", "date_format": "%d.%m.%Y"}}
    people = customers_at(read_customers(source_of(path, **told)), NOON)
    assert people["acquisition_cost"].tolist() == [1234.5]
    assert people["acquired_at"].tolist() == [pd.Timestamp("2023-12-31")]


@pytest.mark.parametrize(
    ("text", "told", "sentence"),
    [
        ("kunde,x\na,1\n", {}, r"lacks the column `customer_id`.*say in customers\.columns"),
        ("customer_id\na\n", {"columns": {"channel": "via"}}, "`via` .for channel."),
        ("customer_id,city\n", {}, "holds no rows; deliver a table of customers"),
        ("", {}, "holds no rows; deliver a table of customers"),
        (
            "customer_id,acquired_at\na,nodate\nb,\n",
            {"max_bad_rows": 0.01},
            r"1 of 2 rows .*row 2, column `acquired_at`: .*customers\.format\.date_format",
        ),
    ],
)
def test_an_error_says_what_where_and_what_to_do(tmp_path, text, told, sentence):
    with pytest.raises(DataError, match=sentence):
        read_customers(source_of(written(tmp_path, text), **told))


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(DataError, match=r"no table of customers at .*set customers\.source"):
        read_customers(source_of(tmp_path / "nowhere.csv"))
    sqlite3.connect(tmp_path / "b.db").close()
    with pytest.raises(DataError, match=r"check customers\.source and customers\.table"):
        read_customers(source_of(f"sqlite:///{tmp_path / 'b.db'}", table="people"))
