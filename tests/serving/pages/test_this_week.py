"""The first page: newly at risk, too late, owners and what is done."""

import html
import re
from datetime import timedelta

import pytest

from retention.lists.holdout import global_control
from serving.lists import service
from serving.lists.let_be import let_be
from serving.store.tasks import Tasks
from serving.store.week import week_ids
from tests.serving.lists.made_lists import WHO, asked, members_of
from tests.serving.made import NOW, made_batch, publish
from tests.serving.pages.browsing import Links, csrf, publish_with_facts, sign_in

RANK = {"low": 0, "medium": 1, "high": 2}


def ids(text):
    return re.findall(r'class="who"><a href="/customers/([^"?]+)', text)


def newly_at_risk(rows, old):
    both = rows.merge(old[["customer_id", "risk_tier"]], on="customer_id", suffixes=("", "_old"))
    rose = both["risk_tier"].map(RANK) > both["risk_tier_old"].map(RANK)
    found = both[rose & (both["lifecycle_status"] != "lapsed")]
    found = found.sort_values(["value_at_risk", "customer_id"], ascending=[False, True])
    return found["customer_id"].tolist()


def test_the_page_lists_whose_risk_went_up_most_value_at_risk_first(a_week_later):
    visitor, rows, old = a_week_later
    expected = newly_at_risk(rows, old)
    assert len(expected) > 25
    text = visitor.get("/").text
    assert f"Newly at risk: {len(expected)} customers" in text
    assert "went up between the scores of 24 Jun 2024 and those of 1 Jul 2024" in text
    seen = ids(text)
    while following := re.search(r'rel="next" href="([^"]+)"', text):
        text = visitor.get(html.unescape(following.group(1))).text
        seen += ids(text)
    assert seen == expected


def test_each_has_reason_last_purchase_and_action(a_week_later):
    visitor, _, _ = a_week_later
    text = visitor.get("/").text
    assert "No order for 40 days." in text
    assert "9 Mar 2024, 35.50" in text
    assert "tulips (bulbs)" in text
    assert "Look at the history first: the customer is still in their own rhythm." in text
    assert text.count("No contact data given") == 1


def test_who_lapsed_stands_apart_as_too_late(runtime, bare):
    from tests.serving.made import made_rows

    old = made_rows(seed=0)
    rows = made_rows(seed=0)
    some = rows.index[rows["lifecycle_status"] == "active"][:12]
    rows.loc[some, "lifecycle_status"] = "lapsed"
    publish_with_facts(runtime.store, made_batch(), rows, old)
    sign_in(bare, runtime)
    text = bare.get("/").text
    assert "Too late: 12 customers" in text
    assert "Newly at risk: 0 customers" in text
    assert "Nobody’s risk tier went up" in text
    late = bare.get("/?list=too_late").text
    assert sorted(ids(late)) == sorted(rows.loc[some, "customer_id"])
    assert "Newly at risk" not in late


def test_a_first_batch_says_so_and_shows_high_risk_and_value(visitor):
    text = visitor.get("/").text
    assert "There is no earlier batch of scores to compare with" in text
    listed = visitor.get("/v1/customers?risk_tier=high&value_tier=top,high&lifecycle_status=active")
    expected = [row["customer_id"] for row in listed.json()["items"]]
    assert f"Where to begin: {len(expected)} customers" in text
    assert ids(text) == expected[:20]


def test_who_is_on_an_open_list_is_let_be_and_counted(runtime, a_week_later):
    visitor, rows, old = a_week_later
    before = newly_at_risk(rows, old)
    service.create(runtime.store, runtime.settings, NOW, asked(list_id="spring"), WHO)
    arms = members_of(runtime.store, "spring").set_index("customer_id")["arm"]
    held = [each for each in before if arms.get(each) == "held_out"]
    contacted = [each for each in before if arms.get(each) == "contacted"]
    assert len(held) > 2
    assert len(contacted) > 2
    left = [each for each in before if each not in arms]
    text = visitor.get("/").text
    assert f"Newly at risk: {len(left)} customers" in text
    assert f"{len(contacted)} contacted lately or on" in text
    assert f"{len(held)} held out of a contact list" in text
    seen = ids(text)
    while following := re.search(r'rel="next" href="([^"]+)"', text):
        text = visitor.get(html.unescape(following.group(1))).text
        seen += ids(text)
    assert seen == left


def test_where_all_are_left_off_it_does_not_say_that_nobodys_risk_went_up(runtime, a_week_later):
    visitor, rows, old = a_week_later
    free = asked(list_id="spring", contact_cost=0.0, incentive=0.0)
    service.create(runtime.store, runtime.settings, NOW, free, WHO)
    arms = set(members_of(runtime.store, "spring")["customer_id"])
    assert set(newly_at_risk(rows, old)) <= arms
    text = visitor.get("/").text
    assert "Newly at risk: 0 customers" in text
    assert "All of them are left off, see below." in text
    assert "Nobody’s risk tier went up" not in text


@pytest.mark.usefixtures("a_week_later")
def test_a_list_that_was_read_out_lets_nobody_be(runtime):
    told = asked(list_id="spring", readout_on="2024-07-02")
    service.create(runtime.store, runtime.settings, NOW, told, WHO)
    found = [
        let_be(runtime.store, runtime.settings, "b1", "at_risk", NOW.date() + timedelta(days))
        for days in (0, 1)
    ]
    assert len(found[0]) > 2
    assert found[1] == {}


def test_the_standing_control_of_an_open_list_is_let_be(runtime, bare):
    publish_with_facts(runtime.store, made_batch(customers=1500))
    sign_in(bare, runtime)
    assert "standing control" not in bare.get("/").text
    # Nobody of those to begin with, who are of high risk.
    told = asked(
        list_id="other",
        global_control=True,
        contact_cost=0.01,
        audience={"risk_tier": ["low"], "include_lapsed": True},
        max_contacts=1,
    )
    service.create(runtime.store, runtime.settings, NOW, told, WHO)
    with runtime.store.database.read() as connection:
        everybody = week_ids(connection, "b1", "start")
    inside = global_control(runtime.settings.name, everybody)
    control = {each for each, hit in zip(everybody, inside, strict=True) if hit}
    assert control
    text = bare.get("/").text
    assert f"{len(control)} in the standing control group" in text
    assert f"Where to begin: {len(everybody) - len(control)} customers" in text
    assert control.isdisjoint(ids(text))


def test_the_standing_control_of_the_settings_is_let_be_without_a_list(runtime):
    publish_with_facts(runtime.store, made_batch(customers=1500))
    told = {**runtime.settings.model_dump(), "lists": {"global_control": 0.1}}
    with_control = type(runtime.settings).model_validate(told)
    found = let_be(runtime.store, with_control, "b1", "start", NOW.date())
    assert set(found.values()) == {"global_control"}
    assert let_be(runtime.store, runtime.settings, "b1", "start", NOW.date()) == {}


def test_a_batch_of_an_earlier_version_says_what_to_do(runtime, bare):
    publish(runtime.store)
    sign_in(bare, runtime)
    answer = bare.get("/")
    assert answer.status_code == 200
    assert "published by an earlier version" in answer.text


def test_a_customer_can_be_given_to_an_owner_done_and_undone(runtime, visitor):
    [first, *_] = ids(visitor.get("/").text)
    mark = {"csrf": csrf(visitor, "/"), "customer_id": first, "back": "/?page=1"}
    data = {**mark, "owner": "<b>Ann</b>", "due_on": "2024-06-30"}
    answer = visitor.post("/tasks/assign", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?page=1")
    text = visitor.get("/").text
    assert "Open tasks" in text
    assert "overdue since 30 Jun 2024" in text
    assert "b" not in Links(text).tags
    visitor.post("/tasks/done", data={**mark, "done": "yes"})
    text = visitor.get("/").text
    assert "Open tasks" not in text
    assert "done 1 Jul 2024" in text
    visitor.post("/tasks/done", data={**mark, "done": "no"})
    assert "Open tasks" in visitor.get("/").text
    visitor.post("/tasks/assign", data={**mark, "owner": "", "due_on": ""})
    assert Tasks(runtime.store.database, lambda: NOW).open() == []


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"customer_id": "nobody"}, 404, "holds no such customer"),
        ({"customer_id": ""}, 404, "holds no such customer"),
        ({"customer_id": "a\x00b"}, 404, "holds no such customer"),
        ({"due_on": "tomorrow"}, 422, "must be written as in 2024-07-31"),
        ({"owner": "x" * 61}, 422, "at most 60 characters"),
    ],
)
def test_a_task_that_cannot_be_kept_says_why(visitor, changes, status, words):
    data = {"csrf": csrf(visitor), "customer_id": "00001", "owner": "Ann", "due_on": "", **changes}
    answer = visitor.post("/tasks/assign", data=data)
    assert answer.status_code == status
    assert words in answer.text


def test_a_form_leads_back_to_no_address_but_ours(visitor):
    data = {"csrf": csrf(visitor), "customer_id": "00001", "owner": "Ann"}
    for back in ("https://example.com", "//example.com", "/sign-out", ""):
        answer = visitor.post("/tasks/assign", data={**data, "back": back})
        assert answer.headers["location"] == "/"


def test_filters_at_the_former_address_lead_to_the_list(visitor):
    answer = visitor.get("/?risk_tier=high&value_tier=top&sort=customer_id")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/customers?risk_tier=high&value_tier=top&sort=customer_id"


@pytest.mark.parametrize("page", ["0", "-1", "x", "999", "9999999", "²", ""])
def test_a_page_that_there_is_not_is_a_page_all_the_same(visitor, page):
    assert visitor.get(f"/?page={page}").status_code == 200
