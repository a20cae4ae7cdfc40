import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.shop_clock import ShopClock, date_of, day_number

ROOT = Path(__file__).parents[2]


def days(clock, *stamps):
    local = clock.local(pd.to_datetime(pd.Series(stamps), format="ISO8601"))
    return [
        str(date_of(number))
        for number in clock.days_of(local.to_numpy("datetime64[us]").astype(np.int64))
    ]


def test_a_day_number_and_its_date_are_inverse():
    for text in ("1970-01-01", "1969-12-31", "2024-02-29", "1800-01-01"):
        assert str(date_of(day_number(dt.date.fromisoformat(text)))) == text
    assert day_number(dt.date(1970, 1, 2)) == 1


def test_a_night_belongs_to_the_day_before():
    clock = ShopClock(day_starts_at="04:00")
    stamps = ("2024-05-02 01:30", "2024-05-02 03:59:59", "2024-05-02 04:00", "2024-05-02 23:59")
    assert days(clock, *stamps) == ["2024-05-01", "2024-05-01", "2024-05-02", "2024-05-02"]


def test_days_before_1970_count_down():
    assert days(ShopClock(), "1969-12-31 23:59", "1970-01-01") == ["1969-12-31", "1970-01-01"]


@pytest.mark.parametrize(
    ("zone", "moment", "wanted"),
    [
        # New York, 2024-03-10: 02:00 becomes 03:00; midnight is 05:00 UTC before and 04:00 after.
        ("America/New_York", "2024-03-10T04:59:00Z", "2024-03-09"),
        ("America/New_York", "2024-03-10T05:00:00Z", "2024-03-10"),
        ("America/New_York", "2024-03-11T03:59:00Z", "2024-03-10"),
        ("America/New_York", "2024-03-11T04:00:00Z", "2024-03-11"),
        # 2024-11-03: 01:30 comes twice, on the same day.
        ("America/New_York", "2024-11-03T05:30:00Z", "2024-11-03"),
        ("America/New_York", "2024-11-03T06:30:00Z", "2024-11-03"),
        # Lord Howe moves by half an hour, from 11:00 to 10:30 on 2024-04-07.
        ("Australia/Lord_Howe", "2024-04-06T12:59:00Z", "2024-04-06"),
        ("Australia/Lord_Howe", "2024-04-06T13:00:00Z", "2024-04-07"),
        ("Australia/Lord_Howe", "2024-04-07T13:29:00Z", "2024-04-07"),
        ("Australia/Lord_Howe", "2024-04-07T13:30:00Z", "2024-04-08"),
        # Apia had no 2011-12-30.
        ("Pacific/Apia", "2011-12-30T09:59:00Z", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),
        ("Asia/Kolkata", "2024-01-01T18:30:00Z", "2024-01-02"),
    ],
)
def test_r8_a_moment_falls_on_the_shops_day(zone, moment, wanted):
    assert days(ShopClock(zone), moment) == [wanted]
    assert str(ShopClock(zone).today(dt.datetime.fromisoformat(moment))) == wanted


def test_today_turns_when_the_shops_day_does():
    clock = ShopClock("Europe/London", "04:00")
    before = dt.datetime(2024, 7, 1, 2, 59, tzinfo=dt.UTC)
    assert clock.today(before) == dt.date(2024, 6, 30)
    assert clock.today(before + dt.timedelta(minutes=1)) == dt.date(2024, 7, 1)


PROGRAM = """
import sys
from features.reading.read import read_purchases
from features.shop_clock import ShopClock
from features.reading.source import PurchaseSource
for name in sys.argv[1:]:
    read = read_purchases(PurchaseSource(name, clock=ShopClock("America/New_York")))
    print(read.lines.to_pylist())
"""


def test_r8_the_time_zone_of_the_machine_changes_nothing(tmp_path):
    stamps = {"aware": "2024-03-10T06:59:00Z", "naive": "2024-03-10 02:30:00"}
    for name, stamp in stamps.items():
        text = f"customer_id,ordered_at,amount\na,{stamp},1\n"
        (tmp_path / f"{name}.csv").write_text(text)
    files = [str(tmp_path / f"{name}.csv") for name in stamps]
    outputs = set()
    for zone in ("UTC", "Australia/Lord_Howe"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *files],
            cwd=ROOT,
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        outputs.add(done.stdout)
    [output] = outputs
    assert "2024, 3, 10, 1, 59" in output
    assert "2024, 3, 10, 2, 30" in output
