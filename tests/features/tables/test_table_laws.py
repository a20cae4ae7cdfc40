import csv

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from features.shop_clock import ShopClock
from features.tables.customers import CUSTOMERS, customers_at, read_customers
from features.tables.source import TableSource

CUTOFF = pd.Timestamp("2024-06-01")
HEADER = ["customer_id", "acquired_at", "acquisition_cost", "no_contact", "known_at", "level"]
text = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8)
stamps = st.sampled_from(["", "2024-01-01", "2024-06-01", "2025-03-04 05:06", "soon"])
rows = st.tuples(
    st.one_of(st.sampled_from(["a", "b", "007", ""]), text),
    stamps,
    st.one_of(st.sampled_from(["", "1.5", "-2", "many", "nan", "1e30"]), text),
    st.one_of(st.sampled_from(["", "yes", "no", "0", "TRUE", "never"]), text),
    stamps,
    text,
)


def source_of(path):
    return TableSource.of(CUSTOMERS, {"source": str(path), "max_bad_rows": 1.0}, ShopClock())


@settings(max_examples=40, deadline=None)
@given(table=st.lists(rows, min_size=1, max_size=12))
def test_whatever_is_written_every_row_is_accounted_for_and_no_wish_is_lost(
    tmp_path_factory, table
):
    path = tmp_path_factory.mktemp("drawn") / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *table])
    found = read_customers(source_of(path))
    account = found.account
    assert account.rows == len(table)
    assert account.rows == account.accepted + account.duplicate + account.quarantined
    assert account.quarantined == len(found.quarantine) == sum(account.reasons.values())
    assert account.accepted == len(found.versions)
    people = customers_at(found, CUTOFF)
    assert people.index.is_unique
    assert not (people["acquired_at"] >= CUTOFF).any()
    for customer, wish in ((row[0], row[3]) for row in table):
        if customer in ("a", "b", "007") and wish in ("yes", "TRUE", "never"):
            assert people["no_contact"][customer]


def test_typed_columns_of_parquet_are_taken_as_they_are(tmp_path):
    table = pa.table(
        {
            "customer_id": pa.array([7, 8], pa.int64()),
            "acquired_at": pa.array([pd.Timestamp("2024-01-01"), None], pa.timestamp("ns")),
            "acquisition_cost": pa.array([1.1, None], pa.float64()),
            "no_contact": pa.array([True, None], pa.bool_()),
            "likes": pa.array([["tea", "jam"], None], pa.list_(pa.string())),
            "born": pa.array([1990.0, None], pa.float64()),
        }
    )
    pq.write_table(table, tmp_path / "people.parquet")
    found = read_customers(source_of(tmp_path / "people.parquet"))
    people = customers_at(found, CUTOFF)
    assert people.index.tolist() == ["7", "8"]
    assert people["acquired_at"].tolist()[0] == pd.Timestamp("2024-01-01")
    assert people["acquisition_cost"].tolist()[0] == 1.1
    assert people["no_contact"].tolist() == [True, False]
    assert people["likes"].tolist() == [None, None]
    assert found.notes == ("columns without a value that can be read: `likes`",)
    assert people["born"].tolist() == ["1990", None]


def test_two_files_are_one_table(tmp_path):
    (tmp_path / "1.csv").write_text("customer_id,no_contact\na,yes\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text("customer_id,level\nb,gold\na,\n", encoding="utf-8")
    (tmp_path / "3.csv").write_text("customer_id\n", encoding="utf-8")
    found = read_customers(source_of(tmp_path))
    people = customers_at(found, CUTOFF)
    assert people["no_contact"].to_dict() == {"a": True, "b": False}
    assert people["level"].to_dict() == {"a": None, "b": "gold"}
    assert found.account.reasons == {"repeated_customer": 1}
    assert found.notes == ("3.csv holds no rows",)
