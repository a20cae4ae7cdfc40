"""Readouts: from the orders of later batches, from imported outcomes, before and after the day."""

import threading
from datetime import date, timedelta

import pandas as pd
import pytest
from sqlalchemy.exc import SQLAlchemyError

from serving.lists import service
from serving.lists.reading import keep
from serving.lists.request import ContactIn, OutcomeIn
from serving.lists.uplift_rows import finished_lists
from serving.store.list_rows import kept_readouts
from tests.serving.lists.made_lists import (
    WHO,
    asked,
    make,
    members_of,
    orders_of,
    outcomes_of,
    publish_with_orders,
)
from tests.serving.made import NOW, made_batch, made_orders, made_rows, publish

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
    # 2 for each recorded contact; who has no row costs the 0.5 that was declared.
    others = found["contacted"] - 100
    assert means["contacted"] == pytest.approx(-(200.0 + 0.5 * others) / found["contacted"])
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
    rate = after["terms"]["assumed"]["save_rate"]
    assert rate["origin"] == measured["origin"] == "measured"
    # Weighed by the inverse of the variances with 0.05 +- 0.02.
    weights = 0.02**-2, measured["sd"] ** -2
    wanted = (0.05 * weights[0] + measured["mean"] * weights[1]) / sum(weights)
    assert rate["mean"] == pytest.approx(wanted, abs=1e-3)
    [told] = after["terms"]["save_rate_from"]
    assert (told["list_id"], told["mean"]) == ("spring", measured["mean"])
    assert service.preview(store, settings, LATER, asked())["terms"]["save_rate_from"] == []
    [head] = service.all_lists(store, settings, LATER)
    assert head["verdict"].startswith("+")


def test_a_readout_below_0_does_not_shut_the_next_list(shop):
    store, settings = shop
    members = members_of(store, "spring")
    back = orders_of(members, "2024-08-01", contacted=0.25, held_out=0.45)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    found = service.readout(store, settings, LATER, "spring")
    assert found["save_rate"]["mean"] < 0 < found["save_rate"]["sd"]
    ahead = service.preview(store, settings, LATER, asked(save_rate=None, contact_cost=0.01))
    rate = ahead["terms"]["assumed"]["save_rate"]
    assert 0 < rate["mean"] < 0.05
    assert rate["sd"] > 0
    assert ahead["counts"]["worth_contacting"] > 0


def test_an_early_import_does_not_become_the_verdict(shop):
    store, settings = shop
    members = members_of(store, "spring")
    early, day = [OutcomeIn(customer_id=members["customer_id"][0], revenue=10.0)], NOW
    service.record_outcomes(store, day + timedelta(days=5), "spring", early, WHO)
    waits = service.readout(store, settings, LATER, "spring")
    assert (waits["status"], waits["outcomes_from"]) == ("preliminary", "imported")
    assert "complete before 2024-07-06 only" in waits["verdict"]
    assert "import them again" in waits["verdict"]
    [head] = service.all_lists(store, settings, LATER)
    assert head["status"] == "preliminary"
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    found = service.readout(store, settings, LATER, "spring")
    assert (found["status"], found["outcomes_from"]) == ("final", "orders")
    assert found["effects"]["return_rate"]["estimate"] > 0.15


def test_an_import_that_says_it_is_not_complete_waits(shop):
    store, settings = shop
    ids = members_of(store, "spring")["customer_id"].tolist()
    rows = [
        OutcomeIn(customer_id=c, revenue=5.0, complete_until=date(2024, 8, 15)) for c in ids[:50]
    ]
    service.record_outcomes(store, LATER, "spring", rows, WHO)
    found = service.readout(store, settings, LATER, "spring")
    assert (found["status"], found["as_of"]) == ("preliminary", "2024-08-15")
    whole = [row.model_copy(update={"complete_until": None}) for row in rows[1:]]
    service.record_outcomes(store, LATER, "spring", whole, WHO)
    # One row of the first import is left, and holds the list back.
    assert service.readout(store, settings, LATER, "spring")["status"] == "preliminary"
    service.record_outcomes(store, LATER, "spring", whole, WHO, replace=True)
    assert service.readout(store, settings, LATER, "spring")["status"] == "final"


def test_an_import_knows_no_day_ahead_of_it(shop):
    store, settings = shop
    first = members_of(store, "spring")["customer_id"][0]
    row = OutcomeIn(customer_id=first, revenue=5.0, complete_until=date(2025, 1, 1))
    service.record_outcomes(store, NOW + timedelta(days=5), "spring", [row], WHO)
    found = service.readout(store, settings, NOW + timedelta(days=6), "spring")
    assert (found["status"], found["as_of"]) == ("preliminary", "2024-07-06")


def test_effects_are_not_learnt_from_an_early_import(shop):
    store, settings = shop
    members = members_of(store, "spring")
    early = [OutcomeIn(customer_id=members["customer_id"][0], revenue=10.0)]
    service.record_outcomes(store, NOW + timedelta(days=5), "spring", early, WHO)
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    [made], _ = finished_lists(store, settings, LATER)
    assert made.returned.sum() == back["customer_id"].isin(made.customer_id).sum() > 100


def test_the_first_final_readout_stands_until_something_is_imported(shop):
    store, settings = shop
    members = members_of(store, "spring")
    back = orders_of(members, "2024-08-01", contacted=0.6, held_out=0.3)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    first = service.readout(store, settings, LATER, "spring")
    day = LATER + timedelta(days=1)
    late = orders_of(members, "2024-08-02", contacted=0.0, held_out=0.9)
    more = pd.concat([back, late.assign(order_number=4)])
    publish_with_orders(store, more, data_until="2024-10-02", batch_id="b3", now=day)
    assert service.readout(store, settings, day, "spring") == first
    reached = members.query("arm == 'contacted'")["customer_id"].iloc[0]
    row = ContactIn(customer_id=reached, contacted_at="2024-07-02", list_id="spring", cost=1.0)
    service.record_contacts(store, settings, day, [row], WHO)
    again = service.readout(store, settings, day, "spring")
    assert again["contacts"]["recorded"] == 1
    assert again["effects"]["return_rate"]["estimate"] < 0
    with store.database.read() as connection:
        assert kept_readouts(connection)["spring"]["verdict"] == again["verdict"]


def test_a_readout_waits_for_refunds(shop):
    store, settings = shop
    back = orders_of(members_of(store, "spring"), "2024-08-01", contacted=0.6, held_out=0.3)
    publish_with_orders(store, back, data_until="2024-10-01", now=LATER)
    purchases = settings.purchases.model_copy(update={"refund_lag_days": 10})
    patient = settings.model_copy(update={"purchases": purchases})
    found = service.readout(store, patient, LATER, "spring")
    assert (found["status"], found["effects"]) == ("preliminary", {})
    assert "refunds come for 10 days" in found["verdict"]
    assert "final when orders are known before 2024-10-09" in found["verdict"]
    later = LATER + timedelta(days=20)
    publish_with_orders(store, back, data_until="2024-10-08", batch_id="b3", now=later)
    assert service.readout(store, patient, later, "spring")["status"] == "final"


def test_the_days_until_the_readout_are_counted_from_today(shop):
    store, settings = shop
    early = orders_of(members_of(store, "spring"), "2024-07-05", contacted=0.1, held_out=0.1)
    publish_with_orders(store, early, data_until="2024-07-10", now=NOW)
    later = NOW + timedelta(days=60)
    found = service.readout(store, settings, later, "spring")
    assert found["verdict"] == (
        "preliminary: the readout is on 2024-09-29, in 30 days; no verdict before"
    )


def test_how_long_refunds_come_is_told_by_the_batch(shop):
    store, settings = shop
    batch = made_batch("b2", 1500, LATER, as_of="2024-10-01", data_until="2024-10-01")
    facts = {"data": {"refund_lag_days": 7}}
    store.publish(batch, made_rows(batch), made_orders(1500), details=facts)
    found = service.readout(store, settings, LATER, "spring")
    assert found["status"] == "preliminary"
    assert "final when orders are known before 2024-10-06" in found["verdict"]
    [head] = service.all_lists(store, settings, LATER)
    assert head["status"] == "preliminary"


def test_readers_at_once_keep_one_readout(shop):
    store, _ = shop
    start, faults = threading.Barrier(4), []

    def read(number):
        start.wait()
        try:
            keep(store, {"status": "final", "list_id": "spring", "verdict": str(number)}, LATER)
        except SQLAlchemyError as error:
            faults.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with store.database.read() as connection:
        assert set(kept_readouts(connection)) == {"spring"}


def test_nobody_may_call_a_save_rate_measured(shop):
    store, settings = shop
    with pytest.raises(ValueError, match=r"save_rate\.origin"):
        asked(save_rate={"mean": 0.3, "sd": 0.01, "origin": "measured"})
    told = service.preview(store, settings, NOW, asked(save_rate={"mean": 0.3, "sd": 0.01}))
    assert told["terms"]["assumed"]["save_rate"]["origin"] == "assumed"


def test_the_power_of_a_list_read_over_other_days_says_so(shop):
    store, settings = shop
    short = service.preview(store, settings, NOW, asked(readout_on="2024-07-08"))
    told = "returns within 90 days, as the scores look ahead, and this list is read after 7"
    assert told in short["holdout"]["sentence"]
    usual = service.preview(store, settings, NOW, asked())
    assert "as the scores look ahead" not in usual["holdout"]["sentence"]
    made = make(store, settings, list_id="week", readout_on="2024-07-08")
    assert told in made["holdout"]["sentence"]
