"""Readouts: from the orders of later batches, from imported outcomes, before and after the day."""

from datetime import timedelta

import pytest

from serving.lists import service
from serving.lists.request import ContactIn, OutcomeIn
from tests.serving.lists.made_lists import (
    WHO,
    asked,
    make,
    members_of,
    orders_of,
    outcomes_of,
    publish_with_orders,
)
from tests.serving.made import NOW, made_batch, publish

LATER = NOW + timedelta(days=100)


@pytest.fixture
def shop(store, settings):
    publish(store, made_batch(customers=1500))
    make(store, settings, list_id="spring")
    return store, settings


def test_orders_of_later_batches_are_read_out(shop):
    store, settings = shop
    members = members_of(store, "spring")
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    found = service.readout(store, settings, LATER, "spring")
    assert (found["status"], found["outcomes_from"]) == ("final", "orders")
    contacted = members[members["arm"] == "contacted"]["customer_id"]
    rate = back["customer_id"].isin(contacted).sum() / len(contacted)
    assert found["means"]["return_rate"]["contacted"] == pytest.approx(rate)
    effect = found["effects"]["return_rate"]
    assert 0.15 < effect["low"] < effect["estimate"] < effect["high"] < 0.4
    assert "it paid" in found["verdict"]
    assert found["net_gain"]["low"] > 0
    assert found["as_of"] == "2024-10-02"


def test_what_came_before_or_after_the_list_does_not_count(shop):
    store, settings = shop
    members = members_of(store, "spring")
    on_the_day = orders_of(members, "2024-09-29", contacted=1.0, held_out=1.0)
    publish_with_orders(store, on_the_day, data_until="2024-10-01", now=LATER)
    found = service.readout(store, settings, LATER, "spring")
    assert found["means"]["return_rate"] == {"contacted": 0.0, "held_out": 0.0}
    assert "no effect" in found["verdict"]


def test_the_profit_is_margin_on_revenue_less_contact_and_incentive(shop):
    store, settings = shop
    members = members_of(store, "spring")
    back = orders_of(members, "2024-08-01", contacted=0.5, held_out=0.5)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    means = service.readout(store, settings, LATER, "spring")["means"]
    contacted = means["profit"]["contacted"]
    # margin 0.4; 0.5 a contact; an incentive of 1 that every contacted buyer redeems
    returned, revenue = means["return_rate"]["contacted"], means["revenue"]["contacted"]
    assert contacted == pytest.approx(0.4 * revenue - 0.5 - 1.0 * returned)
    held = means["profit"]["held_out"]
    assert held == pytest.approx(0.4 * means["revenue"]["held_out"])


def test_a_list_is_preliminary_until_its_day(shop):
    store, settings = shop
    found = service.readout(store, settings, NOW + timedelta(days=30), "spring")
    assert (found["status"], found["effects"], found["net_gain"]) == ("preliminary", {}, None)
    assert "the readout is on 2024-09-29" in found["verdict"]


def test_a_list_whose_day_has_come_waits_for_the_orders(shop):
    store, settings = shop
    found = service.readout(store, settings, LATER, "spring")
    assert found["status"] == "preliminary"
    assert "orders are known before 2024-07-01" in found["verdict"]
    assert "the list runs until 2024-09-28" in found["verdict"]
    assert found["effects"] == {}
    [head] = service.all_lists(store, settings, LATER)
    assert head["status"] == "open"


def test_imported_outcomes_stand_for_the_orders(shop):
    store, settings = shop
    members = members_of(store, "spring")
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    told = service.record_outcomes(store, LATER, "spring", outcomes_of(back), WHO)
    assert told["recorded"] == told["outcomes"] == len(back)
    found = service.readout(store, settings, LATER, "spring")
    assert (found["status"], found["outcomes_from"]) == ("final", "imported")
    assert found["as_of"] == "2024-10-09"
    assert found["effects"]["return_rate"]["shown"]


def test_incentives_that_were_paid_are_counted_as_told(shop):
    store, settings = shop
    first = members_of(store, "spring").query("arm == 'contacted'")["customer_id"].iloc[0]
    row = OutcomeIn(customer_id=first, revenue=10.0, incentive_paid=3.0)
    service.record_outcomes(store, LATER, "spring", [row], WHO)
    found = service.readout(store, settings, LATER, "spring")
    size = found["contacted"]
    paid = 0.4 * 10.0 - 3.0 - 0.5 * size
    assert found["means"]["profit"]["contacted"] == pytest.approx(paid / size)


def test_recorded_contacts_give_the_costs_and_the_assignment_stays(shop):
    store, settings = shop
    members = members_of(store, "spring")
    reached = members.query("arm == 'contacted'")["customer_id"].iloc[:100].tolist()
    wrong = members.query("arm == 'held_out'")["customer_id"].iloc[0]
    rows = [
        ContactIn(customer_id=c, contacted_at="2024-07-01", list_id="spring", cost=2.0)
        for c in [*reached, wrong]
    ]
    told = service.record_contacts(store, settings, NOW, rows, WHO)
    assert told["held_out_contacted"] == 1
    found = service.readout(store, settings, NOW, "spring")
    assert found["costs_from"] == "recorded"
    assert found["contacts"] == {"recorded": 101, "contacted_reached": 100, "held_out_reached": 1}
    means = found["means"]["profit"]
    assert means["contacted"] == pytest.approx(-200.0 / found["contacted"])
    assert means["held_out"] == pytest.approx(-2.0 / found["held_out"])


def test_without_a_hold_out_nothing_can_be_told(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=600))
    make(sqlite_store, settings, list_id="all", holdout=0.0)
    members = members_of(sqlite_store, "all")
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    service.record_outcomes(sqlite_store, LATER, "all", outcomes_of(back), WHO)
    found = service.readout(sqlite_store, settings, LATER, "all")
    assert (found["status"], found["held_out"]) == ("final", 0)
    assert "nothing to compare with" in found["verdict"]
    assert found["effects"]["return_rate"]["estimate"] is None
    assert (found["net_gain"], found["save_rate"]) == (None, None)


def test_the_measured_save_rate_is_the_default_of_the_next_list(shop):
    store, settings = shop
    members = members_of(store, "spring")
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    service.record_outcomes(store, LATER, "spring", outcomes_of(back), WHO)
    before = service.preview(store, settings, LATER, asked(save_rate=None))
    assert before["terms"]["assumed"]["save_rate"]["origin"] == "assumed"
    measured = service.readout(store, settings, LATER, "spring")["save_rate"]
    after = service.preview(store, settings, LATER, asked(save_rate=None))
    assert after["terms"]["assumed"]["save_rate"] == measured
    assert measured["origin"] == "measured"
    [head] = service.all_lists(store, settings, LATER)
    assert head["verdict"].startswith("+")
