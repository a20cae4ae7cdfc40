"""The page of a list: what was declared, who is on it, files out and in."""

import csv
import io
import re

import pytest
from sqlalchemy import update

from serving.pages.render import environment
from serving.store.list_tables import list_members
from tests.serving.made import made_batch, made_rows, publish
from tests.serving.pages.browsing import Links, sign_in
from tests.serving.pages.listing import SCOPES, list_maker, make_list, post_form, words

FORMULA = "=1+1"


@pytest.fixture
def maker(runtime, bare):
    """A browser that made the list `spring`, on which an id is a formula."""
    rows = made_rows()
    best = rows["value_at_risk"].astype(float).idxmax()
    rows.loc[best, ["customer_id", "risk_tier"]] = FORMULA, "high"
    client = list_maker(runtime, bare, rows)
    assert make_list(client, list_id="spring", budget="5", risk_tier="high").status_code == 303
    return client


def rows_of(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def count(text, title):
    found = re.search(rf"{title} (\d+)", words(text))
    assert found is not None
    return int(found[1])


def test_the_page_tells_what_was_declared(maker):
    text = words(maker.get("/lists/spring").text)
    for told in (
        "Customers with risk high, without the lapsed.",
        "a budget of 5.00",
        "A contact costs 0.05",
        "Incentive none",
        "Save rate 5% ± 2 points, assumed",
        "Hold-out 30%",
        "Primary outcome Return rate",
        "Readout on 29 Sept 2024",
    ):
        assert told in text


def test_the_counts_lead_from_everybody_to_the_contacted(maker):
    text = maker.get("/lists/spring").text
    listed, contacted = count(text, "On the list"), count(text, "To be contacted")
    held_out = re.search(r"(\d+) held out at random", words(text))
    assert held_out is not None
    assert listed == contacted + int(held_out[1])
    assert count(text, "All customers") == 300


def test_the_hash_is_shown_whole(maker):
    assert re.search(r"<code>[0-9a-f]{64}</code>", maker.get("/lists/spring").text)


def test_members_are_paged_by_arm_with_links_and_reasons(maker):
    text = maker.get("/lists/spring?arm=contacted").text
    assert "No order for 40 days." in text
    assert "held out</span>" not in text
    seen = re.findall(r'class="who"><a href="/customers/([^"]+)"', text)
    while following := re.search(r'rel="next" href="([^"#]+)', text):
        text = maker.get(following[1].replace("&amp;", "&")).text
        seen += re.findall(r'class="who"><a href="/customers/([^"]+)"', text)
    assert len(seen) == len(set(seen)) == count(text, "To be contacted")


def test_the_csv_holds_the_arm_asked_for_and_no_formula(maker):
    everybody = rows_of(maker.get("/lists/spring/members.csv"))
    contacted = rows_of(maker.get("/lists/spring/members.csv?arm=contacted"))
    assert contacted == [row for row in everybody if row["arm"] == "contacted"]
    assert f"'{FORMULA}" in {row["customer_id"] for row in everybody}
    assert not [row for row in everybody if row["customer_id"].startswith("=")]


def test_the_export_is_written_into_the_audit_trail(runtime, maker):
    maker.get("/lists/spring/members.csv?arm=held_out")
    held_out = rows_of(maker.get("/lists/spring/members.csv?arm=held_out"))
    with runtime.store.database.read() as connection:
        told = connection.exec_driver_sql(
            "select what, count, details from audit order by number desc limit 1"
        ).one()
    assert told == ("list csv", len(held_out), '{"list_id":"spring"}')


def test_a_csv_of_some_thousands_comes_whole(runtime, bare):
    publish(runtime.store, made_batch(customers=9000))
    sign_in(bare, runtime, SCOPES)
    form = {"contact_cost": "0", "holdout": "0"}
    assert make_list(bare, list_id="spring", **form).status_code == 303
    found = rows_of(bare.get("/lists/spring/members.csv"))
    assert [int(row["rank"]) for row in found] == list(range(1, len(found) + 1))
    assert len(found) > 5000


def test_a_name_that_no_list_has_is_told(maker):
    rows = "customer_id,contacted_at,revenue\n00001,2024-07-01,1\n"
    answers = [
        *(maker.get(f"/lists/winter{page}") for page in ("", "/readout", "/members.csv")),
        *(
            post_form(maker, f"/lists/winter/{what}", rows=rows)
            for what in ("contacts", "outcomes")
        ),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert all("No such list" in answer.text for answer in answers)


def test_a_list_that_was_tampered_with_is_not_shown(runtime, maker):
    with runtime.store.database.write() as connection:
        held = list_members.c.arm == "held_out"
        connection.execute(update(list_members).where(held).values(arm="contacted"))
    answer = maker.get("/lists/spring")
    assert answer.status_code == 500
    assert "This list cannot be trusted" in answer.text


def test_names_of_groups_are_text_and_a_marked_difference_is_seen():
    band = {
        "attribute": "area",
        "band": "<script>alert(1)</script>",
        "customers": 100,
        "selected": 80,
        "rate": 0.8,
        "low": 0.71,
        "high": 0.87,
        "others_rate": 0.4,
        "differs": True,
        "sentence": '"><img src=x onerror=alert(1)>',
    }
    text = environment().get_template("list_fairness.html").render(bands=[band])
    assert {"script", "img"}.isdisjoint(Links(text).tags)
    assert "80% differs" in words(text)
    few = {**band, "differs": False, "sentence": "Of 9 ...; fewer than 30 are too few to tell."}
    told = words(environment().get_template("list_fairness.html").render(bands=[few]))
    assert "80% too few to tell" in told
    assert "71% to 87%" in words(text)


def test_a_cursor_of_elsewhere_is_refused(maker):
    answer = maker.get("/lists/spring?cursor=abc")
    assert answer.status_code == 422
    assert "The list from its beginning" in answer.text


def test_contacts_are_read_in_and_counted(maker):
    ids = csv.DictReader(io.StringIO(maker.get("/lists/spring/members.csv?arm=contacted").text))
    one, two, *_ = (row["customer_id"] for row in ids)
    rows = f"customer_id;contacted_at;cost\n{one};2024-07-01;0,05\n{two};2024-07-01;0,05\n"
    answer = post_form(maker, "/lists/spring/contacts", rows=rows)
    assert answer.status_code == 303
    assert "2 rows of contacts were read in." in maker.get(answer.headers["location"]).text
    again = post_form(maker, "/lists/spring/contacts", rows=rows)
    text = maker.get(again.headers["location"]).text
    assert "2 rows of contacts were read in; 2 were known already." in text


WRONG_ROWS = (
    ("outcomes", "", "its first line must name customer_id and revenue"),
    ("outcomes", "customer_id,revenue\n", "There is no row below the names"),
    ("outcomes", "customer_id,spent\n1,2", "lacks the columns revenue"),
    ("outcomes", "customer_id,revenue\n00001,much", "Line 2: revenue"),
    ("outcomes", "customer_id,revenue\n00001,1\n00001,2", "1 customer stands twice"),
    ("contacts", "customer_id,contacted_at\n00001,2030-01-01", "Line 2: contacted_at"),
    ("contacts", "customer_id,contacted_at\nnobody,2024-07-01", "line 2: customer 'nobody' is not"),
    ("contacts", "customer_id,contacted_at,list_id\n1,2024-07-01,no", "there is no list 'no'"),
    (
        "contacts",
        "customer_id;contacted_at;cost\n1;2024-07-01;1,234",
        "Line 2: cost '1,234' can be",
    ),
    ("contacts", "customer_id,contacted_at\n00001,yesterday", "contacted_at"),
    ("contacts", "customer_id,contacted_at,cost\n00001,2024-07-01,-1", "Line 2: cost"),
)


def test_rows_that_cannot_be_are_told_with_their_line(maker):
    for what, rows, sentence in WRONG_ROWS:
        answer = post_form(maker, f"/lists/spring/{what}", rows=rows)
        assert answer.status_code == 422, rows
        assert sentence in words(answer.text)
        assert "Nothing was changed." in words(answer.text)


def test_a_file_that_is_too_long_is_refused(maker):
    for what in ("contacts", "outcomes"):
        answer = post_form(maker, f"/lists/spring/{what}", rows="x" * (4 * 1024 * 1024 + 1))
        assert answer.status_code == 413


def test_no_form_of_the_lists_passes_without_the_mark_of_the_session(maker):
    for path in ("preview", "new", "spring/contacts", "spring/outcomes"):
        answer = maker.post(f"/lists/{path}", data={"csrf": "0" * 64, "rows": "customer_id\n"})
        assert answer.status_code == 403


def test_s21_customers_on_the_page_count_towards_the_rows_of_a_day(maker, runtime):
    runtime.usage.rows_per_day = 1
    assert maker.get("/lists/spring").status_code == 200
    assert maker.get("/lists/spring").status_code == 429
    # What lists nobody is not refused.
    assert maker.get("/lists/spring/readout").status_code == 200
