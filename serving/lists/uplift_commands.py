"""`perennial list uplift`: whom contact moves, by the shop's own lists or by an experiment."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from configs.settings import Settings
from retention.uplift.learners import LEARNERS
from serving.errors import ServeError
from serving.lists.errors import ListRefused
from serving.lists.experiment import experiment_report
from serving.lists.uplifts import LEARNER, learn, learn_if_new
from serving.scores import ScoreStore

Answer = dict[str, Any]


def uplift(
    settings: Settings,
    *,
    experiment: Path | None = None,
    treatment: str | None = None,
    outcome: str | None = None,
    control: str | None = None,
    learner: str = LEARNER,
    as_json: bool = False,
    features: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> None:
    """Learn from finished lists whom contact moves, or from an experiment's CSV, and print it."""
    if learner not in LEARNERS:
        raise ListRefused(f"--learner must be one of {', '.join(LEARNERS)}, got {learner!r}")
    console = Console(highlight=False)
    if experiment is not None:
        if treatment is None or outcome is None:
            raise ListRefused("--experiment needs --treatment and --outcome, names of its columns")
        told = experiment_report(
            experiment,
            treatment=treatment,
            outcome=outcome,
            control=control,
            learner=learner,
            seed=settings.training.seed,
            features=_names(features),
            ignore=_names(ignore),
        )
        _say(told, as_json, lambda: _print_experiment(console, told))
        return
    if features or ignore:
        raise ListRefused("--features and --ignore name columns of an --experiment; give one")
    store = ScoreStore(settings.store_url)
    try:
        told = learn(store, settings, dt.datetime.now(dt.UTC), learner=learner)
    finally:
        store.close()
    _say(told, as_json, lambda: _print_lists(console, told))


def learn_what_is_new(settings: Settings, now: dt.datetime) -> str | None:
    """Learn from lists that have finished since the last time; what came of it, or None.

    Nothing fails here: it comes after the batch is published, which stands whatever happens.
    """
    try:
        store = ScoreStore(settings.store_url)
        try:
            told = learn_if_new(store, settings, now)
        finally:
            store.close()
    except Exception as error:  # noqa: BLE001 - told in a sentence; the batch stands
        return f"uplift was not learned: {_cause(error)}"
    if told is None:
        return None
    lists = f"{len(told['lists'])} finished lists"
    return f"uplift was learned anew from {lists} and is {told['switch']['sentence']}"


def _cause(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, ServeError):
        return str(error)
    first = next(iter(str(error).splitlines()), "")
    kind = type(error).__name__
    what = f"{kind}: {first}" if first else kind
    return f"{what}; the batch stands; `perennial list uplift` tries again"


def _names(told: Sequence[str]) -> list[str]:
    """Columns by name, given one by one or with commas between."""
    return [name.strip() for each in told for name in each.split(",") if name.strip()]


def _say(told: Answer, as_json: bool, show: Any) -> None:
    if as_json:
        print(json.dumps(told, allow_nan=False))
    else:
        show()


def _print_lists(console: Console, told: Answer) -> None:
    table = Table("list", "customers", "effect", "first 30 %", "Qini")
    for each in told["lists"]:
        cells = (_interval(each.get(name)) for name in ("effect", "top", "qini"))
        table.add_row(escape(each["list_id"]), f"{each['customers']:,}", *cells)
    console.print(table)
    for each in told["left_out"]:
        console.print(f"left out: {escape(each['list_id'])}, {each['why']}")
    console.print(f"uplift is {escape(told['switch']['sentence'])}")
    _print_groups(console, told["groups"])


def _print_experiment(console: Console, told: Answer) -> None:
    console.print(
        f"{told['customers']:,} customers, {told['treated']:,} treated; effect "
        f"{_interval(told['effect'])}"
    )
    table = Table("tested on", "customers", "first 30 %", "Qini")
    for name, each in zip(("first half", "second half"), told["halves"], strict=True):
        table.add_row(
            name, f"{each['customers']:,}", _interval(each["top"]), _interval(each["qini"])
        )
    console.print(table)
    _print_groups(console, told["groups"])


def _print_groups(console: Console, groups: list[Answer]) -> None:
    table = Table("group", "customers", "effect of contact", "")
    for each in groups:
        away = "driven away" if each["driven_away"] else ""
        table.add_row(
            escape(each["name"]), f"{each['customers']:,}", _interval(each["effect"]), away
        )
    console.print(table)


def _interval(told: Answer | None) -> str:
    if told is None or told["mean"] is None:
        return "-"
    if told["low"] is None or told["high"] is None:
        return f"{told['mean']:+.4f}"
    return f"{told['mean']:+.4f} ({told['low']:+.4f} to {told['high']:+.4f})"
