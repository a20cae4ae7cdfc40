"""Uplift from finished lists: learned, tested on later lists, kept, switched on where it earns."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update

from retention.lists.contact_value import expected_profit, with_response
from serving.lists import uplifts
from serving.lists.uplift_answer import uplift_answer
from serving.lists.uplift_commands import learn_what_is_new
from serving.lists.uplift_rows import FEATURES, features_of, finished_lists
from serving.store.list_tables import list_members
from tests.serving.lists.made_lists import make, members_of
from tests.serving.lists.made_uplift import CUSTOMERS, DAYS, LATER, finish, silence
from tests.serving.made import made_batch, publish

BARE = str.maketrans("", "", "-:")


@pytest.fixture
def shop(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=CUSTOMERS))
    return sqlite_store, settings


def test_with_one_finished_list_it_says_what_is_needed(shop):
    store, settings = shop
    finish(store, settings, "one", DAYS[0], works=0.3, seed=1)
    make(store, settings, LATER, list_id="open", begins_on="2026-11-01")
    with pytest.raises(uplifts.TooFewLists, match="1 finished lists .* two are needed"):
        uplifts.learn(store, settings, LATER)
    found, left = finished_lists(store, settings, LATER)
    assert [e.list_id for e in found] == ["one"]
    assert [each["list_id"] for each in left] == ["open"]
    assert uplifts.ranking_in_use(settings) is None


def test_rows_hold_what_was_published_when_the_list_was_made(shop):
    store, settings = shop
    finish(store, settings, "one", DAYS[0], works=0.3, seed=1)
    [found], _ = finished_lists(store, settings, LATER)
    told = pd.Series(found.features[:, FEATURES.index("days_since_last")], found.customer_id)
    assert told.to_dict() == silence().loc[list(found.customer_id)].to_dict()
    assert found.propensity.mean() == pytest.approx(found.contacted.mean())
    profits = found.profit[found.contacted]
    assert set(np.round(profits, 6)) == {-0.5, 0.4 * 60 - 0.5 - 1.0}


def test_uplift_that_earns_more_ranks_the_next_list(shop):
    store, settings = shop
    for k, day in enumerate(DAYS[:3]):
        finish(store, settings, f"list-{k}", day, works=0.6, seed=k)
    told = uplifts.learn(store, settings, LATER)
    assert [each["list_id"] for each in told["lists"]] == ["list-0", "list-1", "list-2"]
    assert "qini" not in told["lists"][0]
    assert all(each["qini"]["low"] > 0 for each in told["lists"][1:])
    assert told["lists"][2]["top"]["low"] > told["lists"][2]["effect"]["mean"]
    assert told["switch"]["on"]
    away = [g for g in told["groups"] if g["driven_away"]]
    assert away
    assert all("days_since_last above" in g["name"] for g in away)
    json.dumps(told, allow_nan=False)
    ranking = uplifts.ranking_in_use(settings)
    assert ranking is not None
    assert ranking.told["lists"] == ["list-0", "list-1", "list-2"]
    lately = silence().dropna()
    candidates = pd.DataFrame({"customer_id": lately.index, "return_probability": 0.5})
    response = ranking.response(store, store.current(), candidates, 0.2)
    here = lately.to_numpy() < 140
    assert response[here].mean() > 2
    assert response[lately.to_numpy() > 160].mean() < 0
    made = make(store, settings, LATER, list_id="next", begins_on=DAYS[3])
    assert made["terms"]["ranking"] == ranking.told
    listed = members_of(store, "next")["customer_id"].map(silence())
    assert (listed < 160).mean() > 0.95


def test_features_of_a_batch_are_those_of_its_lists(shop):
    store, settings = shop
    finish(store, settings, "one", DAYS[0], works=0.3, seed=1)
    [found], _ = finished_lists(store, settings, LATER)
    with store.database.read() as connection:
        ids, features = features_of(connection, "b1")
    assert features.shape == (len(ids), len(FEATURES))
    whole = pd.DataFrame(features, index=ids).loc[list(found.customer_id)]
    assert np.allclose(whole.to_numpy(), found.features, equal_nan=True)


def test_without_an_effect_it_stays_off(shop):
    store, settings = shop
    for k, day in enumerate(DAYS[:2]):
        finish(store, settings, f"list-{k}", day, works=0.0, seed=k)
    told = uplifts.learn(store, settings, LATER)
    assert not told["switch"]["on"]
    assert uplifts.ranking_in_use(settings) is None
    kept = uplifts.kept(settings)
    assert kept is not None
    assert kept["switch"]["sentence"].startswith("off:")


def test_an_effect_earns_in_the_test_what_it_earns_when_a_list_is_made(shop):
    store, settings = shop
    # A gain below 0 is that of an incentive above the margin on what is saved.
    finish(store, settings, "one", DAYS[0], works=0.3, seed=1)
    [found], _ = finished_lists(store, settings, LATER)
    gain = found.terms.gain.copy()
    gain[::2] = -np.abs(gain[::2])
    test = replace(found, terms=replace(found.terms, gain=gain))
    effect = np.random.default_rng(0).uniform(-0.3, 0.3, len(gain))
    both_negative = (effect < 0) & (gain < 0)
    assert both_negative.any()
    told = test.by_effect(effect)
    p = test.terms.p
    as_made = with_response(test.terms, effect / (test.rate * (1 - p)))
    assert np.allclose(told, expected_profit(as_made, test.rate))
    assert (told[both_negative] < 0).all()


def test_a_list_ranked_by_uplift_tests_that_ranking(shop):
    store, settings = shop
    for k, day in enumerate(DAYS[:3]):
        finish(store, settings, f"list-{k}", day, works=0.6, seed=k)
    assert uplifts.learn(store, settings, LATER)["switch"]["on"]
    ranking = uplifts.ranking_in_use(settings)
    assert ranking is not None
    finish(store, settings, "next", DAYS[3], works=0.6, seed=3)
    found, _ = finished_lists(store, settings, LATER)
    by_name = {each.list_id: each for each in found}
    first, last = by_name["list-0"], by_name["next"]
    assert last.ranked_by == ranking.told
    assert np.array_equal(uplifts.in_use(first, settings), first.as_assumed)
    recorded = members_of(store, "next").set_index("customer_id")["expected_profit"].dropna()
    rebuilt = pd.Series(uplifts.in_use(last, settings), index=last.customer_id)
    assert np.allclose(rebuilt[recorded.index], recorded)
    assert not np.allclose(last.as_assumed[rebuilt.index.isin(recorded.index)], recorded)
    # Without the models that ranked it the list still teaches, and tests nothing.
    shutil.rmtree(settings.var / "uplift" / ranking.told["fitted_at"].translate(BARE))
    told = uplifts.learn(store, settings, LATER + timedelta(days=1))
    assert [each["list_id"] for each in told["lists"]][-1] == "next"
    [left] = told["left_out"]
    assert left["list_id"] == "next"
    assert "not kept any more" in left["why"]


def test_a_list_that_is_not_what_was_written_teaches_nothing_and_is_told(shop):
    store, settings = shop
    for k, day in enumerate(DAYS[:3]):
        finish(store, settings, f"list-{k}", day, works=0.0, seed=k)

    def damage(list_id):
        mine = list_members.c.list_id == list_id
        with store.database.write() as connection:
            connection.execute(update(list_members).where(mine).values(arm="contacted"))

    damage("list-1")
    told = uplifts.learn(store, settings, LATER)
    assert [each["list_id"] for each in told["lists"]] == ["list-0", "list-2"]
    [left] = told["left_out"]
    assert left["list_id"] == "list-1"
    assert "is not what was written: its hash differs" in left["why"]
    answer = uplift_answer(store, settings, LATER)
    assert (answer["new_lists"], answer["left_out"]) == ([], [left])
    damage("list-2")
    with pytest.raises(uplifts.TooFewLists, match="list-2: .* is not what was written"):
        uplifts.learn(store, settings, LATER)


def test_only_the_newest_lists_test_and_all_of_them_teach(shop):
    store, settings = shop
    for k, day in enumerate(DAYS[:3]):
        finish(store, settings, f"list-{k}", day, works=0.6, seed=k)
    told = uplifts.learn(store, settings, LATER, most_tests=1)
    assert [each["list_id"] for each in told["lists"]] == ["list-0", "list-1", "list-2"]
    assert ["qini" in each for each in told["lists"]] == [False, False, True]
    assert told["switch"]["sentence"].startswith("on: by uplift the test list would")
    both = uplifts.learn(store, settings, LATER)
    assert ["qini" in each for each in both["lists"]] == [False, True, True]
    # The last list tests the same models either way.
    assert told["lists"][2] == both["lists"][2]


def test_what_fails_while_it_is_learned_is_a_sentence(shop, tmp_path):
    store, settings = shop
    settings = settings.model_copy(update={"store": f"sqlite:///{tmp_path}/store/scores.db"})
    for k, day in enumerate(DAYS[:2]):
        finish(store, settings, f"list-{k}", day, works=0.0, seed=k)
    settings.var.mkdir(parents=True, exist_ok=True)
    (settings.var / "uplift").write_text("a file where the folder should be")
    words = learn_what_is_new(settings, LATER)
    assert words is not None
    assert words.startswith("uplift was not learned: ")
    assert str(settings.var / "uplift") in words
    assert words.endswith("; the batch stands; `perennial list uplift` tries again")
    assert "\n" not in words


def test_files_that_were_changed_are_not_used(shop):
    store, settings = shop
    for k, day in enumerate(DAYS[:2]):
        finish(store, settings, f"list-{k}", day, works=0.6, seed=k)
    told = uplifts.learn(store, settings, LATER)
    assert told["switch"]["on"]
    model = next((settings.var / "uplift" / told["folder"]).glob("*.ubj"))
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(uplifts.UpliftDamaged, match="run `perennial list uplift` again"):
        uplifts.ranking_in_use(settings)


def test_it_is_learned_anew_only_where_lists_or_outcomes_are_new(shop, tmp_path):
    store, settings = shop
    settings = settings.model_copy(update={"store": f"sqlite:///{tmp_path}/store/scores.db"})
    finish(store, settings, "list-0", DAYS[0], works=0.6, seed=0)
    assert uplifts.learn_if_new(store, settings, LATER) is None
    assert uplifts.kept(settings) is None
    finish(store, settings, "list-1", DAYS[1], works=0.6, seed=1)
    told = uplifts.learn(store, settings, LATER, learner="t")
    assert uplifts.learn_if_new(store, settings, LATER + timedelta(days=1)) is None
    finish(store, settings, "list-2", DAYS[2], works=0.6, seed=2)
    words = learn_what_is_new(settings, LATER + timedelta(days=1))
    assert words is not None
    assert words.startswith("uplift was learned anew from 3 finished lists and is on: by uplift")
    anew = uplifts.kept(settings)
    assert anew is not None
    assert anew["basis"] != told["basis"]
    # By the learner that was chosen.
    assert (anew["learner"], len(anew["lists"])) == ("t", 3)
    assert learn_what_is_new(settings, LATER + timedelta(days=2)) is None
    (settings.var / "uplift" / uplifts.CURRENT).write_text("{}")
    assert uplifts.learn_if_new(store, settings, LATER + timedelta(days=2)) is not None
