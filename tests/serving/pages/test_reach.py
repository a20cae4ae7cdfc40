"""Who can be reached and was contacted when: on this week's page, the overview, a customer's."""

import html

import pandas as pd
import pytest
from sqlalchemy import insert

from configs.settings import Settings
from serving.store.list_tables import contacts
from tests.serving.made import made_batch, made_rows
from tests.serving.pages.browsing import publish_with_facts, sign_in
from tests.serving.pages.test_this_week import ids

SETTINGS = Settings.model_validate(
    {
        "name": "made",
        "purchases": {"source": "none.csv"},
        "money": {"margin": 0.4},
        "dashboard": {"contact_cost": 2.0, "contact_pause_days": 14},
    }
)


def told(rows):
    """Rows as tables would have filled them: of those to begin with, one for each reason."""
    first = rows[(rows["risk_tier"] == "high") & rows["value_tier"].isin(["top", "high"])]
    first = first[first["lifecycle_status"] != "lapsed"].sort_values("value_at_risk")
    some = first.index[-4:]
    rows["reachable_by"], rows["no_contact"] = "email", False
    rows.loc[some[0], "no_contact"] = True
    rows.loc[some[1], "reachable_by"] = ""
    rows.loc[some[2], "last_contacted_on"] = "2024-06-18"
    rows.loc[some[3], "last_contacted_on"] = "2024-06-17"
    return rows, first["customer_id"]


@pytest.fixture
def shown(runtime, bare):
    rows, first = told(made_rows())
    tables = (pd.DataFrame(), pd.DataFrame())
    publish_with_facts(runtime.store, made_batch(), rows, tables=tables, settings=SETTINGS)
    sign_in(bare, runtime)
    return bare, rows, first


def test_only_who_can_be_worked_on_is_listed_and_the_others_are_counted(shown):
    visitor, rows, first = shown
    text = html.unescape(visitor.get("/").text)
    risk = rows.set_index("customer_id").loc[first, "value_at_risk"]
    barred, unreachable, lately, long_ago = first.to_numpy()[-4:]
    left = risk.drop([barred, unreachable, lately])
    poor = int((0.4 * 0.05 * left <= 2.0).sum())
    assert poor > 0
    assert ids(text)[0] == long_ago
    assert f"Where to begin: {len(left) - poor} customers" in text
    assert "1 asked not to be contacted, 1 cannot be reached, 1 contacted lately or on" in text
    assert f"{poor} not worth a contact" in text
    assert "contacted within 14 days is let be" in text
    assert "last on 17 Jun 2024" in text
    assert "No contact data given" not in text


def test_the_overview_counts_who_cannot_be_reached(shown):
    visitor, _, _ = shown
    reach = visitor.get("/v1/portfolio").json()["reach"]
    assert (reach["no_contact"], reach["unreachable"], reach["contacted"]) == (1, 1, 2)
    assert reach["reachable"] == 298
    text = visitor.get("/overview").text
    assert "no channel leads to them" in text
    assert "asked not to be contacted" in text


def test_a_customers_page_tells_of_reach_wishes_and_contacts(shown, runtime):
    visitor, _, first = shown
    barred, unreachable = first.to_numpy()[-4:-2]
    record = {"list_id": "", "channel": "<b>post</b>", "cost": 1.25, "recorded_by": "t"}
    with runtime.store.database.write() as connection:
        values = {"customer_id": barred, "contacted_at": "2024-05-02T10:00:00", "recorded_at": ""}
        connection.execute(insert(contacts).values(**record, **values))
    text = visitor.get(f"/customers/{barred}").text
    assert "Asked not to be contacted" in text
    assert "2 May 2024" not in text
    assert "shown to those who may see lists" in text
    sign_in(visitor, runtime, ("read:scores", "lists"))
    text = visitor.get(f"/customers/{barred}").text
    assert "shown to those who may see lists" not in text
    assert "2 May 2024" in text
    assert "<b>post" not in text
    assert "Reachable by: <strong>email" in text
    assert "Reachable by: <strong>nothing" in visitor.get(f"/customers/{unreachable}").text
