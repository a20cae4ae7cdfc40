"""Imports of a list: who was contacted, and what the members bought."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.lists.errors import ListRefused, UnknownList
from serving.lists.events import record_contacts, record_outcomes
from serving.lists.files import Sheet, contacts_of_csv, outcomes_of_csv
from serving.lists.request import ContactIn, OutcomeIn
from serving.pages.frame import notice
from serving.pages.lists_forms import posted
from serving.pages.lists_missing import of_a_list
from serving.pages.render import PAGE_HEADERS
from serving.pages.state import Parts
from serving.pages.words import count_of, number
from serving.store.batch import Batch
from serving.store.list_rows import find_list

# Counts of an import worth telling, and how they are told.
COUNTED = {
    "duplicate": ("{} was known already", "{} were known already"),
    "held_out": (
        "{} row of somebody held out was left out",
        "{} rows of customers held out were left out",
    ),
    "held_out_contacted": (
        "{} of them was to be left alone: the readout counts the customer where they were assigned",
        "{} of them were to be left alone: the readout counts them where they were assigned",
    ),
    "erased": (
        "{} row of an erased customer was left out",
        "{} rows of erased customers were left out",
    ),
    "not_members": (
        "{} row of a customer who is not on the list was left out",
        "{} rows of customers who are not on the list were left out",
    ),
}


def contacts(request: Request, parts: Parts, batch: Batch, form: FormData) -> Response:
    """Keep who was contacted for a list."""
    return _import(request, parts, form, "contacts")


def outcomes(request: Request, parts: Parts, batch: Batch, form: FormData) -> Response:
    """Keep what the members of a list bought."""
    return _import(request, parts, form, "outcomes")


import_contacts, import_outcomes = posted(contacts), posted(outcomes)


def imported_words(params: Mapping[str, str]) -> str:
    """What the import before this visit did, by the address it led to; empty without one."""
    what = params.get("imported", "")
    counts = {name: _count(params.get(name, "")) for name in ("rows", *COUNTED)}
    if what not in ("contacts", "outcomes") or not counts["rows"]:
        return ""
    were = "was" if counts["rows"] == 1 else "were"
    told = [f"{count_of(counts['rows'], 'row')} of {what} {were} read in"]
    told += [
        words[counts[name] != 1].format(number(counts[name]))
        for name, words in COUNTED.items()
        if counts[name]
    ]
    return "; ".join(told) + "."


@of_a_list
def _import(
    request: Request, parts: Parts, form: FormData, what: Literal["contacts", "outcomes"]
) -> Response:
    list_id, who = request.path_params["list_id"], request.state.principal.prefix
    content = str(form.get("rows", "")).encode("utf-8", "replace")
    try:
        if what == "contacts":
            _check_there(parts, list_id)
            made = contacts_of_csv(content, list_id)
            told, rows = _contacts(parts, made, who), len(made.rows)
        else:
            bought = outcomes_of_csv(content).rows
            told, rows = _outcomes(parts, list_id, bought, who), len(bought)
    except ListRefused as error:
        return _refused(request, parts, list_id, what, str(error))
    counts = {name: told[name] for name in COUNTED if told.get(name)}
    href = f"/lists/{list_id}?{urlencode({'imported': what, 'rows': rows, **counts})}"
    return RedirectResponse(href, status_code=303, headers=PAGE_HEADERS)


def _contacts(parts: Parts, made: Sheet[ContactIn], who: str) -> dict[str, Any]:
    _check_any(made.rows)
    return record_contacts(
        parts.store, parts.settings, parts.clock(), made.rows, who, lines=made.lines
    )


def _outcomes(parts: Parts, list_id: str, bought: list[OutcomeIn], who: str) -> dict[str, Any]:
    _check_any(bought)
    return record_outcomes(parts.store, parts.clock(), list_id, bought, who)


def _check_any(rows: Sequence[object]) -> None:
    if not rows:
        raise ListRefused("there is no row below the names of the columns")


def _check_there(parts: Parts, list_id: str) -> None:
    """Raise UnknownList if there is no such list."""
    with parts.store.database.read() as connection:
        if find_list(connection, list_id) is None:
            raise UnknownList(list_id)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _refused(request: Request, parts: Parts, list_id: str, what: str, why: str) -> Response:
    return notice(
        request,
        parts,
        422,
        title=f"The {what} were not read in",
        sentence=f"{why[:1].upper()}{why[1:]}. Nothing was changed.",
        link={"href": f"/lists/{list_id}#imports", "text": "Back to the list"},
        here="lists",
    )
