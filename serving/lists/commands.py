"""The commands about contact lists; `perennial.py` reads their arguments."""

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from configs.settings import Settings
from features.whole_file import write_whole
from serving.lists import service, words
from serving.lists.errors import ListRefused
from serving.lists.files import contacts_of_csv, members_csv, outcomes_of_csv
from serving.lists.request import MOST_ROWS, ListIn
from serving.scores import ScoreStore

WHO = "cli"
TEXT = "the terms"

Answer = dict[str, Any]


def make(
    settings: Settings, *, asked: Mapping[str, Any], terms: Path | None, as_json: bool
) -> None:
    """Make a list and print what it promises."""
    body = asked_of(asked, terms)
    with _store(settings) as store:
        found = service.create(store, settings, _now(), body, WHO, in_background=False)
    _say(found, as_json, lambda: words.list_text(found, made=True))


def preview(
    settings: Settings, *, asked: Mapping[str, Any], terms: Path | None, as_json: bool
) -> None:
    """Print what a list would be."""
    body = asked_of(asked, terms)
    with _store(settings) as store:
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
    table = Table("list", "from", "readout on", "contacted", "held out", "expected gain", "status")
    for each in heads:
        table.add_row(*(escape(str(cell)) for cell in words.head_cells(each)))
    Console(highlight=False).print(table)


def members(
    settings: Settings, *, list_id: str, arm: str | None, out: Path | None, as_json: bool
) -> None:
    """Print the members of a list as CSV, or write them to a file."""
    with _store(settings) as store:
        rows = service.taken_members(store, list_id, arm, who=WHO, now=_now())
    if out is not None:
        write_whole(out, lambda path: path.write_text("".join(members_csv(rows)), "utf-8"))
        told = {"list_id": list_id, "members": len(rows), "file": str(out)}
        print(json.dumps(told) if as_json else f"{len(rows):,} members are in {out}")
    elif as_json:
        print(json.dumps({"list_id": list_id, "members": rows}))
    else:
        sys.stdout.writelines(members_csv(rows))


def contacts(settings: Settings, *, file: Path, list_id: str | None, as_json: bool) -> None:
    """Keep the contacts of a CSV."""
    rows = contacts_of_csv(_content(file), list_id)
    with _store(settings) as store:
        parts = [
            service.record_contacts(store, settings, _now(), rows[start : start + MOST_ROWS], WHO)
            for start in range(0, len(rows), MOST_ROWS)
        ]
    found = words.added_up(parts)
    _say(found, as_json, lambda: words.contacts_text(found))


def outcomes(settings: Settings, *, list_id: str, file: Path, replace: bool, as_json: bool) -> None:
    """Keep the outcomes of a CSV, whole or not at all."""
    rows = outcomes_of_csv(_content(file))
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
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or TEXT}: {fault['msg'].lower()}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise ListRefused("; ".join(faults[:10])) from None


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
