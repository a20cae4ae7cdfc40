"""The commands about contact lists; `perennial.py` reads their arguments."""

import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from configs.settings import Settings
from features.whole_file import write_whole
from serving.lists import service, words
from serving.lists.counted import counted
from serving.lists.errors import ListExists, ListRefused
from serving.lists.faults import sentences_of
from serving.lists.files import contacts_of_csv, members_csv, outcomes_of_csv
from serving.lists.request import ListIn
from serving.printed import print_table
from serving.scores import ScoreStore

WHO = "cli"
# Terms that have an option of their own.
OPTIONS = {
    "list_id": "--name",
    "contact_cost": "--cost",
    "margin": "--margin",
    "save_rate": "--save-rate",
    "save_rate.mean": "--save-rate",
    "save_rate.sd": "--save-rate-sd",
    "incentive": "--incentive",
    "budget": "--budget",
    "max_contacts": "--max-contacts",
    "holdout": "--holdout",
    "primary_outcome": "--outcome",
    "begins_on": "--begins-on",
    "readout_on": "--readout-on",
    "audience.risk_tier": "--risk",
    "audience.value_tier": "--value",
    "audience.channel": "--channel",
    "audience.include_lapsed": "--include-lapsed",
}
NEEDED = ("contact_cost",)
# Terms that stand in a sentence by a name that is no word.
TERM = re.compile(r"\b(list_id|begins_on|readout_on|max_contacts|contact_cost|primary_outcome)\b")

Answer = dict[str, Any]


def make(
    settings: Settings, *, asked: Mapping[str, Any], terms: Path | None, as_json: bool
) -> None:
    """Make a list and print what it promises."""
    body = asked_of(asked, terms)
    with _store(settings) as store, _in_options():
        found = service.create(store, settings, _now(), body, WHO, in_background=False)
    _say(found, as_json, lambda: words.list_text(found, made=True))


def preview(
    settings: Settings, *, asked: Mapping[str, Any], terms: Path | None, as_json: bool
) -> None:
    """Print what a list would be."""
    body = asked_of(asked, terms)
    with _store(settings) as store, _in_options():
        found = service.preview(store, settings, _now(), body)
    _say(found, as_json, lambda: words.list_text(found, made=False))


def show(settings: Settings, *, list_id: str | None, as_json: bool) -> None:
    """Print one list, or the heads of all."""
    with _store(settings) as store:
        if list_id is not None:
            found = service.the_list(store, settings, _now(), list_id)
            _say(found, as_json, lambda: words.list_text(found, made=True))
            return
        heads = service.all_lists(store, settings, _now())
    if as_json:
        print(json.dumps({"lists": heads}))
        return
    print_table(words.HEADS, [words.head_cells(each) for each in heads])
    for status in dict.fromkeys(each["status"] for each in heads):
        print(words.status_line(status))


def members(
    settings: Settings, *, list_id: str, arm: str | None, out: Path | None, as_json: bool
) -> None:
    """Print the members of a list as CSV, or write them to a file."""
    with _store(settings) as store:
        count, rows = service.taken_members(store, list_id, arm, who=WHO, now=_now())
        if out is not None:
            write_whole(out, lambda path: _write(path, members_csv(rows)))
            told = {"list_id": list_id, "members": count, "file": str(out)}
            said = f"{counted(count, 'member')} {'is' if count == 1 else 'are'} in {out}"
            print(json.dumps(told) if as_json else said)
        elif as_json:
            print(json.dumps({"list_id": list_id, "members": list(rows)}))
        else:
            sys.stdout.writelines(members_csv(rows))


def _write(path: Path, parts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


def contacts(settings: Settings, *, file: Path, list_id: str | None, as_json: bool) -> None:
    """Keep the contacts of a CSV, all of them or none."""
    sheet = contacts_of_csv(_content(file), list_id)
    with _store(settings) as store:
        found = service.record_contacts(store, settings, _now(), sheet.rows, WHO, lines=sheet.lines)
    _say(found, as_json, lambda: words.contacts_text(found))


def outcomes(settings: Settings, *, list_id: str, file: Path, replace: bool, as_json: bool) -> None:
    """Keep the outcomes of a CSV, whole or not at all."""
    rows = outcomes_of_csv(_content(file)).rows
    with _store(settings) as store:
        found = service.record_outcomes(store, _now(), list_id, rows, WHO, replace=replace)
    _say(found, as_json, lambda: words.outcomes_text(found))


def readout(settings: Settings, *, list_id: str, as_json: bool) -> None:
    """Print what a list earned."""
    with _store(settings) as store:
        found = service.readout(store, settings, _now(), list_id)
    _say(found, as_json, lambda: words.readout_text(found))


def asked_of(asked: Mapping[str, Any], terms: Path | None) -> ListIn:
    """The terms of a file with those of the command line on top.

    Raises
    ------
    ListRefused
        If the file cannot be read, or a term does not fit; the message names each.
    """
    told = _merged({} if terms is None else _mapping(terms), asked)
    try:
        return ListIn.model_validate(told)
    except ValidationError as error:
        faults = sentences_of(error, ListIn, _called(asked))
        raise ListRefused("; ".join(faults[:10])) from None


def _called(asked: Mapping[str, Any]) -> dict[str, str]:
    """What terms are called: by their option, unless the file of `--terms` gave them."""
    return {
        place: option if _at(asked, place) or place in NEEDED else place
        for place, option in OPTIONS.items()
    }


def _at(asked: Mapping[str, Any], place: str) -> bool:
    found: Any = asked
    for part in place.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found not in (None, [])


@contextmanager
def _in_options() -> Iterator[None]:
    """Name in a refusal the options that stand for the terms of a list."""
    try:
        yield
    except (ListRefused, ListExists) as error:
        error.args = (TERM.sub(lambda found: OPTIONS[found[0]], str(error)),)
        raise


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))  # JSON is YAML
    except OSError as error:
        raise ListRefused(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise ListRefused(f"{path} is neither YAML nor JSON; docs/lists.md has its keys") from None
    if not isinstance(found, dict):
        raise ListRefused(f"{path} must hold keys and values, as docs/lists.md has them")
    return found


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, one level deep; what is None above is not said."""
    found = dict(below)
    for name, value in above.items():
        if isinstance(value, Mapping):
            inner = found.get(name)
            merged = _merged(inner if isinstance(inner, Mapping) else {}, value)
            if merged:
                found[name] = merged
        elif value is not None and value != []:
            found[name] = value
    return found


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ListRefused(f"{file} cannot be read: {error.strerror}") from None


def _say(found: Answer, as_json: bool, text: Callable[[], str]) -> None:
    print(json.dumps(found) if as_json else text())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def _store(settings: Settings) -> Iterator[ScoreStore]:
    store = ScoreStore(settings.store_url)
    try:
        yield store
    finally:
        store.close()
