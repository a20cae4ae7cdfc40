"""Stamps around the days when clocks change, read under six time zones of the process."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[3]
ZONES = [
    *("UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"),
    "Pacific/Apia",
]
# Day, and what happens there: clocks of New York skip an hour and repeat one, those of Lord Howe
# Island repeat half an hour, and Apia skips the whole of 30 December 2011.
CHANGES = {
    "America/New_York": ["2024-03-10", "2024-11-03"],
    "Australia/Lord_Howe": ["2024-04-07"],
    "Pacific/Apia": ["2011-12-30"],
}
READ = """
import json, sys
from pathlib import Path
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource

found = {}
for told in json.loads(Path(sys.argv[1]).read_text()):
    with read_purchases(PurchaseSource.from_mapping(told)) as read:
        rows = [{k: str(v) for k, v in row.items()} for row in read.lines.to_pylist()]
        found[told["source"] + told["timezone"]] = [rows, read.account.as_dict(), read.notes]
print(json.dumps(found, sort_keys=True))
"""


def moments(zone):
    """Moments every 30 minutes from a day before to a day after each change."""
    for day in CHANGES[zone]:
        midnight = dt.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
        yield from (midnight + dt.timedelta(minutes=30 * i) for i in range(-48, 97))


def local(moment, zone):
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def write_logs(folder):
    """Write each shop's lines naive, aware and as Parquet; return the settings of each."""
    told = []
    rates = folder / "rates.csv"
    days = [
        f"USD,{(dt.date(2011, 12, 1) + dt.timedelta(i)).isoformat()},{1 + i % 9}"
        for i in range(5000)
    ]
    rates.write_text("\n".join(["currency,date,rate", *days]), encoding="utf-8")
    for zone in CHANGES:
        found = list(moments(zone))
        stamps = {
            "naive": [str(local(m, zone)) for m in found],
            "aware": [m.astimezone(ZoneInfo(zone)).isoformat() for m in found],
            "zulu": [m.strftime("%Y-%m-%dT%H:%M:%SZ") for m in found],
        }
        name = zone.replace("/", "_")
        for kind, texts in stamps.items():
            path = folder / f"{name}_{kind}.csv"
            rows = [f"c{i % 5},{text},{i},USD" for i, text in enumerate(texts)]
            path.write_text(
                "\n".join(["customer_id,ordered_at,amount,money", *rows]), encoding="utf-8"
            )
            told.append({"source": path.name, "timezone": zone, "day_starts_at": "04:00"})
        table = {
            "customer_id": [f"c{i % 5}" for i in range(len(found))],
            "ordered_at": pa.array(found, pa.timestamp("us", tz="UTC")),
            "amount": list(map(float, range(len(found)))),
            "money": ["USD"] * len(found),
        }
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
        told.append({"source": f"{name}.parquet", "timezone": zone, "day_starts_at": "04:00"})
    money = {"column": "money", "to": "EUR", "rates": rates.name}
    return [{**one, "currency": money} for one in told]


def read_under(zone, folder):
    environment = {**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", READ, "told.json"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What was read under each time zone of the process."""
    folder = tmp_path_factory.mktemp("zones")
    (folder / "told.json").write_text(json.dumps(write_logs(folder)), encoding="utf-8")
    return {zone: read_under(zone, folder) for zone in ZONES}


@pytest.mark.parametrize("zone", ZONES)
def test_r8_the_time_zone_of_the_process_changes_nothing(read, zone):
    assert read[zone] == read["UTC"]


@pytest.mark.parametrize("zone", CHANGES)
def test_r8_moments_become_the_shops_local_time_and_naive_stamps_stay(read, zone):
    found = json.loads(read["Pacific/Apia"])
    expected = sorted(str(local(m, zone)) for m in moments(zone))
    name = zone.replace("/", "_")
    for file in (f"{name}_naive.csv", f"{name}_aware.csv", f"{name}_zulu.csv", f"{name}.parquet"):
        rows, account, _ = found[file + zone]
        assert sorted(row["ordered_at"] for row in rows) == expected
        assert account["accepted"] == account["rows"] == len(expected)


@pytest.mark.parametrize("zone", CHANGES)
def test_r8_however_stamps_are_written_the_lines_are_the_same(read, zone):
    found = json.loads(read["Asia/Kolkata"])
    name = zone.replace("/", "_")
    naive, *others = (
        found[file + zone][0]
        for file in (
            f"{name}_naive.csv",
            f"{name}_aware.csv",
            f"{name}_zulu.csv",
            f"{name}.parquet",
        )
    )
    assert all(rows == naive for rows in others)


def test_r8_a_night_that_repeats_an_hour_keeps_its_order_of_local_times(read):
    rows, *_ = json.loads(read["UTC"])["America_New_York_zulu.csvAmerica/New_York"]
    stamps = [row["ordered_at"] for row in rows if row["customer_id"] == "c0"]
    assert stamps == sorted(stamps)
    assert sum("2024-11-03 01:" in row["ordered_at"] for row in rows) == 4
    assert not any("2024-03-10 02:" in row["ordered_at"] for row in rows)
    skipped, *_ = json.loads(read["UTC"])["Pacific_Apia_zulu.csvPacific/Apia"]
    assert not any("2011-12-30" in row["ordered_at"] for row in skipped)
