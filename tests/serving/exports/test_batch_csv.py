import csv

import pandas as pd
import pytest

from serving.exports.batch_csv import CSV_FIELDS, write_csv
from serving.exports.guard import guarded
from tests.serving.made import made_rows


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"],
)
def test_text_that_a_spreadsheet_would_run_is_guarded(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("value", ["00012", "a-b", "", -5.0, None, 7])
def test_other_values_stay_as_they_are(value):
    assert guarded(value) == value


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_ids_keep_their_zeros_and_numbers_stay_numbers(tmp_path):
    rows = made_rows()[list(CSV_FIELDS)]
    path = tmp_path / "new" / "scores.csv"
    write_csv(rows, path)
    written = read(path)
    assert tuple(written[0]) == CSV_FIELDS
    assert [row["customer_id"] for row in written] == rows["customer_id"].tolist()
    assert written[0]["customer_id"] == "00000"
    assert float(written[0]["predicted_clv"]) == rows["predicted_clv"][0]
    assert written[1]["expected_date_of_next_order"] == "2024-07-20"
    assert float(written[1]["predicted_number_of_orders"]) == pytest.approx(2.19)
    assert written[9]["predicted_clv"] == "", "an inactive customer has no value"
    assert [p.name for p in path.parent.iterdir()] == ["scores.csv"]


def test_odd_ids_survive_the_way_through_a_file(tmp_path):
    ids = ["=cmd|' /C calc'!A0", 'quote " and, comma', "line\nbreak", "-7", "ünï"]
    write_csv(pd.DataFrame({"customer_id": ids, "amount": [-1.5] * 5}), tmp_path / "s.csv")
    written = read(tmp_path / "s.csv")
    assert [row["customer_id"].removeprefix("'") for row in written] == ids
    assert written[0]["customer_id"].startswith("'=")
    assert {row["amount"] for row in written} == {"-1.5000"}


def test_the_file_before_stays_when_writing_fails(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")

    class Unwritable:
        def __str__(self):
            raise RuntimeError("cannot be written")

    with pytest.raises(RuntimeError):
        write_csv(pd.DataFrame({"x": [Unwritable()]}), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["scores.csv"]
