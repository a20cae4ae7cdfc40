"""The value part of the portfolio answer, from a real publication."""

import pandas as pd
import pytest

from serving.answers import Answers
from serving.publish import publish
from serving.scores import ScoreStore
from serving.web.openapi import openapi_document
from tests.made_shop import trained_shop
from tests.serving.portfolio_shop import FIRST, NOW, SECOND, portfolio_shop
from tests.serving.test_openapi import fits


@pytest.fixture(scope="module")
def shop(mlflow_template):
    return portfolio_shop(mlflow_template)


@pytest.fixture(scope="module")
def answers(shop):
    """The portfolio by basis."""
    store = ScoreStore(shop.settings.store_url)
    found = Answers(store, stale_after_hours=36)
    batch = store.current()
    assert batch is not None
    yield {basis: found.portfolio(batch, NOW, basis) for basis in ("revenue", "profit")}
    store.close()


@pytest.mark.parametrize("basis", ["revenue", "profit"])
def test_the_answer_fits_the_document_on_either_basis(answers, basis):
    schema = openapi_document()["components"]["schemas"]["Portfolio"]
    assert fits(schema, answers[basis])
    assert answers[basis]["basis"] == basis


def test_the_ladder_adds_up_to_the_cent_and_to_the_rows(answers):
    steps = {item["step"]: item for item in answers["revenue"]["ladder"]["steps"]}
    cents = {
        name: {when: round(told[when] * 100) for when in ("historic", "predicted", "total")}
        for name, told in steps.items()
    }
    for when in ("historic", "predicted", "total"):
        one = {name: told[when] for name, told in cents.items()}
        assert one["net"] == one["gross"] - one["refunds"]
        assert one["margin"] == one["net"] - one["goods"]
        left = one["margin"] - one["serving"] - one["retention"] - one["discounting"]
        assert one["contribution"] == left
        assert one["contribution_after_acquisition"] == left - one["acquisition"]
    for told in cents.values():
        assert told["total"] == told["historic"] + told["predicted"]


def test_profit_is_what_the_ladder_leaves_of_revenue(answers):
    steps = {item["step"]: item for item in answers["revenue"]["ladder"]["steps"]}
    for basis, step in (("revenue", "net"), ("profit", "contribution")):
        worth = answers[basis]["worth"]
        for by in ("cohorts", "channels", "both"):
            total = sum(group["total"] for group in worth[by])
            assert total == pytest.approx(steps[step]["total"], abs=0.5)
        assert [group["group"] for group in worth["channels"]] == ["<b>ads</b>", "friends"]
        assert sum(tier["customer_share"] for tier in worth["tiers"]) == pytest.approx(1)


def test_acquisition_stands_beside_what_it_brings(answers):
    ladder = answers["revenue"]["ladder"]
    told, steps = ladder["acquisition"], {item["step"]: item for item in ladder["steps"]}
    assert told["cost"] == 5.0 * told["customers"] == steps["acquisition"]["total"]
    assert told["clv_to_acquisition_cost"] == pytest.approx(
        steps["contribution"]["total"] / told["cost"]
    )
    assert 0 < ladder["first_order_share"] < 1


def test_repeat_rates_can_be_counted_from_the_log(answers, shop):
    told = answers["revenue"]["repeat_rates"]
    lines = shop.purchases[lambda f: (f["ordered_at"] < str(SECOND)) & (f["amount"] > 0)]
    days = lines.assign(day=pd.to_datetime(lines["ordered_at"]).dt.normalize())
    days = days.drop_duplicates(["customer_id", "day"]).sort_values("day")
    grouped = days.groupby("customer_id")["day"]
    first, second = grouped.nth(0), grouped.nth(1)
    first = first.set_axis(days.loc[first.index, "customer_id"])
    second = second.set_axis(days.loc[second.index, "customer_id"])
    wait = (second - first).dt.days.reindex(first.index)
    cohort = first.dt.strftime("%Y-%m")
    assert [each["cohort"] for each in told["cohorts"]] == sorted(set(cohort))
    for each in told["cohorts"]:
        its = wait[cohort == each["cohort"]]
        assert each["customers"] == len(its)
        for window in each["windows"]:
            if window["code"] is None:
                assert window["repeaters"] == (its <= window["window_days"]).sum()
                assert window["low"] <= window["rate"] <= window["high"]
            else:
                assert (window["code"], window["rate"]) == ("window_open", None)


def test_new_customers_are_compared_or_it_says_why_not(answers):
    for basis in ("revenue", "profit"):
        told = answers[basis]["newcomers"]
        assert told["sentence"]
        assert (told["code"] is None) == bool(told["cohorts"])


def test_behaviour_counts_every_scored_customer_once(answers):
    scored = answers["revenue"]["statuses"]["scored"]
    by = {each["by"]: each for each in answers["revenue"]["behaviour"]}
    rhythm = by["rhythm"]
    assert sum(g["customers"] for g in rhythm["groups"]) + rhythm["not_told"] == scored
    assert by["discount_buyer"]["code"] == "no_discount_column"
    assert by["discount_buyer"]["groups"] == []


def test_moves_tell_of_everybody_since_the_batch_before(answers):
    moves = answers["revenue"]["moves"]
    assert moves["since"]["as_of"] == str(FIRST)
    for name in ("lifecycle_status", "rfm_group"):
        told = moves[name]
        counted = sum(cell["customers"] for cell in told["cells"])
        assert counted == told["stayed"] + told["moved"] + told["joined"] + told["left"]
        assert told["stayed"] > 0


def test_the_growth_list_names_those_with_most_room_first(answers):
    growth = answers["revenue"]["growth"]
    room = [item["room"] for item in growth["items"]]
    assert room == sorted(room, reverse=True)
    assert growth["customers"] >= len(room) > 0
    for item in growth["items"]:
        assert item["room"] == pytest.approx(item["potential"] - item["value"])


def test_without_a_margin_profit_says_why_there_is_none(mlflow_template, tmp_path):
    settings = trained_shop(mlflow_template).copy_to(tmp_path).settings
    batch = publish(settings, as_of=SECOND, now=NOW).batch
    store = ScoreStore(settings.store_url)
    told = Answers(store, stale_after_hours=36).portfolio(batch, NOW, "profit")
    store.close()
    assert (told["worth"]["code"], told["newcomers"]["code"]) == ("no_margin", "no_margin")
    assert told["worth"]["cohorts"] == []
    steps = {item["step"]: item["historic"] for item in told["ladder"]["steps"]}
    assert steps["net"] > 0
    assert steps["contribution"] is None
