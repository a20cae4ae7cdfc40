from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import compile_path

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
    assert query.href == "/"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("risk_tier", "huge", "no risk tier “huge”; known are low, medium, high"),
        ("value_tier", "best", "no value tier “best”"),
        ("lifecycle_status", "gone", "no lifecycle “gone”"),
        ("sort", "name", "no order “name”"),
    ],
)
def test_a_value_that_no_list_has_is_named(name, value, words):
    assert words in ListQuery.of([(name, value)]).fault


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
    assert query.unfiltered == "/"


def test_a_field_of_the_picture_is_chosen_only_when_nothing_else_is_filtered():
    assert ListQuery(("high",), ("top",), sort="customer_id").is_field("high", "top")
    assert not ListQuery(("high",), ("top",), q="7").is_field("high", "top")
    assert not ListQuery(("high", "low"), ("top",)).is_field("high", "top")


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_a_customers_address_is_one_path_segment(customer_id):
    href = customer_href(customer_id)
    assert href.isascii()
    assert href.count("/") == 2
    assert not set("?#\"'<> ") & set(href)
    assert compile_path("/customers/{customer_id:path}")[0].match(href)
