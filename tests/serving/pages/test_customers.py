"""The list of customers: filters, counts, columns, saved views, CSV."""

import csv
import html
import io
import re

import pytest

from serving.exports.guard import FORMULA_STARTS
from serving.pages.columns import COLUMNS
from serving.store.views import Views
from tests.serving.made import NOW, made_batch, made_rows
from tests.serving.pages.browsing import Links, csrf, first, publish_with_facts, sign_in


def ids(text):
    return re.findall(r'class="who"><a href="/customers/([^"?]+)', text)


def test_the_count_is_that_of_the_list(visitor):
    for query in ("risk_tier=high", "lifecycle_status=lapsed&q=1", "min_value_at_risk=30", ""):
        rows = visitor.get(f"/customers?{query}&sort=customer_id")
        said = first(r'role="status"><strong>([\d,]+) customers?</strong>', rows.text)
        seen = ids(rows.text)
        while following := re.search(r'rel="next" href="([^"]+)"', rows.text):
            rows = visitor.get(html.unescape(following.group(1)))
            seen += ids(rows.text)
        assert len(seen) == int(said)
        assert f"<strong>{said} customer" in visitor.get(f"/counts?{query}").text


def test_a_count_of_a_filter_that_no_list_has_says_why(visitor):
    assert "no risk tier “huge”" in visitor.get("/counts?risk_tier=huge").text
    assert "is no amount" in visitor.get("/counts?min_value_at_risk=x").text


def test_the_change_of_risk_filters_the_list(runtime, bare):
    batch = made_batch()
    rows = made_rows(batch)
    rows["risk_change"] = ["up" if i % 50 == 0 else "same" for i in range(len(rows))]
    publish_with_facts(runtime.store, batch, rows)
    sign_in(bare, runtime)
    text = bare.get("/customers?risk_change=up&sort=customer_id").text
    assert ids(text) == [f"{i:05d}" for i in range(0, 300, 50)]
    assert "<strong>6 customers</strong> of 300 match" in text


@pytest.mark.parametrize("name", COLUMNS)
def test_each_column_can_be_shown_alone(visitor, name):
    text = visitor.get(f"/customers?columns={name}&everybody=yes").text
    assert len(re.findall('role="columnheader"', text)) == 2
    assert len(ids(text)) == 25


def test_a_list_kept_as_a_view_comes_back_with_its_columns(runtime, visitor):
    query = "risk_tier=high&value_tier=top&sort=-predicted_clv&columns=risk%2Cnext"
    data = {"csrf": csrf(visitor), "name": "Best & <b>riskiest</b>", "query": query}
    answer = visitor.post("/views/save", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/customers?{query}")
    text = visitor.get(answer.headers["location"]).text
    assert "Best &amp; &lt;b&gt;riskiest&lt;/b&gt;, highest predicted value first" in text
    assert "b" not in Links(text).tags
    [view] = Views(runtime.store.database, lambda: NOW).all()
    assert view.query == query
    assert len(view.created_by) == 8


def test_a_view_is_renamed_and_deleted_by_its_forms(visitor):
    mark = {"csrf": csrf(visitor), "query": "q=7"}
    visitor.post("/views/save", data={**mark, "name": "seven"})
    assert "Change this view" in visitor.get("/customers?q=7").text
    visitor.post("/views/rename", data={**mark, "name": "seven", "new_name": "ids with 7"})
    text = visitor.get("/customers").text
    assert "ids with 7" in text
    assert ">seven<" not in text
    visitor.post("/views/remove", data={**mark, "name": "ids with 7"})
    assert "ids with 7" not in visitor.get("/customers").text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": " ", "query": "q=7"}, "A view needs a name"),
        ({"name": "x" * 61, "query": "q=7"}, "at most 60 characters"),
        ({"name": "x", "query": "risk_tier=huge"}, "There is no risk tier"),
        ({"name": "x", "query": "q=" + "7" * 2001}, "too many filters"),
    ],
)
def test_a_view_that_cannot_be_kept_says_why(runtime, visitor, data, words):
    answer = visitor.post("/views/save", data={"csrf": csrf(visitor), **data})
    assert answer.status_code == 422
    assert words in answer.text
    assert Views(runtime.store.database, lambda: NOW).all() == []


def test_the_csv_has_the_rows_of_the_list(visitor):
    answer = visitor.get("/customers.csv?risk_tier=high&sort=customer_id")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="customers-2024-07-01.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = visitor.get("/v1/customers?risk_tier=high&sort=customer_id&limit=1000").json()
    assert [row["customer_id"] for row in rows] == [r["customer_id"] for r in listed["items"]]
    assert {row["risk_tier"] for row in rows} == {"high"}
    assert float(rows[0]["predicted_clv"]) == listed["items"][0]["predicted_clv"]


def test_cells_of_the_csv_are_no_formulas(runtime, bare):
    batch = made_batch()
    rows = made_rows(batch)
    signs = [sign for sign in FORMULA_STARTS if sign != "\x00"]
    rows["customer_id"] = [
        f"{signs[i]}1+1" if i < len(signs) else old for i, old in enumerate(rows["customer_id"])
    ]
    publish_with_facts(runtime.store, batch, rows)
    sign_in(bare, runtime)
    text = bare.get("/customers.csv?everybody=yes").text
    found = [row["customer_id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert len(found) == 300
    assert sum(each.startswith("'") for each in found) == len(signs)
    assert not [each for each in found if each.startswith(FORMULA_STARTS)]


def test_without_the_scope_there_is_no_csv_and_the_page_says_so(runtime, visitor):
    assert 'href="/customers.csv?' in visitor.get("/customers").text
    sign_in(visitor, runtime, ("read:scores", "list:scores"))
    text = visitor.get("/customers").text
    assert "customers.csv" not in text
    assert "sign in with a token that has the scope <code>export</code>" in text
    assert visitor.get("/customers.csv").status_code == 403


def test_a_csv_of_no_list_is_refused(visitor):
    answer = visitor.get("/customers.csv?risk_tier=huge")
    assert answer.status_code == 422
    assert "There is no risk tier" in answer.text


def test_a_customer_opened_from_a_list_leads_back_to_it(visitor):
    text = visitor.get("/customers?risk_tier=high&q=0").text
    href = html.unescape(first(r'class="who"><a href="([^"]+)"', text))
    assert "?back=%2Fcustomers%3Frisk_tier%3Dhigh%26q%3D0" in href
    page = visitor.get(href).text
    assert 'href="/customers?risk_tier=high&amp;q=0"' in page


def test_s21_a_csv_counts_as_rows_listed(runtime, visitor):
    rows = len(visitor.get("/customers.csv?everybody=yes").text.splitlines()) - 1
    assert rows > 0
    runtime.usage.rows_per_day = rows
    answer = visitor.get("/customers.csv?everybody=yes")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_csv_says_how_long_it_is(visitor):
    answer = visitor.get("/customers.csv?everybody=yes")
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_the_page_and_the_answer_filter_by_group_alike(visitor):
    found = visitor.get("/v1/customers?rfm_group=loyal,slipping&limit=1000").json()["items"]
    assert {row["rfm_group"] for row in found} == {"loyal", "slipping"}
    text = visitor.get("/customers?rfm_group=loyal&rfm_group=slipping").text
    assert f"<strong>{len(found)} customers" in text
    assert visitor.get("/v1/customers?rfm_group=kings").status_code == 422
    assert visitor.get("/customers?rfm_group=kings").status_code == 422
