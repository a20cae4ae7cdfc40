"""Uplift from a shop's own lists: learned, held against the ranking in use, switched on or not.

Each finished randomised list tests what was learned on the lists before it. Where the lower bound
of what uplift would have earned more is above 0, lists are ranked by it from then on.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import Settings
from features.whole_file import write_whole
from retention.uplift.cross_fit import CrossFitted, cross_fit
from retention.uplift.driven_away import groups_of
from retention.uplift.files import load_effects, save_effects
from retention.uplift.rows import UpliftRows, joined
from retention.uplift.switch import Trial, switch_over
from serving.errors import ServeError
from serving.lists.plain import plain
from serving.lists.uplift_rows import (
    FEATURES,
    Experiment,
    features_of,
    finished_lists,
    numbers_of,
    response_of,
)
from serving.lists.uplift_state import State, state_of
from serving.lists.uplift_told import group_dict, measures, of_everybody
from serving.scores import ScoreStore
from serving.store.batch import Batch, utc_text

Float = NDArray[np.float64]
Int = NDArray[np.int64]
CURRENT = "current.json"
LEARNER = "x"
LEAST_LISTS = 2
# Each test takes a fit on all lists before it, so without a limit the work of a programme of lists
# would grow with the square of their number; twelve are a year of monthly lists, every season once.
MOST_TESTS = 12
# Without one of these the answer that is kept cannot be told.
PARTS = ("fitted_at", "learner", "folder", "lists", "left_out", "groups")


class TooFewLists(ServeError):  # noqa: N818 - it names a state
    """There is nothing yet of which an effect could be learned and tested."""

    exit_code = 3


class UpliftDamaged(ServeError):  # noqa: N818 - it names a state
    """The files of the effects learned are not those that were written."""


class Effects:
    """Keeps the effects on all customers of one batch a store, until others are asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[ScoreStore, tuple[tuple[str, str], pd.Series]] = (
            WeakKeyDictionary()
        )

    def of(self, store: ScoreStore, batch: Batch, effects: CrossFitted, name: str) -> pd.Series:
        """Effect of contact by `customer_id`, by the models of this name."""
        key = (batch.batch_id, name)
        with self._lock:
            kept = self._kept.get(store)
            if kept is None or kept[0] != key:
                with store.database.read() as connection:
                    ids, features = features_of(connection, batch.batch_id)
                told = effects.effect(features, 1 - features[:, 0])
                kept = (key, pd.Series(told, index=pd.Index(ids, dtype=object)))
                self._kept[store] = kept
            return kept[1]


EFFECTS = Effects()


@dataclass(frozen=True)
class Ranking:
    """Effects learned, by which lists are ranked while they are switched on.

    Attributes
    ----------
    effects : models of the effect on the return rate
    told : what a list's terms say of it: `fitted_at`, `learner`, `lists`, `switch`
    """

    effects: CrossFitted
    told: dict[str, Any]

    def response(
        self, store: ScoreStore, batch: Batch, candidates: pd.DataFrame, save_rate: float
    ) -> Float:
        """Effect of contact over what the save rate makes of everybody alike, shape (n,).

        1 is a customer who responds as assumed, 0 one whom contact leaves cold, below 0 one whom it
        drives away; the gain that a contact is expected to bring is multiplied by it.

        Parameters
        ----------
        batch : whose customers the candidates are
        candidates : `customer_id`, `return_probability`
        save_rate : mean, above 0
        """
        told = EFFECTS.of(store, batch, self.effects, str(self.told["fitted_at"]))
        effect = told.reindex(candidates["customer_id"]).to_numpy(float)
        return response_of(effect, candidates["return_probability"].to_numpy(float), save_rate)


def ranking_in_use(settings: Settings) -> Ranking | None:
    """What lists are ranked by besides the assumed save rate; None while uplift is off.

    Raises
    ------
    UpliftDamaged
        If the files are not those that were written.
    """
    told = kept(settings)
    if told is None or not told["switch"]["on"]:
        return None
    effects = _effects(settings, str(told["folder"]))
    kept_terms = {name: told[name] for name in ("fitted_at", "learner")}
    lists = [each["list_id"] for each in told["lists"]]
    return Ranking(effects, {**kept_terms, "lists": lists, "switch": told["switch"]["sentence"]})


def in_use(test: Experiment, settings: Settings) -> Float:
    """Expected profit of contact by which a list was ranked when it was made, shape (n,).

    Raises
    ------
    UpliftDamaged
        If effects ranked it, and their models are not those that were written.
    """
    if test.ranked_by is None or not test.rate > 0:
        return test.as_assumed
    effects = _effects(settings, _folder_name(str(test.ranked_by["fitted_at"])))
    # As `Effects` tells them of a whole batch.
    return test.by_effect(effects.effect(test.features, 1 - test.features[:, 0]))


def kept(settings: Settings) -> dict[str, Any] | None:
    """The answer of the last `learn`, with the folder of its models; None before the first."""
    path = _folder(settings) / CURRENT
    if not path.is_file():
        return None
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = [told["switch"][name] for name in ("on", "low", "gain", "sentence")]
        _ = [told[name] for name in PARTS]
    except (ValueError, KeyError, TypeError):
        raise UpliftDamaged(f"{path} cannot be read; run `perennial list uplift` again") from None
    return told


def learn(
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    *,
    learner: str = LEARNER,
    most_tests: int = MOST_TESTS,
) -> dict[str, Any]:
    """Learn the effect of contact from all finished randomised lists, and keep what was learned.

    Parameters
    ----------
    most_tests : so many of the newest lists test what those before them taught; all of them teach

    Returns
    -------
    dict
        fitted_at, learner, folder : when, how, and where the models are kept
        basis : hash over the lists that there were to learn from, see `uplift_state`
        teaching : names of the lists that there were to learn from, by their heads
        lists : of each list used, by the day it began: `list_id`, `customers`, `effect` (on the
            return rate, of all), and of those that test, by models of the lists before them,
            `qini` and `top` (effect in the first 30 %), each {mean, low, high}, and `curve`
        left_out : `list_id`, `why`
        switch : on, gain, low, moved, share, sentence; see `retention.uplift.switch`
        groups : name, ranges, customers, effect {mean, low, high}, driven_away

    Raises
    ------
    TooFewLists
        If fewer than two lists are finished, for one cannot test what it taught.
    """
    # Before the rows: what is imported meanwhile is learned the next time.
    state = state_of(store, settings, now)
    found, left = finished_lists(store, settings, now)
    if len(found) < LEAST_LISTS:
        raise TooFewLists(
            f"{len(found)} finished lists with enough customers in both arms, and two are needed: "
            f"one to learn from and a later one to test it; {_more_lists(state, left)}"
        )
    seed, numbers = settings.training.seed, numbers_of(found)
    rows = [e.rows(e.returned, n) for e, n in zip(found, numbers, strict=True)]
    # The first one has nothing before it.
    tests = range(max(1, len(found) - most_tests), len(found))
    trials, told = [], [_of_list(found[k], rows[k], seed) for k in range(tests.start)]
    for k in tests:
        learned = cross_fit(joined(rows[:k]), learner, seed=seed)
        effect = learned.effect(rows[k].features, rows[k].start)
        try:
            trials.append(_trial(found[k], numbers[k], effect, settings))
        except UpliftDamaged:
            why = "teaches but tests nothing: the effects that ranked it are not kept any more"
            left.append({"list_id": found[k].list_id, "why": why})
        told.append(_of_list(found[k], rows[k], seed) | measures(effect, rows[k], seed))
    if not trials:
        raise TooFewLists(
            "no list is left to test on: the effects that ranked those there are, are not kept any "
            f"more in {_folder(settings)}; bring the folder back, or finish one more list"
        )
    switch = switch_over(trials)
    whole = joined(rows)
    answer = {
        "fitted_at": utc_text(now),
        "learner": learner,
        "basis": state.basis,
        "teaching": state.teaching,
        "lists": told,
        "left_out": left,
        "switch": {**vars(switch)},
        "groups": [group_dict(g) for g in groups_of(whole, list(FEATURES), seed=seed)],
    }
    return _keep(settings, cross_fit(whole, learner, seed=seed), plain(answer))


def learn_if_new(store: ScoreStore, settings: Settings, now: datetime) -> dict[str, Any] | None:
    """Learn where lists have finished, or outcomes have come, since the last time; else None.

    The learner is the one that was chosen last. What was kept and cannot be read is learned anew.
    """
    state = state_of(store, settings, now)
    if len(state.teaching) < LEAST_LISTS:
        return None
    try:
        told = kept(settings) or {}
    except UpliftDamaged:
        told = {}
    if told.get("basis") == state.basis:
        return None
    try:
        return learn(store, settings, now, learner=str(told.get("learner", LEARNER)))
    except TooFewLists:
        return None


def _more_lists(state: State, left: Sequence[Mapping[str, str]]) -> str:
    """How there come to be more lists; of those that seem fit, why they are not."""
    unfit = [
        f"{each['list_id']}: {each['why']}" for each in left if each["list_id"] in state.teaching
    ]
    return "; ".join(["hold customers out of each list", *unfit])


def _trial(test: Experiment, customer: Int, effect: Float, settings: Settings) -> Trial:
    """The list as a test of the effects told: by profit, with what was foreseen taken away."""
    score = test.by_effect(effect)
    margin_on_usual = test.terms.p * test.terms.gain
    return Trial(
        test.rows(test.profit, customer),
        in_use(test, settings),
        score,
        baseline=margin_on_usual,
        worthwhile=score > 0,
    )


def _of_list(test: Experiment, rows: UpliftRows, seed: int) -> dict[str, Any]:
    told = {"list_id": test.list_id, "customers": len(rows)}
    return told | {"effect": of_everybody(rows, seed)}


def _keep(settings: Settings, fitted: CrossFitted, answer: dict[str, Any]) -> dict[str, Any]:
    """Write the models to a folder of their own, then point to it."""
    name = _folder_name(answer["fitted_at"])
    answer = {**answer, "folder": name}
    save_effects(fitted, list(FEATURES), _folder(settings) / name)
    text = json.dumps(answer, indent=1, sort_keys=True, allow_nan=False) + "\n"
    write_whole(_folder(settings) / CURRENT, lambda path: path.write_text(text, encoding="utf-8"))
    return answer


def _effects(settings: Settings, name: str) -> CrossFitted:
    """The models of a folder."""
    try:
        effects, names = load_effects(_folder(settings) / name)
    except (ValueError, KeyError, OSError) as error:
        raise UpliftDamaged(f"{error}; run `perennial list uplift` again") from None
    if tuple(names) != FEATURES:
        raise UpliftDamaged(
            "the effects were learned from other features than this version has; run "
            "`perennial list uplift` again"
        )
    return effects


def _folder_name(fitted_at: str) -> str:
    return fitted_at.translate(str.maketrans("", "", "-:"))


def _folder(settings: Settings) -> Path:
    return settings.var / "uplift"
