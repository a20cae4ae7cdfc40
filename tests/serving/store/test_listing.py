import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.store.listing import RISK_CHANGES, SORTS, Filters, count, read_page
from tests.serving.made import made_batch, made_orders, made_rows

ROWS = made_rows(made_batch()).assign(
    risk_change=lambda rows: [RISK_CHANGES[i % 3] if i % 4 else None for i in range(len(rows))]
)
CHOICES = st.builds(
    Filters,
    risk_tier=st.sampled_from([(), ("high",), ("low", "medium")]),
    lifecycle_status=st.sampled_from([(), ("lapsed",), ("active",)]),
    risk_change=st.sampled_from([(), ("up",), ("down", "same")]),
    rfm_group=st.sampled_from([(), ("loyal",), ("active", "slipping"), ("champions",)]),
    min_value_at_risk=st.sampled_from([None, 0.0, 20.0]),
    min_churn_probability=st.sampled_from([None, 0.3]),
    q=st.sampled_from([None, "1", "00", "_", "%", "/"]),
)


@pytest.fixture
def filled(store):
    batch = made_batch()
    store.publish(batch, ROWS, made_orders(batch.customers))
    return store


def expected(filters):
    fits = ROWS
    for name in ("risk_tier", "lifecycle_status", "risk_change", "rfm_group"):
        if getattr(filters, name):
            fits = fits[fits[name].isin(getattr(filters, name))]
    if filters.min_value_at_risk is not None:
        fits = fits[fits["value_at_risk"] >= filters.min_value_at_risk]
    if filters.min_churn_probability is not None:
        fits = fits[fits["churn_probability"] >= filters.min_churn_probability]
    return [i for i in fits["customer_id"] if filters.q is None or filters.q in i]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filters=CHOICES, sort=st.sampled_from(SORTS), limit=st.integers(25, 120))
def test_pages_hold_everybody_of_a_filter_once_and_in_order(filled, filters, sort, limit):
    seen, after = [], None
    with filled.database.read() as connection:
        while True:
            page = read_page(connection, "b1", filters, sort, after, limit)
            seen += page.records
            after = page.end
            if after is None:
                break
        assert count(connection, "b1", filters) == len(seen)
    assert sorted(row["customer_id"] for row in seen) == expected(filters)
    name = sort.removeprefix("-")
    values = [row[name] for row in seen if row[name] is not None]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert [row[name] is None for row in seen] == sorted(row[name] is None for row in seen)
