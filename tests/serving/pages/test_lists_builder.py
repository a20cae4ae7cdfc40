"""The list builder: defaults, live part, faults beside their fields, the list that it makes."""

import re

import pytest

from retention.lists.save_rate import SaveRate
from serving.pages.builder_fields import FLAGS, QUESTIONS
from serving.pages.builder_form import BuilderForm, field_of, measured_texts
from tests.serving.made import made_batch
from tests.serving.pages.browsing import Links, first, publish_with_facts, sign_in
from tests.serving.pages.listing import (
    SCOPES,
    TERMS,
    foresee,
    list_maker,
    make_list,
    post_form,
    words,
)


@pytest.fixture
def maker(runtime, bare):
    """A browser that may make lists."""
    return list_maker(runtime, bare)


def fault(text, name):
    return first(rf'id="e-{name}"[^>]*>([^<]*)</p>', text)


def body(*items, **defaults):
    return BuilderForm.of(items, defaults).body()


def test_every_question_is_asked_with_its_meaning_and_its_default(maker):
    text = maker.get("/lists/new").text
    [form] = [form for form in Links(text).forms if form.get("class") == "builder"]
    for name, question in QUESTIONS.items():
        assert f'id="m-{name}">' in text
        assert words(question.meaning).strip() in words(text)
        if name not in ("margin", "list_id"):
            assert form["fields"][name] == question.default
    assert set(FLAGS) < set(form["fields"])
    assert "no customer’s own score ever sets how much is given" in words(text)


def test_a_margin_that_is_assumed_is_called_a_guess(maker):
    assert "is a guess: put in yours" in maker.get("/lists/new").text
    assert "is a guess" not in maker.get("/lists/new?margin=45").text


def test_the_live_part_shows_what_the_page_shows(maker):
    part = foresee(maker)
    whole = post_form(maker, "/lists/new", do="preview", **TERMS)
    assert part.status_code == whole.status_code == 200
    told = first(r"(<dl class=\"facts promised\">.*?</ol>)", part.text.replace("\n", " "))
    assert told in whole.text.replace("\n", " ")
    assert "Expected net gain" in part.text
    assert maker.get("/lists").text.count('href="/lists/') == 1  # nothing but the builder


def test_a_smaller_budget_contacts_fewer(maker):
    def contacted(text):
        return int(first(r"<dt>Contacted</dt><dd>(\d+)", text))

    sizes = [contacted(foresee(maker, budget=budget).text) for budget in ("1", "3", "")]
    assert sizes == sorted(sizes)
    assert 0 < sizes[0] < sizes[-1]


FAULTS = (
    ("contact_cost", "dear", "“dear” is no number; write it as in 2.50."),
    ("contact_cost", "", "Give what one contact costs, 0 if it costs nothing."),
    ("contact_cost", "-1", "This must be at least 0."),
    ("margin", "140", "This must be at most 100%."),
    ("save_sd", "60", "This must be below 50 points."),
    ("budget", "0", "This must be above 0."),
    ("max_contacts", "2.5", "“2.5” is no whole number."),
    ("holdout", "70", "The share held out is from 0 to 50%, or auto."),
    ("begins_on", "tomorrow", "This is no day; write it as 2026-03-31."),
    ("cap_days", "30", ""),
    ("list_id", "Ümlaut", "A name has small letters, digits and hyphens only"),
    ("list_id", "new", "This name is taken by the dashboard itself"),
    ("channel", "e mail", "A channel is one word"),
    ("primary_outcome", "clicks", "There is no outcome “clicks”."),
)


def test_a_fault_stands_beside_its_field_and_nothing_is_made(maker):
    for name, text, sentence in FAULTS:
        live = foresee(maker, **{name: text})
        assert live.status_code == 200, (name, text)
        assert "until the marked fields are right" in live.text
        assert sentence in fault(live.text, name)
        refused = make_list(maker, **{name: text})
        assert refused.status_code == 422
        assert sentence in fault(refused.text, name)
    assert "None yet." in maker.get("/lists").text


def test_a_rate_that_no_distribution_has_is_told_at_the_save_rate(maker):
    text = foresee(maker, save_rate="1", save_sd="20").text
    assert "cannot have a standard deviation" in fault(text, "save_rate")


def test_days_in_the_wrong_order_are_told_beside_the_day(maker):
    text = foresee(maker, begins_on="2024-07-10", readout_on="2024-07-05").text
    assert "must come after" in fault(text, "readout_on")


def test_a_list_is_made_once_and_its_name_is_then_taken(maker):
    answer = make_list(maker, list_id="Autumn Letter")
    assert (answer.status_code, answer.headers["location"]) == (303, "/lists/autumn-letter")
    again = make_list(maker, list_id="autumn-letter")
    assert again.status_code == 422
    assert "was made before; choose another name" in fault(again.text, "list_id")


def test_a_form_that_is_sent_twice_makes_one_list(maker):
    assert 'name="list_id" value="list-2024-07-01"' in maker.get("/lists/new").text
    for status in (303, 422):
        assert make_list(maker, list_id="list-2024-07-01").status_code == status
    assert 'name="list_id" value="list-2024-07-01-2"' in maker.get("/lists/new").text


def test_a_name_that_is_taken_is_told_before_the_list_is_sent(maker):
    make_list(maker, list_id="spring")
    assert "was made before" in fault(foresee(maker, list_id="spring").text, "list_id")


def test_a_sample_from_outside_is_counted_apart(maker):
    live = foresee(maker, budget="2", outside_sample="yes")
    drawn = first(r"Besides, (\d+) customers drawn from those not on the list", live.text)
    assert int(drawn) > 0
    assert make_list(maker, list_id="wide", budget="2", outside_sample="yes").status_code == 303
    text = words(maker.get("/lists/wide").text)
    assert f"Besides, {drawn} customers drawn from those not on the list" in text
    assert "Sample outside 5% of those not on the list" in text


def test_a_list_without_a_name_is_named_after_the_day(maker):
    assert make_list(maker).headers["location"] == "/lists/list-2024-07-01"


def test_a_form_of_another_session_makes_nothing(maker):
    answer = maker.post("/lists/new", data={**TERMS, "do": "make", "csrf": "0" * 64})
    assert answer.status_code == 403
    assert "None yet." in maker.get("/lists").text


def test_scores_of_long_ago_begin_a_list_on_their_own_day(runtime, bare):
    publish_with_facts(runtime.store, made_batch(as_of="2023-12-01", data_until="2023-11-30"))
    sign_in(bare, runtime, SCOPES)
    text = bare.get("/lists/new").text
    assert 'name="begins_on" value="2023-12-01"' in text
    assert "These scores are of 1 Dec 2023 and look 90 days ahead, which are over" in words(text)
    assert make_list(bare, list_id="past", begins_on="2023-12-01").status_code == 303


def test_a_list_that_would_contact_nobody_is_told_instead_of_zeros_and_not_made(maker):
    live = foresee(maker, contact_cost="5000")
    sentence = "This list would contact nobody: none of the"
    assert sentence in words(live.text)
    assert "<dt>Contacted</dt>" not in live.text
    refused = make_list(maker, contact_cost="5000")
    assert (refused.status_code, sentence in words(refused.text)) == (422, True)
    assert "None yet." in maker.get("/lists").text


def test_a_channel_that_nobody_is_reached_by_is_told_beside_its_field(maker):
    text = foresee(maker, channel="fax").text
    assert "No customer is known to be reached by" in fault(text, "channel")


def test_the_address_fills_in_an_audience(maker):
    text = maker.get("/lists/new?risk_tier=high&value_tier=top,high&risk_change=up").text
    ticked = re.findall(r'name="(\w+)" value="(\w+)" checked', text)
    assert ticked == [("risk_tier", "high"), ("value_tier", "top"), ("value_tier", "high")]
    assert "cannot be filtered by how the risk has changed" in text


@pytest.mark.parametrize(
    ("text", "number"),
    [("2.5", 2.5), ("2,5", 2.5), ("1,000", 1000.0), ("1,234.5", 1234.5), (" 12 000 ", 12000.0)],
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert body(("budget", text)) == (body(("budget", str(number)))[0], {})
    assert body(("budget", text))[0]["budget"] == number


def test_a_percentage_becomes_a_share_without_a_stray_digit():
    found, faults = body(("margin", "7"), ("redemption_anyway", "29%"), ("detect", "0.3"))
    assert (found["margin"], found["redemption_anyway"], found["detect"]) == (0.07, 0.29, 0.003)
    assert faults == {}


def test_half_a_cap_asks_for_the_other_half():
    assert body(("cap_days", "30"))[1] == {"cap_contacts": "The cap needs both numbers."}
    assert body(("cap_contacts", "2"))[1] == {"cap_days": "The cap needs both numbers."}


def test_places_in_the_body_lead_to_their_fields():
    assert field_of(("save_rate", "sd")) == "save_sd"
    assert field_of(("save_rate",)) == "save_rate"
    assert field_of(("audience", "risk_tier", 0)) == "risk_tier"
    assert field_of(("elsewhere",)) == ""


def test_a_measured_save_rate_stays_measured_until_it_is_changed():
    texts = measured_texts(["spring", "autumn"], SaveRate(0.0613, 0.012, "measured"))
    measured = BuilderForm.of(texts.items(), {})
    assert measured.measured_lists == ("spring", "autumn")
    # What readouts measured is asked for by leaving it out.
    assert "save_rate" not in measured.body()[0]
    changed = BuilderForm.of({**texts, "save_rate": "7"}.items(), {})
    assert changed.body()[0]["save_rate"] == {"mean": 0.07, "sd": 0.012}


def test_the_name_of_a_list_in_a_form_is_no_way_out_of_the_address(maker):
    text = maker.get('/lists/new?measured_by=../x"><script>&measured_as=5+2').text
    assert "<script>&" not in text
    assert "../x" not in text
