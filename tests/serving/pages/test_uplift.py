"""The page *Uplift*: verdict, curve, groups, or what is missing."""

from copy import deepcopy

import pytest

from serving.pages.uplift_curve import qini_picture, ticks_between
from serving.pages.uplift_words import effect_words, group_words, qini_words, verdict_words
from serving.web.uplift_document import EXAMPLE
from tests.serving.lists.made_uplift import LATER, come_in, two_finished_one_running
from tests.serving.pages.browsing import Links, sign_in
from tests.serving.pages.listing import SCOPES, list_maker, make_list, words
from tests.serving.web.test_uplift import keep

SWITCH = EXAMPLE["switch"]


@pytest.fixture
def maker(runtime, bare):
    """A signed-in browser that may see lists."""
    return list_maker(runtime, bare)


def test_without_lists_the_page_says_what_is_missing_and_where_to_begin(maker):
    answer = maker.get("/uplift")
    assert answer.status_code == 200
    text = words(answer.text)
    assert "Nothing is learned yet" in text
    assert "Finished lists that can teach it: 0 of 2 needed" in text
    assert "/lists/new" in Links(answer.text).hrefs
    assert "svg" not in Links(answer.text).tags or "Qini curve" not in answer.text


def test_a_list_that_is_open_is_named_with_its_readout(maker):
    assert make_list(maker, list_id="spring").status_code == 303
    text = words(maker.get("/uplift").text)
    assert "spring : its readout is on" in text
    assert "The next readout is due" in text or "the next readout is due" in text


def test_the_page_shows_what_the_answer_says(maker, runtime):
    keep(runtime.settings)
    text = maker.get("/uplift").text
    plain = words(text)
    assert "Uplift does not rank new lists" in plain
    assert "would have earned 412 more than as they were ranked" in plain
    assert "confidence is −903, and it must be above 0" in plain
    assert "Days since the last order at most 129" in plain
    assert "480 customers: +6.0 points, interval −1.0 to +13.0 points" in plain
    assert "Nobody, as far as the lists tell" in plain
    # What was still running when it was learned is told as it stands now.
    assert "autumn" not in plain
    assert "Qini curve of list summer" in text
    assert "+0.60" in plain
    assert "There is more to learn from than there was then" in plain


def test_a_list_that_finished_since_is_named_as_new_and_not_as_left_out(runtime, bare):
    runtime.clock = lambda: LATER
    two_finished_one_running(runtime.store, runtime.settings, ("spring", "summer", "autumn"))
    keep(runtime.settings)
    sign_in(bare, runtime, SCOPES)
    plain = words(bare.get("/uplift").text)
    assert "autumn : its readout is on" in plain
    assert "finished since" not in plain
    come_in(runtime.store, "autumn", works=0.0, seed=2)
    plain = words(bare.get("/uplift").text)
    assert "There is more to learn from than there was then: autumn has finished since" in plain
    assert "Lists that it does not rest on" not in plain


def test_lists_that_taught_and_did_not_test_are_not_counted_as_tests(maker, runtime):
    told = deepcopy(EXAMPLE)
    told["lists"].insert(0, {**told["lists"][0], "list_id": "winter"})
    keep(runtime.settings, told)
    assert "Ranked by it, the test list would have earned" in words(maker.get("/uplift").text)


def test_who_is_driven_away_is_marked(maker, runtime):
    told = deepcopy(EXAMPLE)
    told["groups"][0] |= {"driven_away": True, "effect": {"mean": -0.2, "low": -0.3, "high": -0.1}}
    keep(runtime.settings, told)
    plain = words(maker.get("/uplift").text)
    assert "Leave these customers alone" in plain
    assert "Days since the last order at most 129 driven away" in plain


def test_the_page_of_lists_leads_there_for_those_who_may_see_lists(maker, runtime):
    assert "/uplift" in Links(maker.get("/lists").text).hrefs
    maker.cookies.clear()
    sign_in(maker, runtime, ("list:scores",))
    assert "/uplift" not in Links(maker.get("/lists").text).hrefs
    assert maker.get("/uplift").status_code == 403
    assert "lists" in SCOPES


def test_the_verdict_in_words_says_why():
    on = {**SWITCH, "on": True, "reason": "earns_more", "gain": 5120.4, "low": 1030.2}
    title, sentence = verdict_words(on, 3)
    assert title == "Uplift ranks new lists"
    assert "the 3 test lists would have earned 5,120 more" in sentence
    assert "at least 1,030 more with 99.9% confidence" in sentence
    few = {**SWITCH, "reason": "too_few_differ", "gain": None, "low": None, "moved": 12}
    assert "differ in 12 customers of the test list: too few" in verdict_words(few, 1)[1]
    less = {**SWITCH, "gain": -40.0}
    assert "would have earned 40 less" in verdict_words(less, 1)[1]


def test_ranges_are_written_by_the_unit_of_their_field():
    def named(feature, above=None, at_most=None):
        limits = {"feature": feature, "above": above, "at_most": at_most}
        return group_words({"name": "all", "ranges": [limits]})

    assert named("days_since_last", 149.5, 168.5) == (
        "Days since the last order above 149 and at most 168"
    )
    assert named("return_probability", 0.25) == (
        "Chance to order again without a contact above 25%"
    )
    assert named("historic_clv", None, 1234.5) == "Spent so far at most 1,234.50"
    assert group_words({"name": "everybody", "ranges": []}) == "Everybody"


def test_effects_are_points_and_qini_is_of_100_customers():
    interval = {"mean": 0.0834, "low": -0.01, "high": 0.1}
    assert effect_words(interval) == ("+8.3 points", "−1.0 to +10.0 points")
    assert effect_words(None) == ("–", "")
    assert effect_words({"mean": 0.1, "low": None, "high": None}) == ("+10.0 points", "")
    assert qini_words({"mean": 0.006, "low": -0.004, "high": 0.016}) == ("+0.60", "−0.40 to +1.60")


def test_the_curve_is_placed_between_round_numbers():
    points = [
        {"share": 0.0, "gain": 0.0, "low": 0.0, "high": 0.0},
        {"share": 0.5, "gain": 0.2, "low": 0.1, "high": 0.3},
        {"share": 1.0, "gain": 0.1, "low": -0.1, "high": 0.2},
    ]
    drawn = qini_picture(points)
    assert [tick for tick, _ in drawn.ticks] == [-10, 0, 10, 20, 30]
    heights = [height for _, height in drawn.ticks]
    assert heights == sorted(heights, reverse=True)
    assert dict(drawn.ticks)[0] == drawn.start
    assert dict(drawn.ticks)[10] == pytest.approx(drawn.end)
    assert drawn.curve.split()[0] == f"0.00,{drawn.start:.2f}"
    assert len(drawn.band.split()) == 6
    assert ticks_between(-1, 1) == [-1, -0.5, 0, 0.5, 1]


def test_a_curve_without_any_gain_is_drawn_too():
    flat = [{"share": share, "gain": 0.0, "low": 0.0, "high": 0.0} for share in (0.0, 1.0)]
    assert qini_picture(flat).start == 50
