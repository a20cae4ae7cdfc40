import pandas as pd
import pytest

from configs.settings import load_settings
from features.shop_clock import ShopClock
from features.tables.of_shop import read_tables
from tests.features.made import day

CLOCK = ShopClock(day_starts_at="04:00")


@pytest.fixture
def shop(tmp_path):
    """Settings of a shop with all three tables, as plain values by their name."""
    files = {
        "customers": "id,acquired_at\na,2024-05-31 03:59\nb,2024-06-01 03:59\nc,2024-06-01 04:00\n",
        "contacts": "customer_id,contacted_at\na,2024-06-01 03:59\na,2024-06-01 04:00\nb,never\n",
        "surveys": "customer_id,answered_at,score\na,2024-05-01,8\n",
    }
    lines = ["purchases: {source: log.csv}"]
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        columns = ", columns: {customer_id: id}" if name == "customers" else ""
        lines.append(f"{name}: {{source: {tmp_path}/{name}.csv, max_bad_rows: 0.5{columns}}}")
    (tmp_path / "shop.yaml").write_text("\n".join(lines), encoding="utf-8")
    settings = load_settings(tmp_path / "shop.yaml")
    return {name: getattr(settings, name).model_dump() for name in files}


def test_the_tables_of_the_settings_are_read_and_cut_off_where_the_shops_day_begins(shop):
    tables = read_tables(CLOCK, **shop)
    june = day("2024-06-01")
    customers, contacts, surveys = (
        tables.customers_at(june), tables.contacts_at(june), tables.surveys_at(june),
    )  # fmt: skip
    assert customers is not None
    assert contacts is not None
    assert surveys is not None
    assert customers["acquired_at"].notna().to_dict() == {"a": True, "b": True, "c": False}
    assert contacts["n_contacts"].to_dict() == {"a": 1}
    assert surveys["last_score"].to_dict() == {"a": 8}
    assert tables.accounts()["contacts"]["reasons"] == {"bad_contacted_at": 1}


def test_quarantined_rows_are_listed_by_table_and_go_when_the_table_is_mended(shop, tmp_path):
    folder = tmp_path / "quarantine"
    [path] = read_tables(CLOCK, **shop).write_quarantine(folder)
    assert path.name == "contacts.csv"
    listed = pd.read_csv(path).values.tolist()
    assert listed == [["contacts.csv", 4, "contacted_at", "bad_contacted_at"]]
    (tmp_path / "contacts.csv").write_text("customer_id,contacted_at\n", encoding="utf-8")
    assert read_tables(CLOCK, **shop).write_quarantine(folder) == []
    assert not path.exists()


def test_a_shop_without_tables_has_none():
    tables = read_tables(CLOCK)
    assert (tables.customers_at(0), tables.contacts_at(0), tables.surveys_at(0)) == (None,) * 3
    assert tables.accounts() == {}
