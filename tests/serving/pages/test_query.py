from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import compile_path

from serving.pages.columns import DEFAULT_COLUMNS
from serving.pages.query import ListQuery, customer_href
from serving.store.listing import Filters


def test_parameters_may_be_repeated_or_a_comma_list():
    query = ListQuery.of([("risk_tier", "high"), ("risk_tier", "medium,high"), ("q", " 12 ")])
    assert query.filters == Filters(risk_tier=("high", "medium"), q="12")
    assert query.is_filtered
    assert not query.fault


def test_empty_fields_of_the_form_filter_nothing():
    query = ListQuery.of([("q", ""), ("sort", ""), ("nonsense", "1")])
    assert query == ListQuery()
    assert query.href == "/customers"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("risk_tier", "huge", "no risk tier “huge”; known are low, medium, high"),
        ("value_tier", "best", "no value tier “best”"),
        ("lifecycle_status", "gone", "no lifecycle “gone”"),
        ("sort", "name", "no order “name”"),
        ("risk_change", "sideways", "no change of risk “sideways”"),
        ("min_value_at_risk", "much", "“much” is no amount"),
        ("min_value_at_risk", "nan", "“nan” is no amount"),
    ],
)
def test_a_value_that_no_list_has_is_named(name, value, words):
    assert words in ListQuery.of([(name, value)]).fault


@pytest.mark.parametrize(
    ("typed", "meant"), [("100,5", 100.5), ("100.5", 100.5), ("1,000", 1000.0), ("1 000", 1000.0)]
)
def test_the_least_value_at_risk_is_read_as_people_write_it(typed, meant):
    query = ListQuery.of([("min_value_at_risk", typed)])
    assert query.fault == ""
    assert query.filters.min_value_at_risk == meant


@given(
    q=st.text(min_size=1).filter(lambda q: q.strip() == q and "\x00" not in q),
    tiers=st.sets(st.sampled_from(["low", "medium", "high"])),
)
def test_an_address_read_back_gives_the_same_list(q, tiers):
    query = ListQuery(risk_tier=tuple(tiers), q=q, sort="customer_id", cursor="abc")
    assert ListQuery.of(parse_qsl(urlsplit(query.href).query)) == query


def test_another_order_or_filter_starts_at_the_first_page():
    query = ListQuery(q="7", cursor="abc")
    assert "cursor" not in query.sorted_by("customer_id")
    assert "cursor" not in query.first
    assert "cursor=next" in query.after("next")
    assert query.unfiltered == "/customers"


def test_a_field_of_the_picture_leads_to_its_customers_alone():
    href = ListQuery(q="7", sort="customer_id").field("high", "top")
    assert href == "/customers?risk_tier=high&value_tier=top&sort=customer_id"


def test_columns_stand_in_their_own_order_and_the_usual_ones_need_no_word():
    query = ListQuery.of([("columns", "reason,next"), ("columns", "nonsense"), ("q", "7")])
    assert query.columns == ("next", "reason")
    assert query.href == "/customers?q=7&columns=next%2Creason"
    assert ListQuery.of([("columns", ",".join(DEFAULT_COLUMNS))]).href == "/customers"


def test_a_query_string_gives_the_list_from_its_first_page():
    query = ListQuery.of_text("?risk_tier=high&cursor=abc&columns=next")
    assert query.text == "risk_tier=high&columns=next"
    assert ListQuery.of_text(query.text) == ListQuery(("high",), columns=("next",))


def test_a_customers_address_keeps_the_way_back():
    assert customer_href("a/b", "/customers?q=7") == "/customers/a%2Fb?back=%2Fcustomers%3Fq%3D7"
    assert customer_href("a", "/customers") == "/customers/a"


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_a_customers_address_is_one_path_segment(customer_id):
    href = customer_href(customer_id)
    assert href.isascii()
    assert href.count("/") == 2
    assert not set("?#\"'<> ") & set(href)
    assert compile_path("/customers/{customer_id:path}")[0].match(href)
