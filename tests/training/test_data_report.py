"""What `check` says of a log: its figures, its verdicts, its page; for odd logs as well."""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.settings import load_settings
from features.catalogue import FEATURES
from features.log.shop_log import Held, ShopLog
from features.shop_clock import ShopClock, day_number
from tests.made_frames import log_from_frame
from tests.made_shop import call, made_purchases, on_days, repeated, write_shop
from training.data_calendar import churn_over_time, days_without_lines
from training.data_figures import (
    LogFigures,
    Span,
    exact_sum,
    figures_of,
    figures_of_range,
    quantile,
)
from training.data_plots import CAPTIONS, data_plots
from training.data_report import data_report, money_text
from training.data_report_page import data_report_html
from training.data_words import account_rows
from training.inputs import load

START = day_number(pd.Timestamp("2023-01-02").date())
OUTPUTS = [
    *("churn", "value", "backtest", "dates", "season", "new_customers", "refunds", "coverage"),
    *("orders", "products", "items", "categories", "discounts", "margin", "channels"),
]


def report_of(folder, lines, **told):
    settings = load_settings(write_shop(folder, lines, **told))
    return data_report(settings, load(settings))


def verdicts_of(report):
    return {told["output"]: told for told in report["verdicts"]}


def frame(*rows):
    return on_days(rows)


WORKED = pd.DataFrame(
    [
        ("a", "2023-01-02", "10.00", "a1"),
        ("a", "2023-01-02", "5.50", "a1"),
        ("a", "2023-01-12", "20.00", "a2"),
        ("a", "2023-01-15", "-20.00", "a2"),  # sent back after three days
        ("b", "2023-01-03", "0.00", "b1"),  # a sample
        ("b", "2023-01-05", "8.00", "b2"),
        ("b", "2023-01-05", "-8.00", "b2"),  # cancelled on its day: never an order
        ("c", "2023-01-04", "-3.25", ""),  # a refund of nothing that is known
    ],
    columns=["customer_id", "ordered_at", "amount", "order_id"],
)


def test_worked_example_adds_up_to_the_last_digit(tmp_path):
    report = report_of(tmp_path, WORKED)
    assert report["money"] == {
        "gross": "35.50",
        "refunded": "23.25",
        "net": "12.25",
        "voided_orders": 1,
        "voided_lines": 1,
        "voided": "8.00",
        "lines_without_effect": 2,
    }
    refunds = report["refunds"]
    assert (refunds["lines"], refunds["matched_lines"], refunds["unmatched_lines"]) == (2, 1, 1)
    assert (refunds["matched"], refunds["unmatched"]) == ("20.00", "3.25")
    assert refunds["delay_days"]["median"] == 3
    assert (report["customers"], report["orders"], report["lines"]) == (3, 3, 8)
    assert report["customers_without_purchase"] == 1
    assert report["one_time_buyers_share"] == 0.5
    assert (report["order_values"]["zero"], report["order_values"]["largest"]) == (1, 20.0)
    assert (report["gaps"]["gaps"], report["gaps"]["median"]) == (1, 10)
    assert report["without_lines"]["days"] == 8
    assert report["without_lines"]["longest"] == {
        "from": "2023-01-06",
        "to": "2023-01-11",
        "days": 6,
    }


def test_rows_are_accounted_for_by_reason_and_the_list_is_named(tmp_path):
    lines = made_purchases(60).astype({"amount": str})
    lines.loc[3, "amount"] = "ten"
    lines.loc[5, "customer_id"] = None
    lines.loc[7, "amount"] = "-0.01"
    lines["kind"] = "goods"
    lines.loc[9, "kind"] = "postage"
    rule = {"column": "kind", "equals": "postage", "why": "postage"}
    report = report_of(tmp_path, lines, purchases={"exclude": [rule]})
    parts = ("accepted", "duplicate", "anonymous", "excluded", "quarantined")
    assert report["rows"] == len(lines) == sum(report[part] for part in parts)
    assert report["reasons"] == {"bad_amount": 1}
    assert report["excluded_by"] == {"postage": 1}
    assert "bad_amount" in Path(report["quarantine_list"]).read_text()
    assert ("… postage", "1") in account_rows(report)
    [file] = report["files"]
    assert (file["rows"], file["accepted"]) == (report["rows"], report["accepted"])


def test_churn_is_the_share_of_the_active_who_stay_away():
    # "often" buys every tenth day to the end; "gone" buys on day 0 alone.
    rows = [("often", 10 * k, 5.0) for k in range(11)] + [("gone", 0, 5.0)]
    log = ShopLog.of(log_from_frame(frame(*rows), ShopClock()))
    span = Span(first_day=START, n_days=101, churn_days=30, scored_days=1000)
    told = churn_over_time(figures_of(log, span), span)
    # At day 30 both have bought within 30 days; from day 31 on only one has.
    assert (told["first_cutoff"], told["last_cutoff"]) == ("2023-02-01", "2023-03-14")
    assert told["cutoffs"] == 42
    assert told["rate"] == round(1 / 43, 4)
    assert (told["latest"], told["scored_rate"]) == (0.0, 0.5)


def brute_rate(lines, cutoff, days):
    bought = lines[lines["amount"] >= 0]
    before = bought[(bought["day"] < cutoff) & (bought["day"] >= cutoff - days)]
    after = bought[(bought["day"] >= cutoff) & (bought["day"] < cutoff + days)]
    active = set(before["customer_id"])
    return len(active), len(active - set(after["customer_id"]))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.sampled_from([5.0, 0.0, -5.0])),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 12),
)
def test_running_counts_equal_a_count_at_each_cutoff(rows, days):
    log = log_from_frame(frame(*rows), ShopClock())
    first, last = int(log.ordered_day.min()), int(log.ordered_day.max())
    span = Span(first_day=first, n_days=last - first + 1, churn_days=days, scored_days=days)
    figures = figures_of_range(log, span)
    told = pd.DataFrame(
        {
            "customer_id": log.customer_ids[log.customer_of_line],
            "day": log.ordered_day - first,
            "amount": np.where(log.is_purchase, 1, -1),
        }
    )
    for cutoff in range(days, span.n_days - days + 1):
        counted = (int(figures.active[: cutoff + 1].sum()), int(figures.lost[: cutoff + 1].sum()))
        assert counted == brute_rate(told, cutoff, days)


def test_ranges_one_after_the_other_give_the_figures_of_the_whole():
    lines = made_purchases(40)
    span = Span(first_day=START, n_days=400, churn_days=60, scored_days=1000)
    ids = sorted(set(lines["customer_id"]))
    parts = [lines[lines["customer_id"].isin(ids[i::4][:])] for i in range(4)]
    whole = figures_of_range(log_from_frame(lines, ShopClock()), span)
    split = figures_of(ShopLog([Held(log_from_frame(p, ShopClock())) for p in parts]), span)
    for name in ("counts", "order_values", "largest_order"):
        assert getattr(whole, name) == getattr(split, name)
    for name in ("orders_of_customer", "gaps", "orders", "new_customers", "active", "lost"):
        assert np.array_equal(getattr(whole, name), getattr(split, name)), name
    assert np.allclose(whole.net, split.net)


def test_sums_and_money_lose_no_digit():
    amounts = np.array([2**62, 2**62, 2**62, -7], np.int64)
    assert exact_sum(amounts) == 3 * 2**62 - 7
    assert money_text(3 * 2**62 - 7) == str(Decimal(3 * 2**62 - 7) / 10_000)
    assert [money_text(n) for n in (0, -1, 10_000, 12_340, -25)] == [
        *("0.00", "-0.0001", "1.00", "1.234", "-0.0025"),
    ]
    assert quantile({}, 0.5) is None
    assert [quantile({1: 3, 9: 1}, q) for q in (0.5, 0.75, 0.76, 1.0)] == [1, 1, 9, 9]


def test_a_young_log_is_told_what_is_too_little_and_what_to_add(tmp_path):
    told = {"horizons": {"churn_days": 60, "value_days": 365}}
    report = report_of(tmp_path, made_purchases(300), **told)
    found = verdicts_of(report)
    assert list(found) == OUTPUTS
    assert found["churn"]["verdict"] == "thin"
    assert "hard to show" in found["churn"]["why"]
    value = found["value"]
    assert value["verdict"] == "thin"
    assert value["why"].startswith("value over 365 days: no window of 365 days has closed")
    assert re.search(r"deliver the log from 202\d-\d\d-\d\d on \(it begins on", value["add"])
    assert re.search(r"or set `horizons.value_days` to \d+ or less", value["add"])
    assert found["backtest"]["verdict"] == "none"
    assert "set both horizons to 60 days" in found["backtest"]["add"]
    assert found["margin"] == {
        "output": "margin",
        "verdict": "none",
        "why": "margin and contribution: `cost` is not in the log; 3 features are absent",
        "add": "map `cost` in `purchases.columns`",
    }


def test_the_horizon_that_is_advised_does_close(tmp_path):
    report = report_of(tmp_path / "a", made_purchases(80), horizons={"value_days": 365})
    found = re.search(r"to (\d+) or less", verdicts_of(report)["value"]["add"])
    assert found is not None
    days = int(found[1])
    again = report_of(tmp_path / "b", made_purchases(80), horizons={"value_days": days})
    assert "no window" not in verdicts_of(again)["value"]["why"]
    longer = report_of(tmp_path / "c", made_purchases(80), horizons={"value_days": days + 1})
    assert "no window" in verdicts_of(longer)["value"]["why"]


def test_optional_columns_are_present_empty_or_absent_and_features_follow(tmp_path):
    lines = made_purchases(60).assign(quantity=1, category="", sku="x", note="hello")
    report = report_of(tmp_path, lines)
    status = {c["column"]: c["status"] for c in report["columns"]}
    assert (status["quantity"], status["category"], status["cost"]) == (
        *("present", "empty", "absent"),
    )
    assert report["unused_columns"] == ["sku", "note"]
    found = verdicts_of(report)
    assert found["items"]["verdict"] == "good"
    assert found["categories"]["add"].startswith("fill the column `category`")
    assert found["products"]["add"].endswith("perhaps to the unused column `sku`")
    absent = report["features"]["absent"]
    assert set(absent) == {"product_id", "category", "discount", "cost", "channel"}
    lacking = sum(len(names) for names in absent.values())
    assert report["features"]["present"] + lacking == len(FEATURES)


def test_customers_all_won_at_one_time_are_noticed(tmp_path):
    report = report_of(tmp_path, repeated(50, lambda i: range(i % 10, 300, 15)))
    told = verdicts_of(report)["new_customers"]
    assert told["verdict"] == "thin"
    assert "none since 2023-01-11" in told["why"]


def test_a_stray_early_date_is_noticed(tmp_path):
    lines = made_purchases(300)
    lines = pd.concat([lines, frame(("stray", -9000, 1.0))], ignore_index=True)
    [note] = [n for n in report_of(tmp_path, lines)["notes"] if "log begin" in n]
    assert "1998-05-13" in note


def test_closed_weekdays_are_told_from_other_days_without_lines():
    # 2023-01-02 was a Monday; Sundays are shut, and one Wednesday.
    open_days = {START + d: 3 for d in range(70) if d % 7 != 6 and d != 16}
    assert days_without_lines(open_days, START) == {
        "days": 10,
        "on_closed_weekdays": 9,
        "closed_weekdays": ["Sunday"],
        "longest": {"from": "2023-01-08", "to": "2023-01-08", "days": 1},
    }


ODD = {
    "one customer": frame(*(("a", 7 * k, 3.0) for k in range(60))),
    "one line": frame(("a", 0, 3.0)),
    "only refunds": frame(("a", 0, -3.0), ("b", 500, -1.0)),
    "one day": frame(*((f"c{i}", 0, 1.0) for i in range(200))),
    "nothing costs anything": frame(*((f"c{i % 9}", i, 0.0) for i in range(200))),
    "twenty years apart": frame(("a", -7300, 3.0), ("a", 0, 3.0)),
    "two days": frame(("a", 0, 3.0), ("b", 1, 9e11)),
}


@pytest.mark.parametrize("kind", ODD)
def test_small_and_odd_logs_are_reported(tmp_path, kind):
    config = write_shop(tmp_path, ODD[kind])
    done = call("check", "-c", config, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert [told["output"] for told in report["verdicts"]] == OUTPUTS
    money = report["money"]
    assert Decimal(money["gross"]) - Decimal(money["refunded"]) == Decimal(money["net"])
    assert data_report_html(report).endswith("</html>")
    assert call("check", "-c", config).code == 0


class Page(HTMLParser):
    """Collects tags and what they would load."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.ids = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.add(tag)
        loads = [v for k, v in attrs if k in ("src", "href", "xlink:href", "action")]
        self.links += [v for v in loads if not v.startswith("#")]
        self.ids += [told["id"]] if "id" in told else []
        assert not any(name.startswith("on") for name, _ in attrs)


@pytest.fixture(scope="module")
def shop_report(tmp_path_factory):
    lines = made_purchases(300)
    refunds = lines.sample(40, random_state=1).assign(amount=lambda f: -f["amount"])
    lines = pd.concat([lines, refunds]).assign(
        order_id=lambda f: f["customer_id"] + f["ordered_at"]
    )
    return report_of(tmp_path_factory.mktemp("shop"), lines)


def test_the_page_loads_nothing_and_runs_nothing(shop_report):
    page = Page(data_report_html(shop_report))
    assert page.links == []
    assert not page.tags & {"script", "link", "iframe", "object", "form", "img"}
    assert {"svg", "figure", "table"} <= page.tags


def test_every_picture_is_drawn_in_the_colours_of_the_page(shop_report):
    plots = data_plots(shop_report)
    assert set(plots) >= {"orders", "net_spend", "churn_over_time", "gaps", "order_values"}
    assert set(plots) <= set(CAPTIONS)
    for svg in plots.values():
        assert svg.startswith('<svg role="img"')
        assert "var(--blue)" in svg or "var(--orange)" in svg
        assert not re.search(r"#[0-9a-f]{6}\b", svg), re.findall(r"#[0-9a-f]{6}\b", svg)


def test_the_same_report_gives_the_same_page(shop_report):
    assert data_report_html(shop_report) == data_report_html(shop_report)


def test_names_of_a_shop_are_text_on_the_page_and_no_markup(shop_report):
    odd = '<b onclick="x">[red]`'
    page = data_report_html(
        {**shop_report, "unused_columns": [odd], "notes": [odd], "excluded_by": {odd: 1}}
    )
    assert odd not in page
    assert page.count("&lt;b onclick=") == 3


def test_the_report_holds_no_customer(tmp_path):
    config = write_shop(tmp_path, made_purchases(50, prefix="canary-"))
    done = call("check", "-c", config, "--json")
    page = tmp_path / "var" / "check" / "report.html"
    assert json.loads(done.out)["page"] == str(page)
    assert "canary-" not in done.out + page.read_text(encoding="utf-8")


def test_the_page_goes_where_it_is_asked_to(tmp_path):
    config = write_shop(tmp_path, made_purchases(50))
    done = call("check", "-c", config, "--out", tmp_path / "elsewhere")
    assert done.code == 0, done.err
    assert (tmp_path / "elsewhere" / "report.html").is_file()
    assert not (tmp_path / "var" / "check").exists()
    assert call("check", "-c", config, "--out", config).code == 2


def test_no_figures_at_all_can_be_added():
    nothing = LogFigures() + LogFigures()
    assert nothing.counts == {}
    assert len(nothing.gaps) == 0
