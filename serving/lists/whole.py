"""A list as it stands in the store, checked against its hash, and as it is answered."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from configs.settings import Settings
from serving.lists.cards import card_of
from serving.lists.errors import ListDamaged, UnknownList
from serving.lists.progress import progress_of
from serving.scores import ScoreStore
from serving.store.list_rows import (
    IDENTITY,
    OUTSIDE,
    Head,
    erased_members,
    find_list,
    is_whole,
    read_members,
)

HEAD = (
    "list_id",
    "created_at",
    "created_by",
    "batch_id",
    "as_of",
    "model_version",
    "begins_on",
    "readout_on",
)


def answer_of(
    connection: Connection, store: ScoreStore, settings: Settings, now: datetime, list_id: str
) -> dict[str, Any]:
    """The answer of `serving.lists.service.the_list`."""
    head, _ = whole_list(connection, store.database.secret, list_id, IDENTITY)
    return answer_to(connection, store, settings, now, head)


def answer_to(
    connection: Connection, store: ScoreStore, settings: Settings, now: datetime, head: Head
) -> dict[str, Any]:
    """The same of a list whose head is known to be right."""
    list_id = str(head["list_id"])
    batch = store.current()
    status = progress_of(connection, [head], settings, batch, now)[list_id]
    return {
        **head_of(head),
        "status": status,
        "terms": head["terms"],
        "audience": head["terms"]["audience"],
        "counts": head["counts"],
        "outlay": head["outlay"],
        "gain": head["gain"],
        "holdout": head["holdout"],
        "sensitivity": head["sensitivity"],
        "digest": head["digest"],
        "erased": erased_members(connection, list_id),
        "fairness": card_of(connection, list_id),
    }


def whole_list(
    connection: Connection, secret: bytes, list_id: str, columns: tuple[str, ...] | None = None
) -> tuple[Head, pd.DataFrame]:
    """Head and all members, the erased among them.

    Parameters
    ----------
    columns : of the members, `IDENTITY` among them; default all

    Raises
    ------
    UnknownList
        If there is no such list.
    ListDamaged
        If it is not what was written.
    """
    head = found_list(connection, list_id)
    found = read_members(connection, list_id, columns)
    if not is_whole(secret, head, found):
        raise ListDamaged(list_id)
    return head, found


def found_list(connection: Connection, list_id: str) -> Head:
    """Head of a list; raises UnknownList if there is none."""
    head = find_list(connection, list_id)
    if head is None:
        raise UnknownList(list_id)
    return head


def head_of(head: Head) -> dict[str, Any]:
    """What stands first in every answer about a list."""
    told = {name: head[name] for name in HEAD}
    return {**told, "primary_outcome": head["terms"]["primary_outcome"]}


def member_of(row: dict[str, Any]) -> dict[str, Any]:
    """A member as it is answered; one of the sample outside has no decile."""
    outside = row["stratum"] == OUTSIDE
    return {**row, "sample": "outside" if outside else "list"}
