"""The first list of a shop that has told nothing but its purchases: a preview, and its members."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs.settings import Settings
from features.whole_file import write_whole
from serving.lists.files import members_csv
from serving.lists.making import basis_of, make, preview_of
from serving.lists.request import SAVE_RATE, ListIn
from serving.lists.words import list_text
from serving.scores import ScoreStore

NAME = "first"
MARGIN, CONTACT_COST = 0.3, 0.10
FIELDS = ("customer_id", "rank", "arm", "return_probability", "expected_spend", "expected_profit")


def first_list(
    store: ScoreStore, settings: Settings, now: dt.datetime, path: Path | None
) -> dict[str, Any]:
    """What a first list would be, with what was assumed; nothing is written to the store.

    Parameters
    ----------
    path : CSV that its members are written to, whole or not at all; None for no file. There is none
        of a list that would contact nobody

    Returns
    -------
    dict of `serving.lists.service.preview`, and `assumed_margin` (None where the settings tell it)
    """
    told = settings.money.margin
    margin = MARGIN if told is None else told
    asked = ListIn(list_id=NAME, contact_cost=CONTACT_COST, margin=margin)
    basis = basis_of(store, settings, now, asked)
    found = preview_of(basis)
    if path is not None and found["refusal"] is None:
        members = make(basis).members.to_dict("records")
        rows = [{str(name): value for name, value in row.items()} for row in members]
        text = "".join(members_csv(rows, FIELDS))
        write_whole(path, lambda draft: draft.write_text(text, "utf-8"))
    return {**found, "assumed_margin": MARGIN if told is None else None}


def first_text(found: Mapping[str, Any], call: str, file: str) -> str:
    """The list in words: what it would be, on what that rests, how to make it.

    Parameters
    ----------
    call : the command up to `list`, such as `perennial list -c shop.yaml`
    file : where the members are
    """
    assumed = [f"a contact costs {CONTACT_COST:.2f}", f"{SAVE_RATE:.0%} of the lost can be saved"]
    option, told = "", list_text(found, made=False)
    if found["assumed_margin"] is not None:
        option = f" --margin {found['assumed_margin']:g}"
        assumed.insert(0, f"{found['assumed_margin']:.0%} of net spend is left after goods")
    guessed = (
        f"assumed, not known: {', '.join(assumed)}; say what is so with --margin, --cost and "
        "--save-rate, the margin for good with `money: {margin: ...}` in the settings\n"
    )
    if found["refusal"]:
        return f"{told}\n{guessed}to see what another list would be:\n  {call} preview{option}"
    return (
        f"{told}\n{guessed}"
        f"its members: {file}\n"
        "to make the list, hold-out and readout with it:\n"
        f"  {call} make --name {NAME} --cost {CONTACT_COST:.2f}{option}"
    )
