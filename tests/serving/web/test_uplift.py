"""`GET /v1/uplift`: 200 whatever there is to tell, in the shape that the document has."""

import json
from pathlib import Path

from serving.lists.uplifts import CURRENT
from serving.web.uplift_document import EXAMPLE
from tests.serving.lists.made_uplift import LATER, come_in, two_finished_one_running
from tests.serving.test_openapi import DOCUMENT, fits

SCHEMA = DOCUMENT["components"]["schemas"]["Uplift"]
# Parts that are not kept: they are told of the lists there are.
ADDED = ("status", "sentence", "needed", "next_readout", "new_lists", "outdated")


def keep(settings, told=EXAMPLE) -> Path:
    """Write an answer as `learn` keeps it."""
    switch = {name: value for name, value in told["switch"].items() if name != "reason"}
    kept = {name: value for name, value in told.items() if name not in ADDED}
    path = settings.var / "uplift" / CURRENT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**kept, "switch": switch, "folder": "made"}))
    return path


def test_before_there_is_a_list_it_is_200_and_says_what_is_missing(anonymous, token_of):
    answer = anonymous.get("/v1/uplift", headers=token_of("lists"))
    assert answer.status_code == 200
    assert fits(SCHEMA, answer.json())
    assert answer.json()["status"] == "too_few_lists"


def test_what_was_learned_fits_the_document(anonymous, runtime, token_of):
    keep(runtime.settings)
    answer = anonymous.get("/v1/uplift", headers=token_of("lists")).json()
    assert fits(SCHEMA, answer)
    assert answer["lists"] == EXAMPLE["lists"]
    assert answer["switch"] == EXAMPLE["switch"]


def test_a_list_is_left_out_while_it_runs_and_new_once_it_finishes(bare, runtime, token_of):
    runtime.clock = lambda: LATER
    two_finished_one_running(runtime.store, runtime.settings, ("spring", "summer", "autumn"))
    keep(runtime.settings)
    headers = token_of("lists")
    told = bare.get("/v1/uplift", headers=headers).json()
    assert (told["teaching"], told["new_lists"]) == (["spring", "summer"], [])
    assert [each["list_id"] for each in told["left_out"]] == ["autumn"]
    come_in(runtime.store, "autumn", works=0.0, seed=2)
    told = bare.get("/v1/uplift", headers=headers).json()
    assert told["teaching"] == ["spring", "summer", "autumn"]
    assert (told["new_lists"], told["left_out"]) == (["autumn"], [])


def test_it_is_told_to_those_who_may_see_lists_only(anonymous, token_of):
    answer = anonymous.get("/v1/uplift", headers=token_of("list:scores"))
    assert answer.status_code == 403
    assert "lists" in answer.json()["detail"]


def test_a_file_that_cannot_be_read_is_told_and_fails_nothing(anonymous, runtime, token_of):
    keep(runtime.settings).write_text("{")
    answer = anonymous.get("/v1/uplift", headers=token_of("lists"))
    assert answer.status_code == 200
    assert answer.json()["status"] == "damaged"
    assert fits(SCHEMA, answer.json())
