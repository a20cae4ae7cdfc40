import pandas as pd
import pytest

from configs.settings import load_settings
from features.errors import DataError
from tests.made_shop import call, made_purchases, write_shop
from training.data_report import data_report
from training.data_report_page import data_report_html
from training.inputs import load


def shop(folder, customers, contacts=None):
    """A shop with a table of customers and perhaps one of contacts."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"customers": customers, "contacts": contacts}
    told = {}
    for name, rows in tables.items():
        if rows is not None:
            pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
            told[name] = {"source": str(folder / f"{name}.csv"), "max_bad_rows": 0.5}
    return write_shop(folder, made_purchases(customers=200), **told)


def report_of(folder, customers, contacts=None):
    settings = load_settings(shop(folder, customers, contacts))
    return data_report(settings, load(settings))


def ids():
    return sorted(made_purchases(customers=200)["customer_id"].unique())


def test_a_log_without_tables_tells_of_none(tmp_path):
    settings = load_settings(write_shop(tmp_path, made_purchases(customers=200)))
    assert data_report(settings, load(settings))["tables"] == []


def test_every_row_of_a_table_is_accounted_for_and_its_customers_are_sought_in_the_log(tmp_path):
    there = ids()
    rows = [{"customer_id": c, "reachable_by": "email"} for c in [*there[:50], "stranger"]]
    rows.append({"customer_id": "", "reachable_by": "email"})
    contacts = [
        {"customer_id": there[0], "contacted_at": "2024-01-05"},
        {"customer_id": there[1], "contacted_at": "no day"},
    ]
    report = report_of(tmp_path, rows, contacts)
    customers, sent = report["tables"]
    assert (customers["table"], sent["table"]) == ("customers", "contacts")
    assert (customers["rows"], customers["accepted"], customers["quarantined"]) == (52, 51, 1)
    assert (customers["customers"], customers["known"]) == (51, 50)
    assert customers["known_share"] == round(50 / len(there), 4)
    assert (sent["accepted"], sent["quarantined"], sent["known"]) == (1, 1, 1)
    verdicts = {v["output"]: v for v in report["verdicts"]}
    assert verdicts["customers"]["verdict"] == "thin"
    assert verdicts["contacts"]["verdict"] == "good"
    page = data_report_html(report)
    assert "Tables beside the log" in page
    assert "51, 50 in the log" in page


def test_a_table_of_strangers_says_what_to_do(tmp_path):
    rows = [{"customer_id": f"00{i}", "reachable_by": "email"} for i in range(20)]
    verdict = {v["output"]: v for v in report_of(tmp_path, rows)["verdicts"]}["customers"]
    assert verdict["verdict"] == "none"
    assert "leading zeros" in verdict["add"]


def test_a_table_that_cannot_be_read_ends_the_check_with_3(tmp_path):
    config = shop(tmp_path, [{"customer_id": "a"}])
    (tmp_path / "customers.csv").unlink()
    with pytest.raises(DataError, match="customers"):
        data_report(load_settings(config), load(load_settings(config)))
    called = call("check", "-c", config)
    assert called.code == 3
    assert "customers.csv" in called.err


def test_check_prints_the_tables(tmp_path):
    config = shop(tmp_path, [{"customer_id": c, "reachable_by": "email"} for c in ids()])
    called = call("check", "-c", config)
    assert called.code == 0
    assert "tables beside the log" in called.out
    assert "customers are in it" in " ".join(called.out.split())
