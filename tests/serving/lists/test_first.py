"""The first list of a shop that has told nothing but its purchases."""

import csv

from serving.lists.first import first_list, first_text
from tests.serving.made import NOW, made_batch, made_orders, made_rows, publish

CALL = "perennial list -c shop.yaml"


def test_its_members_are_written_and_the_way_to_make_it_is_told(sqlite_store, settings, tmp_path):
    publish(sqlite_store, made_batch())
    path = tmp_path / "first.csv"
    found = first_list(sqlite_store, settings, NOW, path)
    with path.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == found["counts"]["listed"] > 0
    assert f"{CALL} make --name first" in first_text(found, CALL, str(path))


def test_where_no_contact_pays_there_is_no_file_and_the_reason_is_told(
    sqlite_store, settings, tmp_path
):
    batch = made_batch()
    rows = made_rows(batch)
    sqlite_store.publish(batch, rows.assign(value_at_risk=rows["value_at_risk"] * 0), made_orders())
    path = tmp_path / "first.csv"
    found = first_list(sqlite_store, settings, NOW, path)
    text = first_text(found, CALL, str(path))
    assert not path.exists()
    assert "this list would contact nobody: none of the" in text
    assert f"{CALL} preview" in text
    assert " make " not in text
