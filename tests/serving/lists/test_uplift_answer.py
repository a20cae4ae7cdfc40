"""What uplift answers before anything is learned, after, and when its file is damaged."""

import json

import pytest

from serving.lists import uplifts
from serving.lists.uplift_answer import uplift_answer
from serving.lists.uplift_rows import FEATURES
from tests.serving.lists.made_lists import make
from tests.serving.lists.made_uplift import (
    CUSTOMERS,
    DAYS,
    LATER,
    come_in,
    finish,
    two_finished_one_running,
)
from tests.serving.made import made_batch, publish


@pytest.fixture
def shop(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=CUSTOMERS))
    return sqlite_store, settings


def test_without_a_list_it_says_what_is_missing(shop):
    store, settings = shop
    told = uplift_answer(store, settings, LATER)
    assert (told["status"], told["teaching"], told["needed"]) == ("too_few_lists", [], 2)
    assert told["sentence"].startswith("Uplift takes 2 lists whose readout is final")
    assert "there are none" in told["sentence"]
    assert "make a list that holds customers out" in told["sentence"]
    assert told["switch"] is None
    assert told["features"] == list(FEATURES)


def test_with_one_finished_list_it_names_the_next_readout_and_why_others_do_not_teach(shop):
    store, settings = shop
    finish(store, settings, "one", DAYS[0], works=0.3, seed=1)
    make(store, settings, LATER, list_id="small", begins_on=DAYS[1], holdout=0.02)
    make(store, settings, LATER, list_id="open", begins_on="2026-11-01")
    told = uplift_answer(store, settings, LATER)
    assert (told["status"], told["teaching"]) == ("too_few_lists", ["one"])
    assert "there is 1; the next readout is due on" in told["sentence"]
    assert {each["list_id"] for each in told["left_out"]} == {"small", "open"}
    assert all(each["why"].startswith("its readout is on") for each in told["left_out"])


def test_finished_lists_nobody_learned_from_yet_are_told_as_such(shop):
    store, settings = shop
    for k in (0, 1):
        finish(store, settings, f"list-{k}", DAYS[k], works=0.3, seed=k)
    told = uplift_answer(store, settings, LATER)
    assert (told["status"], told["teaching"]) == ("not_learned", ["list-0", "list-1"])
    assert "run `perennial list uplift`" in told["sentence"]


def test_what_was_learned_is_told_with_its_curve_verdict_and_what_is_new_since(shop):
    store, settings = shop
    for k in (0, 1):
        finish(store, settings, f"list-{k}", DAYS[k], works=0.6, seed=k)
    learned = uplifts.learn(store, settings, LATER)
    told = uplift_answer(store, settings, LATER)
    assert told["status"] == "learned"
    assert told["switch"] == {**learned["switch"], "reason": "earns_more"}
    assert told["sentence"].startswith("Uplift is on: by uplift the test list would have earned")
    assert (told["outdated"], told["new_lists"]) == (False, [])
    first, second = told["lists"]
    assert first["curve"] is None
    curve = second["curve"]
    assert [point["share"] for point in curve] == pytest.approx([k / 20 for k in range(21)])
    assert all(p["low"] <= p["gain"] <= p["high"] for p in curve)
    assert curve[-1]["gain"] == pytest.approx(second["effect"]["mean"], abs=0.01)
    worst = told["groups"][0]
    assert worst["driven_away"]
    assert worst["ranges"][0]["feature"] == "days_since_last"
    json.dumps(told, allow_nan=False)
    finish(store, settings, "list-2", DAYS[2], works=0.6, seed=2)
    told = uplift_answer(store, settings, LATER)
    assert (told["outdated"], told["new_lists"]) == (True, ["list-2"])
    (settings.var / "uplift" / uplifts.CURRENT).write_text('{"switch": {}}')
    told = uplift_answer(store, settings, LATER)
    assert told["status"] == "damaged"
    assert "run `perennial list uplift` again" in told["sentence"]
    assert told["switch"] is None


def test_a_list_that_ran_while_it_was_learned_is_new_once_it_finishes(sqlite_store, settings):
    store, names = sqlite_store, ("list-0", "list-1", "list-2")
    two_finished_one_running(store, settings, names)
    learned = uplifts.learn(store, settings, LATER)
    assert learned["teaching"] == ["list-0", "list-1"]
    told = uplift_answer(store, settings, LATER)
    assert (told["outdated"], told["new_lists"]) == (False, [])
    [left] = told["left_out"]
    assert left["list_id"] == "list-2"
    assert left["why"].startswith("its readout is on")
    come_in(store, "list-2", works=0.0, seed=2)
    told = uplift_answer(store, settings, LATER)
    assert (told["outdated"], told["new_lists"], told["left_out"]) == (True, ["list-2"], [])
    # One found of no use though it was finished is neither new nor forgotten.
    why = "teaches but tests nothing: the effects that ranked it are not kept any more"
    kept = {**learned, "left_out": [{"list_id": "list-1", "why": why}, *learned["left_out"]]}
    (settings.var / "uplift" / uplifts.CURRENT).write_text(json.dumps(kept))
    told = uplift_answer(store, settings, LATER)
    assert (told["new_lists"], told["left_out"]) == (["list-2"], kept["left_out"][:1])


def test_an_answer_kept_by_an_earlier_version_lacks_curve_and_ranges_only(shop):
    store, settings = shop
    for k in (0, 1):
        finish(store, settings, f"list-{k}", DAYS[k], works=0.0, seed=k)
    learned = uplifts.learn(store, settings, LATER)
    old = {n: value for n, value in learned.items() if n not in ("basis", "teaching")}
    old["lists"] = [{n: v for n, v in each.items() if n != "curve"} for each in old["lists"]]
    old["groups"] = [{n: v for n, v in each.items() if n != "ranges"} for each in old["groups"]]
    (settings.var / "uplift" / uplifts.CURRENT).write_text(json.dumps(old))
    told = uplift_answer(store, settings, LATER)
    assert told["switch"]["reason"] in ("not_shown", "too_few_differ")
    assert (told["outdated"], told["new_lists"]) == (True, [])
    assert [each["curve"] for each in told["lists"]] == [None, None]
    assert all(each["ranges"] == [] for each in told["groups"])
