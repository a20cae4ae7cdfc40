"""A delivery to a kept log: as if all files had been read together, at the cost of what is new."""

import csv
import datetime as dt

import pytest

from features.errors import DataError
from features.log.store import DeliveryRefused
from tests.features.log.delivered import (
    Shop,
    assert_kept_lines_are,
    assert_same_log,
    day_of,
    rows_on,
)

# 8 weeks, and the week after.
HISTORY, WEEK = range(56), range(56, 63)


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    made.deliver("history.csv", rows_on(HISTORY))
    return made


@pytest.fixture
def cut_shop(shop):
    """A shop whose log is kept in ranges of about 100 lines."""
    shop.lines_a_range = 100
    return shop


def test_a_delivery_is_as_if_all_files_were_read_together(cut_shop):
    cut_shop.load()
    cut_shop.deliver("week.csv", rows_on(WEEK, seed=1))
    added = cut_shop.load()
    assert added.restated is not None
    assert_same_log(added, cut_shop.anew())
    assert_kept_lines_are(cut_shop, rows_on(HISTORY) + rows_on(WEEK, seed=1))
    again = cut_shop.load()
    assert not again.fresh
    assert_same_log(again, added)
    cut_shop.deliver("xmas.csv", rows_on(range(63, 70), seed=2, customers=60))
    assert_same_log(cut_shop.load(), cut_shop.anew())


def test_only_ranges_that_a_delivery_touches_are_written(cut_shop):
    cut_shop.load()
    before = cut_shop.times()
    assert len(before) > 8
    rows = [("c003", day_of(57), 9.0, "o-new", "p1", "k1"), ("c039", day_of(58), 1.0, "n", "", "")]
    cut_shop.deliver("week.csv", rows)
    loaded = cut_shop.load()
    after = cut_shop.times()
    kept = {name: time for name, time in after.items() if name in before}
    assert {name: before[name] for name in kept} == kept
    assert len(before) - len(kept) == 2
    assert_same_log(loaded, cut_shop.anew())


def test_r6_the_restated_customers_are_those_whose_lines_changed(shop):
    history = rows_on(HISTORY)
    shop.load()
    order = [r for r in history if r[3] == history[0][3]]
    new = [("c001", day_of(57), 5.0, "n1", "p1", "k1"), ("new", day_of(57), 5.0, "n2", "p1", "k1")]
    late = [("c017", day_of(3), 2.5, "n3", "p2", "k2")]
    shop.deliver("week.csv", [*order, *new, *late])  # an order delivered again is no news
    loaded = shop.load()
    assert loaded.restated == ("c001", "c017", "new")
    assert loaded.account.duplicate == len(order)
    assert_same_log(loaded, shop.anew(), figures=False)
    assert_kept_lines_are(shop, [*history, *new, *late])


def test_the_fullest_delivery_of_an_order_counts(shop):
    shop.load()
    line = ("c002", day_of(57), 5.0, "full", "p1", "k1")
    shop.deliver("a.csv", [line, line, ("c002", day_of(57), 1.0, "full", "p2", "k2")])
    shop.load()
    shop.deliver("b.csv", [line, line, line])
    loaded = shop.load()
    assert loaded.restated == ("c002",)
    assert_same_log(loaded, shop.anew(), figures=False)


def test_r6_deliveries_in_any_order_make_the_same_log(tmp_path):
    parts = {f"{k}.csv": rows_on(range(8 * k, 8 * k + 8), seed=k) for k in range(4)}
    logs = []
    for order in ("0123", "3120", "2301"):
        shop = Shop(tmp_path / order)
        for k in order:
            shop.deliver(f"{k}.csv", parts[f"{k}.csv"])
            loaded = shop.load()
        logs.append(loaded)
        assert_kept_lines_are(shop, [row for rows in parts.values() for row in rows])
    for other in logs[1:]:
        assert_same_log(logs[0], other)


def test_a_line_id_delivered_again_takes_all_files(tmp_path):
    shop = Shop(tmp_path, header=("customer_id", "ordered_at", "amount", "line_id"))
    lines = [(r[0], r[1], r[2], f"l{i}") for i, r in enumerate(rows_on(HISTORY))]
    shop.deliver("history.csv", lines)
    shop.load()
    shop.deliver("week.csv", [("c001", day_of(57), 3.0, "l-new")])
    assert shop.load().restated == ("c001",)
    shop.deliver("more.csv", [lines[3], ("c001", day_of(58), 3.0, "l-newer")])
    loaded = shop.load()
    assert loaded.restated is None  # all files were read
    assert loaded.account.duplicate == 1
    assert_same_log(loaded, shop.anew())


def test_lines_without_an_id_are_told_from_those_with_one(tmp_path):
    header = ("customer_id", "ordered_at", "amount", "order_id", "line_id")
    shop = Shop(tmp_path, header)
    shop.deliver("a.csv", [("a", day_of(0), 5.0, "o", "l1"), ("a", day_of(0), 7.0, "o", "")])
    shop.load()
    shop.deliver("b.csv", [("a", day_of(0), 5.0, "o", ""), ("a", day_of(0), 7.0, "o", "")])
    loaded = shop.load()
    assert loaded.log.n_lines == 3
    assert_same_log(loaded, shop.anew(), figures=False)


def test_a_new_column_of_a_delivery_reaches_old_ranges_as_unknown(shop):
    shop.load()
    wide = Shop(shop.folder, header=(*shop.header, "channel"))
    wide.deliver("week.csv", [(*row, "web") for row in rows_on(WEEK, seed=1)])
    loaded = wide.load()
    assert loaded.restated is not None
    assert "channel" in loaded.log.columns
    assert_same_log(loaded, wide.anew())


def test_an_empty_delivery_is_no_fault_among_others(shop):
    first = shop.load()
    shop.deliver("monday.csv", [])
    loaded = shop.load()
    assert loaded.log.facts == first.log.facts
    assert_same_log(loaded, shop.anew())


def test_a_file_that_is_replaced_or_gone_takes_all_files(shop):
    shop.deliver("week.csv", rows_on(WEEK, seed=1))
    shop.load()
    shop.deliver("week.csv", rows_on(WEEK, seed=2))
    replaced = shop.load()
    assert replaced.restated is None
    assert_same_log(replaced, shop.anew())
    (shop.source / "week.csv").unlink()
    assert_same_log(shop.load(), shop.anew())


def test_a_copy_of_a_file_changes_nothing(shop):
    first = shop.load()
    shop.deliver("copy.csv", rows_on(HISTORY))
    loaded = shop.load()
    assert loaded.log.facts == first.log.facts
    assert loaded.account.duplicate == first.log.n_lines


def test_quarantined_rows_of_all_deliveries_are_listed(shop):
    shop.deliver("history.csv", [*rows_on(HISTORY), ("x", "never", 1.0, "", "", "")])
    shop.load()
    shop.deliver("week.csv", [*rows_on(WEEK, seed=1), ("x", "never", 1.0, "", "", "")])
    loaded = shop.load()
    assert loaded.account.reasons == {"bad_date": 2}
    newest = max((shop.var / "quarantine").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    with newest.open(newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["history.csv", "week.csv"]


def test_r2_a_delivery_with_too_many_bad_rows_changes_no_byte(shop):
    shop.load()
    before = shop.bytes()
    shop.deliver("week.csv", [*rows_on(WEEK, seed=1), *[("x", "never", 1.0, "", "", "")] * 9])
    with pytest.raises(DataError, match="9 of 149 rows"):
        shop.load()
    assert shop.bytes() == before


ODD = {
    "a missing day": [row for row in rows_on(WEEK, seed=1) if row[1] != day_of(58)],
    "half the volume": rows_on(WEEK, lines=9, seed=1),
    "twice the volume": rows_on(WEEK, lines=40, seed=1),
}


@pytest.mark.parametrize("name", ODD)
def test_r2_an_odd_delivery_is_refused_and_changes_no_byte(shop, name):
    shop.load(refuse_odd=True)
    before = shop.bytes()
    shop.deliver("week.csv", ODD[name])
    with pytest.raises(DeliveryRefused, match="nothing was changed") as refused:
        shop.load(refuse_odd=True)
    assert refused.value.exit_code == 3
    assert "\n" not in str(refused.value)
    assert shop.bytes() == before
    taken = shop.load(refuse_odd=True, check_deliveries=False)
    assert taken.log.n_lines == len(rows_on(HISTORY)) + len(ODD[name])
    assert not shop.load(refuse_odd=True).fresh


def test_r2_lost_lines_are_refused(shop):
    shop.load(refuse_odd=True)
    before = shop.bytes()
    shop.deliver("history.csv", rows_on(HISTORY)[:200])
    with pytest.raises(DeliveryRefused, match="920 of the 1120 lines delivered before are gone"):
        shop.load(refuse_odd=True)
    assert shop.bytes() == before


@pytest.mark.parametrize("name", ODD)
def test_r2_what_only_reports_notes_an_odd_delivery_and_it_stays_refused(shop, name):
    shop.load()
    shop.deliver("week.csv", ODD[name])
    [note] = [n for n in shop.load().notes if n.startswith("latest delivery: ")]
    assert note
    with pytest.raises(DeliveryRefused, match="nothing was changed"):
        shop.load(refuse_odd=True)
    shop.load(refuse_odd=True, check_deliveries=False)
    assert not [n for n in shop.load(refuse_odd=True).notes if n.startswith("latest delivery: ")]


def test_r2_an_odd_delivery_leaves_a_log_that_is_read_for_future_rows(shop):
    latest = dt.datetime(2024, 2, 26)  # noqa: DTZ001 - the shop's local time
    future = ("c001", "2024-03-15", 1.0, "f", "p1", "k1")
    shop.deliver("history.csv", [*rows_on(HISTORY), future])
    shop.load(latest=latest, refuse_odd=True)
    before = shop.bytes()
    # Now it is past, and the days before it are missing; the digest of the files is the same.
    with pytest.raises(DeliveryRefused, match="days have no lines"):
        shop.load(latest=latest + dt.timedelta(days=60), refuse_odd=True)
    assert shop.bytes() == before


def test_an_ordinary_week_is_taken(shop):
    shop.load(refuse_odd=True)
    shop.deliver("week.csv", rows_on(WEEK, seed=1))
    loaded = shop.load(refuse_odd=True)
    assert loaded.fresh
    assert not [n for n in loaded.notes if n.startswith("latest delivery: ")]
