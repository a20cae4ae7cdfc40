import pandas as pd
import pytest

from serving.details.week import AT_RISK, COLUMNS, START, TOO_LATE, choose, with_last_orders

FIELDS = ["customer_id", "risk_tier", "lifecycle_status", "value_tier", "value_at_risk"]
OLD = ["customer_id", "risk_tier", "lifecycle_status"]


def rows(*each):
    return pd.DataFrame(each, columns=FIELDS)


def old(*each):
    return pd.DataFrame(each, columns=OLD)


def ids(chosen):
    return {kind: set(found["customer_id"]) for kind, found in chosen.items()}


def test_worked_example():
    now = rows(
        ("rose", "high", "slipping", "top", 50.0),
        ("stayed", "high", "slipping", "top", 40.0),
        ("fell", "low", "active", "top", 1.0),
        ("lapsed now", "high", "lapsed", "high", 30.0),
        ("lapsed before", "high", "lapsed", "high", 30.0),
        ("new", "high", "new", "low", 5.0),
        ("not scored", None, None, None, None),
    )
    before = old(
        ("rose", "medium", "active"),
        ("stayed", "high", "slipping"),
        ("fell", "medium", "slipping"),
        ("lapsed now", "medium", "slipping"),
        ("lapsed before", "high", "lapsed"),
        ("not scored", "low", "active"),
    )
    found = ids(choose(now, before, before))
    assert found == {AT_RISK: {"rose"}, TOO_LATE: {"lapsed now"}, START: set()}


def test_a_tier_that_rose_since_the_last_batch_counts_though_it_was_as_high_a_week_ago():
    now = rows(("A", "medium", "active", "low", 1.0))
    yesterday, a_week_ago = old(("A", "low", "active")), old(("A", "medium", "active"))
    assert ids(choose(now, yesterday, a_week_ago))[AT_RISK] == {"A"}
    assert ids(choose(now, a_week_ago, a_week_ago))[AT_RISK] == set()


@pytest.mark.parametrize(
    ("risk", "stage", "value", "is_listed"),
    [
        ("high", "active", "top", True),
        ("high", "slipping", "high", True),
        ("high", "lapsed", "top", False),
        ("medium", "active", "top", False),
        ("high", "active", "medium", False),
    ],
)
def test_a_first_batch_begins_with_high_risk_and_high_value(risk, stage, value, is_listed):
    found = ids(choose(rows(("A", risk, stage, value, 1.0)), None, None))
    assert found == {AT_RISK: set(), TOO_LATE: set(), START: {"A"} if is_listed else set()}


def test_each_has_the_last_order_and_what_it_was():
    listed = pd.DataFrame({"kind": START, "position": [0, 1], "customer_id": ["B", "A"]})
    orders = pd.DataFrame(
        {
            "customer_id": ["A", "A", "B", "C"],
            "order_number": [1, 2, 1, 1],
            "ordered_on": ["2024-01-01", "2024-02-01", "2024-03-01", "2024-03-05"],
            "amount": [1.0, 2.0, 3.0, 4.0],
        }
    )
    found = with_last_orders(listed, orders, {"A": "tea"})
    assert list(found.columns) == list(COLUMNS)
    assert found["last_ordered_on"].tolist() == ["2024-03-01", "2024-02-01"]
    assert found["last_amount"].tolist() == [3.0, 2.0]
    assert found["last_product"].isna().tolist() == [True, False]


def test_nobody_to_list_is_an_empty_table():
    nobody = pd.DataFrame({"kind": [], "position": [], "customer_id": []})
    orders = pd.DataFrame(
        {"customer_id": ["A"], "order_number": [1], "ordered_on": ["2024-01-01"], "amount": [1.0]}
    )
    assert with_last_orders(nobody, orders, {}).empty
