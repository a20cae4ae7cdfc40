"""A list as it stands in the store, checked against its hash, and as it is answered."""

import threading
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
from sqlalchemy import Connection

from configs.settings import Settings
from serving.lists.cards import card_of
from serving.lists.errors import ListDamaged, UnknownList
from serving.lists.progress import progress_of
from serving.scores import ScoreStore
from serving.store.list_rows import (
    IDENTITY,
    IN_BOTH,
    OUTSIDE,
    Head,
    erased_members,
    find_list,
    head_line,
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
    head = checked_head(connection, store, list_id)
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


class Verified:
    """Remembers of each store, for as long as it is open, which lists are what was written.

    Lists do not change, so the members of one are held against its hash once; its head, of which
    the dates and terms are, each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: WeakKeyDictionary[ScoreStore, dict[str, str]] = WeakKeyDictionary()

    def holds(self, store: ScoreStore, head: Head) -> bool:
        """Whether the list was checked before with this very head."""
        with self._lock:
            return self._known.get(store, {}).get(str(head["list_id"])) == _state_of(head)

    def add(self, store: ScoreStore, head: Head) -> None:
        """Remember that a list is what was written."""
        with self._lock:
            self._known.setdefault(store, {})[str(head["list_id"])] = _state_of(head)


VERIFIED = Verified()


def checked_head(connection: Connection, store: ScoreStore, list_id: str) -> Head:
    """Head of a list that is what was written; its members are read only the first time.

    Raises
    ------
    UnknownList
        If there is no such list.
    ListDamaged
        If it is not what was written.
    """
    head = found_list(connection, list_id)
    if not VERIFIED.holds(store, head):
        _check(store, head, read_members(connection, list_id, IDENTITY))
    return head


def whole_list(
    connection: Connection, store: ScoreStore, list_id: str
) -> tuple[Head, pd.DataFrame]:
    """Head and all members, the erased among them, of a list that is what was written.

    What is told of their outcomes may stand for good, so they are checked each time.

    Raises
    ------
    UnknownList, ListDamaged
    """
    head = found_list(connection, list_id)
    found = read_members(connection, list_id)
    _check(store, head, found)
    return head, found


def _check(store: ScoreStore, head: Head, members: pd.DataFrame) -> None:
    if not is_whole(store.database.secret, head, members):
        raise ListDamaged(str(head["list_id"]))
    VERIFIED.add(store, head)


def _state_of(head: Head) -> str:
    dates = [str(head[name]) for name in IN_BOTH]
    return "\n".join([str(head["digest"]), str(head["seal"]), *dates, head_line(head)])


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
