import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from retention.dates import NEXT_ORDER, SILENCE
from serving.pages.query import PAGE_SIZE, customer_href
from tests.serving.made import NOW, made_batch, made_orders, made_rows, promote, publish

HOSTILE = {
    "00000": "<script>alert(1)</script>",
    "00001": "\"><img src=x onerror='alert(1)'>",
    "00002": "a/b/../c?d=e&f#g",
    "00003": "λ顧客🌱\N{RIGHT-TO-LEFT OVERRIDE}",
    "00004": "x" * 1500,
    "00005": "{{ 7 * 7 }}",
}


class Links(HTMLParser):
    """Collects what a page links to and the tags and attributes it uses."""

    def __init__(self, text):
        super().__init__()
        self.hrefs, self.tags, self.attributes = [], set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.hrefs += [value for name, value in attrs if name in ("href", "action") and value]


def publish_hostile(runtime):
    batch = made_batch()
    rows, orders = made_rows(batch), made_orders(batch.customers)
    for frame in (rows, orders):
        frame["customer_id"] = frame["customer_id"].replace(HOSTILE)
    runtime.store.publish(batch, rows, orders)


def sign_in(client, runtime, scopes=("read:scores", "list:scores")):
    text, _ = runtime.tokens.create(scopes)
    answer = client.post("/sign-in", data={"token": text})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    return answer


@pytest.fixture
def visitor(runtime, bare):
    """A signed-in browser on a published batch."""
    publish(runtime.store)
    sign_in(bare, runtime)
    return bare


@pytest.fixture
def hostile(runtime, bare):
    publish_hostile(runtime)
    sign_in(bare, runtime)
    return bare


def test_a_wrong_token_shows_the_form_again_with_the_fault(bare):
    answer = bare.post("/sign-in", data={"token": "pk_wrong_<b>"})
    assert answer.status_code == 401
    assert "unknown, has expired or was revoked" in answer.text
    assert "pk_wrong" not in answer.text


@pytest.mark.parametrize("data", [{}, {"token": ""}, {"other": "x"}])
def test_a_form_without_a_token_is_no_sign_in(bare, data):
    answer = bare.post("/sign-in", data={**data, "more": "1"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/customers?risk_tier=high",
        "/overview",
        "/portfolio",
        "/customers/00001",
        "/customers/no",
        "/sign-in",
    ],
)
def test_every_page_carries_the_strict_headers(visitor, path):
    headers = visitor.get(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "style-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path", ["/", "/overview", "/portfolio", "/lists", "/customers", "/customers/00001", "/sign-in"]
)
def test_no_page_needs_what_the_policy_forbids(visitor, path):
    text = visitor.get(path).text
    found = Links(text)
    assert not found.tags & {"style", "iframe", "object", "base"}
    assert text.count("<script") == text.count('<script src="/static/')
    assert not [name for name in found.attributes if name == "style" or name.startswith("on")]


def test_every_link_of_the_list_leads_to_a_page(hostile):
    found = Links(hostile.get("/customers?sort=customer_id").text)
    hrefs = {href for href in found.hrefs if href.startswith("/") and href != "/sign-out"}
    elsewhere = ("/views/", "/customers.csv", "/model")
    hrefs = {href for href in hrefs if not href.startswith(elsewhere)}
    assert len([href for href in hrefs if href.startswith("/customers/")]) == PAGE_SIZE
    assert {href: hostile.get(href).status_code for href in hrefs} == dict.fromkeys(hrefs, 200)


@pytest.mark.parametrize("customer_id", HOSTILE.values())
def test_a_hostile_id_is_text_and_opens_its_page(hostile, customer_id):
    answer = hostile.get(customer_href(customer_id))
    assert answer.status_code == 200
    found = Links(answer.text)
    assert not found.tags & {"script", "img", "b"}
    assert "onerror" not in found.attributes
    assert "49</h1>" not in answer.text
    listed = hostile.get("/customers", params={"q": customer_id[:200]}).text
    assert not Links(listed).tags & {"img", "b"}
    assert "<script>" not in listed
    assert customer_id in [
        unquote(href.removeprefix("/customers/").partition("?")[0]) for href in Links(listed).hrefs
    ]


def test_a_search_text_is_given_back_as_text(visitor):
    text = visitor.get("/customers", params={"q": '"><script>1</script>'}).text
    assert "<script>" not in text
    assert "No customer matches" in text


def test_the_list_shows_what_the_api_answers(visitor):
    asked = {"risk_tier": "high", "sort": "-predicted_clv"}
    answer = visitor.get("/v1/customers", params={**asked, "limit": PAGE_SIZE}).json()
    text = visitor.get("/customers", params=asked).text
    ids = re.findall(r'class="who"><a href="/customers/([^"?]+)', text)
    assert ids == [row["customer_id"] for row in answer["items"]]
    assert f"{answer['items'][0]['predicted_clv']:,.2f}" in text


def test_the_pages_of_the_list_hold_everybody_once(visitor):
    seen, href = [], "/customers?everybody=yes"
    while href:
        text = visitor.get(href).text
        seen += re.findall(r'class="who"><a href="/customers/([^"?]+)', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        href = following.group(1).replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 300


def test_the_first_list_leaves_the_lapsed_out_and_says_so(visitor):
    first, whole = visitor.get("/customers").text, visitor.get("/customers?everybody=yes").text
    assert "Customers not yet lapsed" in first
    assert 'href="/customers?everybody=yes"' in first
    assert "Everybody, most value at risk first" in whole
    rows = visitor.get("/v1/customers?lifecycle_status=lapsed&limit=1000").json()["items"]
    assert rows
    assert not any(f'<a href="/customers/{row["customer_id"]}"' in first for row in rows)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?cursor=abc", "cursor is not one that this list gave"),
        ("?risk_tier=huge", "There is no risk tier “huge”"),
        ("?sort=name", "There is no order “name”"),
    ],
)
def test_a_list_that_cannot_be_shown_says_why(visitor, query, words):
    answer = visitor.get(f"/customers{query}")
    assert answer.status_code == 422
    assert words in answer.text


def test_a_customers_page_says_the_scores_in_words(visitor):
    row = visitor.get("/v1/customers/00001").json()["results"][0]
    text = visitor.get("/customers/00001").text
    assert f"{row['churn_probability'] * 100:.0f} of 100 such customers" in text
    assert "(usual: 50, the mark on the bar)" in text
    assert "No order for 40 days." in text
    assert "5 Jan 2024" in text
    assert "35.50" in text
    assert "Risk over the batches" not in text


def test_a_customers_page_says_when_in_words(visitor):
    text = visitor.get("/customers/00001").text
    assert "it is as likely by 20 Jul 2024 as later" in text
    assert "between 4 Jul 2024 and 12 Sept 2024" in text
    assert "becomes medium on 1 Aug 2024 and high on 15 Oct 2024" in text
    assert "Expected orders in the next 365 days: 2.2" in text


def test_a_median_of_nothing_is_said_in_words_and_refunds_are_too(runtime, visitor):
    batch = made_batch("b2", published_at=NOW)
    rows = made_rows(batch)
    rows.loc[1, ["clv_p10", "clv_p50", "clv_p90"]] = [-3.5, 0.0, 40.0]
    runtime.store.publish(batch, rows, made_orders(batch.customers))
    text = visitor.get("/customers/00001").text
    assert "Most likely nothing: at least half of such customers spend nothing" in text
    assert "1 in 10 spends more than 40.00. 1 in 10 gets back 3.50 or more." in text


def test_a_batch_of_an_earlier_version_has_a_page_too(runtime, visitor):
    batch = made_batch("b2", published_at=NOW)
    gone = ("predicted_number_of_orders", *NEXT_ORDER, *SILENCE)
    rows = made_rows(batch).assign(**dict.fromkeys(gone))
    runtime.store.publish(batch, rows, made_orders(batch.customers))
    answer = visitor.get("/customers/00001")
    assert answer.status_code == 200
    assert "Next order</h2>" not in answer.text


def test_what_a_sentence_says_is_not_listed_as_lacking(runtime, visitor):
    batch = made_batch("b2", published_at=NOW)
    rows = made_rows(batch)
    rows.loc[1, NEXT_ORDER] = None
    codes = {**dict.fromkeys(NEXT_ORDER, "return_unlikely"), "average_order_value": "no_purchases"}
    rows.loc[1, "missing"] = json.dumps(codes)
    runtime.store.publish(batch, rows, made_orders(batch.customers))
    text = visitor.get("/customers/00001").text
    assert "An order in the next 365 days is less likely than not, so no day is given." in text
    assert "average order value: no purchases" in text
    assert "return unlikely" not in text


@pytest.mark.parametrize("path", ["/", "/customers/00001"])
def test_the_pages_say_which_rule_made_the_scores(runtime, visitor, path):
    models = runtime.settings.models_dir
    models.mkdir(parents=True, exist_ok=True)
    version = promote(models)
    runtime.holder.look()
    words = "risk by the days since the last order, value by past rate of orders × order value"
    assert words not in visitor.get(path).text, "the batch is of another model"
    publish(runtime.store, made_batch("b2", published_at=NOW, model_version=version))
    assert words in visitor.get(path).text


def test_a_second_batch_shows_the_history(runtime, visitor):
    publish(runtime.store, made_batch("b2", published_at=NOW, as_of="2024-07-02"), seed=1)
    text = visitor.get("/customers/00001").text
    assert "Risk over the batches" in text
    assert "2 Jul 2024" in text


def test_an_unscored_customer_is_explained(visitor):
    text = visitor.get("/customers/00009").text
    assert "Not scored: silent for too long" in text
    assert "Value at risk</h2>" not in text


def test_an_unknown_customer_is_404_in_the_same_dress(visitor):
    answer = visitor.get("/customers/nobody-such")
    assert answer.status_code == 404
    assert "No such customer" in answer.text
    assert "Sign out" in answer.text


def test_before_a_batch_the_pages_say_what_to_run(runtime, bare):
    sign_in(bare, runtime)
    for path in ("/", "/overview", "/customers", "/lists", "/customers/00001"):
        answer = bare.get(path)
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert "perennial score -c CONFIG" in answer.text


def test_old_scores_carry_a_banner(runtime, visitor):
    assert "out of date" not in visitor.get("/overview").text
    publish(runtime.store, made_batch("b0", published_at=NOW - timedelta(hours=40)))
    for path in ("/", "/overview", "/customers", "/lists", "/customers/00001"):
        assert "out of date" in visitor.get(path).text


def test_the_style_sheet_is_open_and_the_icon_is_not(bare, runtime):
    assert bare.get("/static/perennial.css").status_code == 200
    assert bare.get("/static/favicon.svg").status_code == 401
    sign_in(bare, runtime)
    assert bare.get("/static/favicon.svg").headers["x-content-type-options"] == "nosniff"
