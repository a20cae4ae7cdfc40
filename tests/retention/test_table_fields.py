import json

import pandas as pd

from retention.table_fields import with_table_fields

ROWS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "score_status": ["scored", "scored", "scored", "inactive"],
        "missing": ['{"reachable_by":"batch_only","last_contacted_on":"batch_only"}'] * 3 + [None],
    }
)
CUSTOMERS = pd.DataFrame(
    {"reachable_by": ["email,sms", "", None], "no_contact": [False, True, False]},
    index=pd.Index(["a", "b", "d"], name="customer_id"),
)
CONTACTS = pd.DataFrame(
    {"last_contacted_at": pd.to_datetime(["2024-05-01 23:59", "NaT"])},
    index=pd.Index(["a", "c"], name="customer_id"),
)


def codes(rows):
    return [json.loads(text) if isinstance(text, str) else None for text in rows["missing"]]


def test_each_row_has_what_the_tables_say_of_it():
    rows = with_table_fields(ROWS, CUSTOMERS, CONTACTS)
    assert rows["reachable_by"].tolist() == ["email,sms", "", None, None]
    assert rows["no_contact"].tolist() == [False, True, False, False]
    assert rows["last_contacted_on"].tolist() == ["2024-05-01", None, None, None]
    never = {"last_contacted_on": "never_contacted"}
    assert codes(rows) == [{}, never, {**never, "reachable_by": "not_given"}, None]


def test_a_table_that_is_not_there_is_named():
    rows = with_table_fields(ROWS, None, None)
    assert rows[["reachable_by", "last_contacted_on", "no_contact"]].isna().all(axis=None)
    lacking = {"reachable_by": "no_customers_table", "last_contacted_on": "no_contacts_table"}
    assert codes(rows) == [lacking, lacking, lacking, None]


def test_an_empty_table_of_contacts_is_a_shop_that_contacted_nobody():
    rows = with_table_fields(ROWS, CUSTOMERS, CONTACTS.iloc[:0])
    assert rows["last_contacted_on"].isna().all()
    assert codes(rows)[0] == {"last_contacted_on": "never_contacted"}
