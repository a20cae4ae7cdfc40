"""Preview, make and read lists on a published batch."""

from datetime import date, timedelta
from typing import Any

import pytest

from retention.lists.audience import LEFT_OUT
from retention.lists.frozen import digest_of
from serving.errors import CursorError
from serving.lists import service
from serving.lists.errors import (
    Busy,
    ListExists,
    ListRefused,
    NothingPublished,
    UnknownList,
)
from serving.lists.request import ContactIn
from serving.store.list_rows import HASHED_HEAD
from tests.serving.lists.made_lists import WHO, asked, make, members_of
from tests.serving.made import NOW, made_batch, publish, until


@pytest.fixture
def shop(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=1500))
    return sqlite_store, settings


def test_a_preview_counts_everybody_once_and_writes_nothing(shop):
    store, settings = shop
    told = service.preview(store, settings, NOW, asked())
    counts = told["counts"]
    assert counts["customers"] == 1500
    assert counts["eligible"] + sum(counts[name] for name in LEFT_OUT) == 1500
    assert (counts["not_scored"], counts["lapsed"]) == (150, 100)
    assert counts["contacted"] + counts["held_out"] == counts["listed"]
    assert counts["listed"] <= counts["worth_contacting"] <= counts["eligible"]
    assert told["gain"]["low"] < told["gain"]["mean"] < told["gain"]["high"]
    assert {row["assumption"] for row in told["sensitivity"]} == {
        "save_rate",
        "margin",
        "contact_cost",
    }
    assert service.all_lists(store, settings, NOW) == []


def test_a_list_is_what_its_preview_said_and_is_read_back_whole(shop):
    store, settings = shop
    told = service.preview(store, settings, NOW, asked(list_id="spring", budget=100.0))
    made = make(store, settings, list_id="spring", budget=100.0)
    assert made["counts"] == told["counts"]
    assert made["terms"] == told["terms"]
    assert made["outlay"] == pytest.approx(told["outlay"], rel=0.1)
    assert made["outlay"] <= 100.0
    assert service.the_list(store, settings, NOW, "spring") == made
    [head] = service.all_lists(store, settings, NOW)
    assert (head["list_id"], head["status"], head["verdict"]) == ("spring", "open", None)
    assert head["counts"] == made["counts"]
    # Anybody can repeat the hash from what is answered.
    told = {name: made[name] for name in HASHED_HEAD}
    members = members_of(store, "spring")
    assert digest_of("spring", made["terms"], members, told) == made["digest"]


def test_defaults_are_told_with_the_list(shop):
    store, settings = shop
    terms = make(store, settings, save_rate=None)["terms"]
    assert terms["assumed"]["save_rate"] == {"mean": 0.05, "sd": 0.02, "origin": "assumed"}
    assert (terms["begins_on"], terms["readout_on"]) == ("2024-07-01", "2024-09-29")
    second = make(store, settings)
    assert second["list_id"] == "list-2024-07-01-2"


def test_without_a_margin_it_says_how_to_give_one(shop):
    store, settings = shop
    with pytest.raises(ListRefused, match="give `margin`.*or set `money.margin`") as caught:
        service.preview(store, settings, NOW, asked(margin=None))
    assert caught.value.field == "margin"
    money = settings.money.model_copy(update={"margin": 0.4})
    with_one = settings.model_copy(update={"money": money})
    same = service.preview(store, with_one, NOW, asked(margin=None))
    assert same == service.preview(store, settings, NOW, asked())


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"begins_on": "2024-06-30"}, "begins_on", "before 2024-07-01, the day of the scores"),
        ({"begins_on": "9999-12-31"}, "begins_on", "more than ten years"),
        ({"readout_on": "2024-07-01"}, "readout_on", "must come after begins_on"),
        ({"save_rate": {"mean": 0.0, "sd": 0.1}}, "save_rate", "standard deviation of 0.1"),
    ],
)
def test_terms_that_cannot_be_are_refused(shop, changes, field, sentence):
    store, settings = shop
    with pytest.raises(ListRefused, match=sentence) as caught:
        service.preview(store, settings, NOW, asked(**changes))
    assert caught.value.field == field


def test_before_the_first_batch_there_is_nothing_to_list(sqlite_store, settings):
    with pytest.raises(NothingPublished, match="perennial score"):
        service.preview(sqlite_store, settings, NOW, asked())


def test_the_audience_follows_the_filters(shop):
    store, settings = shop
    everybody = service.preview(store, settings, NOW, asked())["counts"]
    risky = asked(audience={"risk_tier": ["high"], "min_value_at_risk": 20.0})
    few = service.preview(store, settings, NOW, risky)["counts"]
    assert few["filtered_out"] > 0
    assert few["eligible"] == everybody["eligible"] - few["filtered_out"]
    lapsed = asked(audience={"include_lapsed": True})
    assert service.preview(store, settings, NOW, lapsed)["counts"]["lapsed"] == 0


def test_a_list_cannot_be_made_twice(shop):
    store, settings = shop
    first = make(store, settings, list_id="spring")
    with pytest.raises(ListExists, match="'spring' was made before"):
        make(store, settings, list_id="spring", budget=5.0)
    assert service.the_list(store, settings, NOW, "spring") == first


def test_members_come_in_pages_that_join_to_the_whole(shop):
    store, settings = shop
    made = make(store, settings, list_id="spring")
    found, cursor = [], None
    while True:
        page = service.members(store, "spring", cursor=cursor, limit=100)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [each["rank"] for each in found] == list(range(1, made["counts"]["listed"] + 1))
    assert len({each["customer_id"] for each in found}) == len(found)
    held = service.members(store, "spring", limit=1000, arm="held_out")["items"]
    assert held == [each for each in found if each["arm"] == "held_out"]
    cursor = service.members(store, "spring", limit=1)["next_cursor"]
    with pytest.raises(CursorError):
        service.members(store, "spring", cursor=cursor, arm="held_out")
    with pytest.raises(UnknownList, match="no list 'summer'"):
        service.members(store, "summer")


def test_the_held_out_enter_no_list_that_overlaps(shop):
    store, settings = shop
    make(store, settings, list_id="spring")
    held = set(members_of(store, "spring").query("arm == 'held_out'")["customer_id"])
    second = make(store, settings, list_id="second")
    assert second["counts"]["held_out_elsewhere"] == len(held)
    assert held.isdisjoint(members_of(store, "second")["customer_id"])
    after = date(2024, 9, 29)
    later = service.preview(store, settings, NOW, asked(begins_on=after))
    assert later["counts"]["held_out_elsewhere"] == 0


def test_a_contact_cap_counts_lists_that_were_not_yet_told_of(shop):
    store, settings = shop
    first = make(store, settings, list_id="spring")
    cap = {"contacts": 1, "days": 14}
    second = service.preview(store, settings, NOW, asked(contact_cap=cap))
    assert second["counts"]["contact_cap"] == first["counts"]["contacted"]
    later = asked(contact_cap=cap, begins_on=date(2024, 7, 1) + timedelta(days=14))
    assert service.preview(store, settings, NOW, later)["counts"]["contact_cap"] == 0
    twice = asked(contact_cap={"contacts": 2, "days": 14})
    assert service.preview(store, settings, NOW, twice)["counts"]["contact_cap"] == 0


def test_one_recorded_contact_leaves_the_other_members_of_its_list_counted(shop):
    store, settings = shop
    first = make(store, settings, list_id="spring", holdout=0.0)
    reached = members_of(store, "spring")["customer_id"].iloc[0]
    told = ContactIn(customer_id=reached, contacted_at="2024-07-01", list_id="spring")
    service.record_contacts(store, settings, NOW, [told], WHO)
    capped = asked(contact_cap={"contacts": 1, "days": 14}, begins_on=date(2024, 7, 3))
    counts = service.preview(store, settings, NOW, capped)["counts"]
    assert counts["contact_cap"] == first["counts"]["contacted"]


def test_a_contact_cap_knows_of_lists_that_begin_later(shop):
    store, settings = shop
    later = make(store, settings, list_id="later", begins_on=date(2024, 7, 10), holdout=0.0)
    contacted = later["counts"]["contacted"]

    def barred(contacts, days):
        capped = asked(contact_cap={"contacts": contacts, "days": days})
        return service.preview(store, settings, NOW, capped)["counts"]["contact_cap"]

    assert (barred(1, 30), barred(1, 10), barred(1, 9), barred(2, 30)) == (
        contacted,
        contacted,
        0,
        0,
    )
    # One contact six days before and one nine days after are two within sixteen days.
    members = members_of(store, "later")["customer_id"]
    rows = [ContactIn(customer_id=c, contacted_at="2024-06-25") for c in members[:20]]
    service.record_contacts(store, settings, NOW, rows, WHO)
    assert (barred(2, 16), barred(2, 15)) == (20, 0)


def test_a_race_that_is_lost_again_and_again_is_told_as_such(shop):
    store, settings = shop
    others: list[dict[str, Any]] = []

    def lost(effect):
        others.append(make(store, settings, list_id=f"other-{len(others)}"))
        with store.database.write() as connection:
            return effect(connection)

    with pytest.raises(Busy, match="nothing was written, try again"):
        service.create(store, settings, NOW, asked(list_id="mine"), WHO, lost)
    assert len(others) == service.TRIES
    with pytest.raises(UnknownList):
        service.the_list(store, settings, NOW, "mine")


def test_a_list_that_could_bar_nobody_from_another_costs_it_nothing(shop):
    store, settings = shop
    tries = []

    def beside(effect):
        tries.append(1)
        if len(tries) == 1:
            make(store, settings, list_id="autumn", begins_on=date(2024, 10, 1))
        with store.database.write() as connection:
            return effect(connection)

    made = service.create(store, settings, NOW, asked(list_id="mine"), WHO, beside)
    assert (made["list_id"], len(tries)) == ("mine", 1)
    assert [each["list_id"] for each in service.all_lists(store, settings, NOW)] == [
        "mine",
        "autumn",
    ]


def test_a_name_by_the_day_that_is_taken_meanwhile_gives_way_to_the_next(shop):
    store, settings = shop
    tries = []

    def taken(effect):
        tries.append(1)
        if len(tries) == 1:
            make(store, settings, holdout=0.0)
        with store.database.write() as connection:
            return effect(connection)

    made = service.create(store, settings, NOW, asked(), WHO, taken)
    assert made["list_id"] == "list-2024-07-01-2"


def test_the_standing_control_is_the_same_for_every_list(shop):
    store, settings = shop
    one = make(store, settings, list_id="one", global_control=True, holdout=0.0)
    two = make(store, settings, list_id="two", global_control=True, holdout=0.0)
    assert one["counts"]["global_control"] == two["counts"]["global_control"] > 10
    listed = set(members_of(store, "one")["customer_id"])
    assert listed == set(members_of(store, "two")["customer_id"])


def test_a_sample_outside_the_list_is_drawn_and_told_apart(shop):
    store, settings = shop
    audience = {"risk_tier": ["high"]}
    made = make(store, settings, list_id="spring", audience=audience, outside_sample=True)
    counts = made["counts"]
    drawn = counts["outside_contacted"] + counts["outside_held_out"]
    outside = 1500 - 150 - 100 - counts["listed"]
    assert drawn == round(0.05 * outside)
    rows = service.members(store, "spring", limit=1000)["items"]
    assert sum(each["sample"] == "outside" for each in rows) == drawn
    assert {each["stratum"] for each in rows if each["sample"] == "outside"} == {10}
    readout = service.readout(store, settings, NOW, "spring")
    assert readout["contacted"] + readout["held_out"] == counts["listed"]


def test_one_time_buyers_are_told_on_the_card(shop):
    store, settings = shop
    card = make(store, settings)["fairness"]
    assert [rate["band"] for rate in card] == ["one-time buyers", "repeat buyers"]
    assert sum(rate["customers"] for rate in card) == 1500 - 150 - 100


def test_bands_of_the_table_of_customers_are_told_on_the_card(shop, tmp_path):
    store, settings = shop
    table = tmp_path / "customers.csv"
    lines = [f"{i:05d},{'f' if i % 2 else 'm'},{20 + i % 60}" for i in range(1500)]
    table.write_text("customer_id,gender,age\n" + "\n".join(lines) + "\n")
    told = settings.model_dump()
    told["customers"] = {"source": str(table)}
    with_table = type(settings).model_validate(told)
    made = service.create(store, with_table, NOW, asked(), WHO, in_background=False)
    bands = {(rate["attribute"], rate["band"]) for rate in made["fairness"]}
    assert {("gender", "f"), ("gender", "m"), ("age", "30 to 44")} <= bands
    assert all(rate["customers"] for rate in made["fairness"])


def test_a_card_that_takes_its_time_is_made_aside(shop):
    store, settings = shop
    made = service.create(store, settings, NOW, asked(), WHO, in_background=True)
    assert made["fairness"] is None
    list_id = made["list_id"]
    until(lambda: service.the_list(store, settings, NOW, list_id)["fairness"])
    card = service.the_list(store, settings, NOW, list_id)["fairness"]
    assert sum(rate["selected"] for rate in card) == made["counts"]["listed"]
