"""The answer of `GET /v1/uplift`: what was learned last, and what is missing where nothing was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from configs.settings import Settings
from serving.lists.uplift_rows import FEATURES, LEAST_IN_AN_ARM
from serving.lists.uplift_state import State, state_of
from serving.lists.uplift_told import TOP
from serving.lists.uplifts import LEAST_LISTS, UpliftDamaged, kept
from serving.scores import ScoreStore

LEARNED, TOO_FEW, NOT_LEARNED, DAMAGED = "learned", "too_few_lists", "not_learned", "damaged"
STATUSES = (LEARNED, TOO_FEW, NOT_LEARNED, DAMAGED)
EARNS, NOT_SHOWN, TOO_CLOSE = "earns_more", "not_shown", "too_few_differ"
REASONS = (EARNS, NOT_SHOWN, TOO_CLOSE)
# Of an answer that an earlier version kept, these may lack.
LIST_PARTS = ("qini", "top", "curve")
RUN = "run `perennial list uplift`, or let the next `perennial score` do it"


def uplift_answer(store: ScoreStore, settings: Settings, now: datetime) -> dict[str, Any]:
    """What uplift has to say; nothing is learned here.

    Returns
    -------
    dict
        status : `learned`; else `too_few_lists`, `not_learned` or `damaged`, and what was to be
            learned is null or empty
        sentence : the verdict, or what is missing, in plain words
        teaching : lists that can teach by now; `needed` how many it takes
        next_readout : first day on which a readout that is not final is due; or null
        new_lists : of the teaching ones those that could not teach yet when it was learned
        outdated : whether there is more to learn from than there was
        features : names of the fields that it learns from
        top_share : share of a list that `top` is told of
        fitted_at, learner, lists, switch, groups : of `uplifts.learn`, the switch with its
            `reason`: `earns_more`, `not_shown`, `too_few_differ`
        left_out : `list_id`, `why` of lists that teach nothing as they stand now, and of those
            that `uplifts.learn` found of no use though they were finished
    """
    state = state_of(store, settings, now)
    answer = {
        "status": TOO_FEW,
        "sentence": "",
        "teaching": list(state.teaching),
        "needed": LEAST_LISTS,
        "next_readout": state.next_readout,
        "new_lists": [],
        "outdated": False,
        "features": list(FEATURES),
        "top_share": TOP,
        "fitted_at": None,
        "learner": None,
        "lists": [],
        "left_out": list(state.left_out),
        "switch": None,
        "groups": [],
    }
    try:
        told = kept(settings)
    except UpliftDamaged as error:
        return {**answer, "status": DAMAGED, "sentence": _sentence(str(error))}
    if told is not None:
        return {**answer, **_learned(told, state)}
    if len(state.teaching) < LEAST_LISTS:
        return {**answer, "sentence": _too_few(state)}
    known = f"{len(state.teaching)} finished lists can teach it, and nothing has been learned yet"
    return {**answer, "status": NOT_LEARNED, "sentence": _sentence(f"{known}: {RUN}")}


def _learned(told: Mapping[str, Any], state: State) -> dict[str, Any]:
    used = {each["list_id"] for each in told["lists"]}
    # An answer that an earlier version kept does not tell which lists there were.
    known = used.union(told.get("teaching", ()))
    still = [each for each in state.left_out if each["list_id"] not in used]
    waiting = {each["list_id"] for each in still}
    found = [e for e in told["left_out"] if e["list_id"] in known and e["list_id"] not in waiting]
    switch = dict(told["switch"])
    return {
        "status": LEARNED,
        "sentence": _sentence(f"uplift is {switch['sentence']}"),
        "new_lists": [name for name in state.teaching if name not in known],
        "outdated": told.get("basis") != state.basis,
        "fitted_at": told["fitted_at"],
        "learner": told["learner"],
        "lists": [{**dict.fromkeys(LIST_PARTS), **each} for each in told["lists"]],
        "left_out": [*still, *found],
        "switch": {**switch, "reason": _reason(switch)},
        "groups": [{"ranges": [], **each} for each in told["groups"]],
    }


def _reason(switch: Mapping[str, Any]) -> str:
    if switch["low"] is None:
        return TOO_CLOSE
    return EARNS if switch["on"] else NOT_SHOWN


def _too_few(state: State) -> str:
    found = len(state.teaching)
    there = f"there {'is' if found == 1 else 'are'} {found or 'none'}"
    needed = (
        f"uplift takes {LEAST_LISTS} lists whose readout is final and which have at least "
        f"{LEAST_IN_AN_ARM} customers in each arm, one to learn from and a later one to test it; "
        f"{there}"
    )
    if state.next_readout is not None:
        return _sentence(f"{needed}; the next readout is due on {state.next_readout}")
    return _sentence(f"{needed}; make a list that holds customers out")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
