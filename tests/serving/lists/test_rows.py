"""What lists are made from: the same from the columns kept in memory and from the rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import delete

from retention.lists.audience import Barred, audience_of
from retention.lists.build import preview_list
from retention.lists.candidates import candidates_of
from retention.lists.holdout import global_control
from serving.lists import service
from serving.lists.making import basis_of
from serving.lists.rows import ListRows
from serving.store.write_tables import batch_columns
from tests.serving.lists.made_lists import asked, make, members_of
from tests.serving.made import NOW, made_batch, made_orders, made_rows


@pytest.fixture
def shop(store, settings):
    """A shop in which every fifth customer is reached by e-mail and text, and a few by nothing."""
    batch = made_batch(customers=600)
    rows = made_rows(batch)
    number = np.arange(600)
    reach = np.select([number % 5 == 0, number % 5 == 1], ["email,sms", ""], "email")
    rows["reachable_by"] = pd.Series(reach, dtype=object).mask(number % 5 == 2, None)
    rows["no_contact"] = pd.Series(number % 7 == 0, dtype=object)
    store.publish(batch, rows, made_orders(600))
    return store, settings, batch


def test_columns_in_memory_and_rows_of_the_table_are_the_same(shop):
    store, _, batch = shop
    kept = ListRows().of(store, batch)
    with store.database.write() as connection:
        connection.execute(delete(batch_columns))
    stored = ListRows().of(store, batch)
    assert kept.horizon_days == stored.horizon_days == 90
    columns = list(stored.frame.columns)
    assert {"no_contact", "reachable_by", "score_status"} <= set(columns)
    one, two = (frame[columns].astype(object) for frame in (kept.frame, stored.frame))
    assert_frame_equal(one.where(one.notna(), None), two.where(two.notna(), None))


def test_who_may_not_or_cannot_be_contacted_is_left_out(shop):
    store, settings, _ = shop
    counts = service.preview(store, settings, NOW, asked())["counts"]
    number = np.arange(600)
    scored = number % 10 != 9
    assert counts["no_contact"] == int((scored & (number % 7 == 0)).sum())
    reached = scored & (number % 7 != 0)
    assert counts["unreachable"] == int((reached & (number % 5 == 1)).sum())
    by_text = asked(audience={"channel": "SMS"})
    counts = service.preview(store, settings, NOW, by_text)["counts"]
    # Who is not told to be reachable by anything may be.
    unreachable = reached & ~np.isin(number % 5, (0, 2))
    assert counts["unreachable"] == int(unreachable.sum())


WIDE = {"include_lapsed": True}
PREVIEWS: tuple[dict[str, Any], ...] = (
    {},
    {"budget": 40.0, "audience": WIDE},
    {"holdout": "auto", "incentive": 0.0, "audience": {"value_tier": ["top", "high"]}},
    {"audience": {"channel": "email", "min_value_at_risk": 5.0}, "max_contacts": 30},
    {"global_control": True, "contact_cap": {"contacts": 1, "days": 40}, "audience": WIDE},
)


@pytest.mark.parametrize("terms", PREVIEWS)
def test_a_preview_is_what_the_plain_way_counts(shop, terms):
    store, settings, batch = shop
    make(store, settings, list_id="earlier", max_contacts=40, holdout=0.3)
    members = members_of(store, "earlier")
    told = service.preview(store, settings, NOW, asked(list_id="next", **terms))
    basis = basis_of(store, settings, NOW, asked(list_id="next", **terms))
    frame = ListRows().of(store, batch).frame
    control = global_control(settings.name, frame["customer_id"].tolist())
    is_barred = bool(terms.get("global_control"))
    barred = Barred(
        held_out=set(members.loc[members["arm"] == "held_out", "customer_id"]),
        global_control=set(frame["customer_id"][control]) if is_barred else (),
        contact_cap=set(members.loc[members["arm"] == "contacted", "customer_id"])
        if "contact_cap" in terms
        else (),
    )
    audience = audience_of(frame, basis.told.rules, barred)
    plain = preview_list(candidates_of(frame, audience), basis.told.plan, audience.counts)
    assert told["counts"] == plain.counts
    assert told["counts"]["held_out_elsewhere"] > 0
    assert told["outlay"] == pytest.approx(plain.outlay, abs=1e-9)
    assert told["gain"]["mean"] == pytest.approx(plain.gain.mean, abs=1e-9)
    assert told["holdout"]["sentence"].startswith(plain.holdout.sentence)
    gains = [row["net_gain"] for row in told["sensitivity"]]
    assert gains == pytest.approx(plain.sensitivity["net_gain"].tolist(), abs=1e-9)


def test_an_erased_member_is_barred_no_more_and_nobody_else_is_freed(shop):
    store, settings, _ = shop
    make(store, settings, list_id="earlier", max_contacts=40, holdout=0.3)
    members = members_of(store, "earlier")
    held = members.loc[members["arm"] == "held_out", "customer_id"].tolist()
    before = service.preview(store, settings, NOW, asked())["counts"]
    with store.database.write() as connection:
        store.erase(connection, held[0], who="abc", now=NOW)
    after = service.preview(store, settings, NOW, asked())["counts"]
    assert before["held_out_elsewhere"] - after["held_out_elsewhere"] == 1
    assert before["customers"] - after["customers"] == 1
    assert before["eligible"] == after["eligible"]
