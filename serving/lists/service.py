"""Contact lists: what the service, the command line and the pages ask for, as JSON-ready dicts."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from configs.settings import Settings
from serving.errors import UnknownCursor
from serving.lists.errors import Busy
from serving.lists.events import Effect, Write
from serving.lists.events import record_contacts as record_contacts
from serving.lists.events import record_outcomes as record_outcomes
from serving.lists.making import Made, basis_of, make, preview_of
from serving.lists.progress import progress_of
from serving.lists.reading import keep, kept_readout, readout_of
from serving.lists.request import LISTS_AT_ONCE, ListIn
from serving.lists.whole import (
    answer_of,
    answer_to,
    checked_head,
    found_list,
    head_of,
    member_of,
    whole_list,
)
from serving.lists.writing import Changed, with_card, write_made
from serving.scores import ScoreStore
from serving.store import audit
from serving.store.cursor import read_cursor, write_cursor
from serving.store.list_rows import (
    Head,
    count_members,
    every_list,
    kept_readouts,
    page_of_members,
    sealed,
)
from serving.store.listing import Position
from serving.store.postgres import patient

TRIES = 5
DEFAULT_LIMIT = 50
MEMBERS_AT_ONCE = 5000
# What the cursors of the lists belong to; no list is called so.
EVERY_LIST = "/lists"


def preview(store: ScoreStore, settings: Settings, now: datetime, asked: ListIn) -> dict[str, Any]:
    """What a list would be; nothing is written.

    Returns
    -------
    dict
        list_id, terms : as they would be
        refusal : why it could not be made, as where it would contact nobody; null where it could
        counts : customers, each reason for which some are left out, eligible, worth_contacting,
            listed, contacted, held_out
        outlay : currency, expected; outside_outlay : that of the sample outside
        gain : mean, low, high (95 %), chance_of_loss, break_even_save_rate
        holdout : share, detectable_effect, sufficient, sentence
        sensitivity : list of assumption, change, value, net_gain

    Raises
    ------
    NothingPublished
        If there is no batch.
    ListRefused
        If the terms cannot be.
    """
    return preview_of(basis_of(store, settings, now, asked))


@patient()
def create(
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    asked: ListIn,
    who: str,
    write: Write | None = None,
    *,
    in_background: bool | None = None,
) -> dict[str, Any]:
    """Make a list and return it as `the_list` does: all of it is written, or nothing.

    Parameters
    ----------
    who : prefix of the token, or who is at the command line
    write : runs a function in a transaction that writes and returns what it gives, for those who
        keep their answer beside it; by default a transaction of its own
    in_background : count the selection rates in a thread; the answer then lacks them. By default
        where there is a table of customers to read, or very many customers

    Raises
    ------
    ListExists
        If a list of this name was made before.
    NobodyToContact
        If it would contact nobody.
    Busy
        If other lists were made again and again meanwhile, on which it hangs who may be on it.
    """

    def alone(effect: Effect) -> dict[str, Any]:
        with store.database.write() as connection:
            return effect(connection)

    for _ in range(TRIES):
        made = make(basis_of(store, settings, now, asked))
        head = sealed(store.database.secret, made.head, made.members, who=who, now=now)
        written: list[Made] = []

        def effect(
            connection: Connection,
            made: Made = made,
            head: Head = head,
            written: list[Made] = written,
        ) -> dict[str, Any]:
            write_made(store, connection, made, head, who, now, is_named=bool(asked.list_id))
            written.append(made)
            return answer_to(connection, store, settings, now, head)

        try:
            answer = (write or alone)(effect)
        except Changed:
            continue
        # An answer that was kept is of a list that has its file and its card already.
        if not written:
            return answer
        return with_card(store, settings, now, made, answer, in_background=in_background)
    raise Busy


def all_lists(store: ScoreStore, settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """Head, counts, outlay, gain, status and verdict of every list, the newest first."""
    with store.database.read() as connection:
        return _heads(connection, store, settings, now, every_list(connection))


def page_of_lists(
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    *,
    cursor: str | None = None,
    limit: int = LISTS_AT_ONCE,
) -> dict[str, Any]:
    """A page of `all_lists`: `items` and `next_cursor`.

    Raises
    ------
    CursorError
        If the cursor is none that such a page gave.
    """
    before = _rank_of(cursor, EVERY_LIST, {}) or None
    with store.database.read() as connection:
        found = every_list(connection, before=before, limit=limit + 1)
        following = None
        if len(found) > limit:
            found = found[:limit]
            following = write_cursor(Position(float(found[-1]["number"]), ""), EVERY_LIST, {})
        items = _heads(connection, store, settings, now, found)
    return {"items": items, "next_cursor": following}


def _heads(
    connection: Connection,
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    found: Sequence[Head],
) -> list[dict[str, Any]]:
    readouts = kept_readouts(connection)
    states = progress_of(connection, found, settings, store.current(), now)
    return [
        {
            **head_of(head),
            "counts": head["counts"],
            "outlay": head["outlay"],
            "gain": head["gain"],
            "status": states[head["list_id"]],
            "verdict": (readouts.get(head["list_id"]) or {}).get("verdict"),
        }
        for head in found
    ]


def the_list(store: ScoreStore, settings: Settings, now: datetime, list_id: str) -> dict[str, Any]:
    """One list whole: head, terms, counts, gain, outlay, sensitivity, hold-out, hash, card.

    Raises
    ------
    UnknownList
        If there is none of this name.
    ListDamaged
        If it is not what was written.
    """
    with store.database.read() as connection:
        return answer_of(connection, store, settings, now, list_id)


def members(
    store: ScoreStore,
    list_id: str,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    arm: str | None = None,
) -> dict[str, Any]:
    """A page of members in the order of rank: `items` and `next_cursor`.

    Raises
    ------
    UnknownList
        If there is no such list.
    CursorError
        If the cursor is not one that this list gave.
    """
    query = {"list": list_id, "arm": arm}
    after = _rank_of(cursor, list_id, query)
    with store.database.read() as connection:
        found_list(connection, list_id)
        rows = page_of_members(connection, list_id, after=after, limit=limit + 1, arm=arm)
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = write_cursor(Position(float(rows[-1]["rank"]), ""), list_id, query)
    return {"list_id": list_id, "items": [member_of(r) for r in rows], "next_cursor": following}


def taken_members(
    store: ScoreStore, list_id: str, arm: str | None, *, who: str, now: datetime
) -> tuple[int, Iterator[dict[str, Any]]]:
    """How many members a file has, without the erased, and those; read a page at a time.

    Who takes them stands in the audit trail. The first time, the whole list is held against its
    hash, which takes seconds where it is very long.

    Raises
    ------
    UnknownList, ListDamaged
    """
    with patient(), store.database.read() as connection:
        checked_head(connection, store, list_id)
        count = count_members(connection, list_id, arm)
    with store.database.write() as connection:
        audit.record(
            connection,
            store.database.secret,
            at=now,
            who=who,
            what="list csv",
            count=count,
            details={"list_id": list_id},
        )
    return count, _every_member(store, list_id, arm)


def _every_member(store: ScoreStore, list_id: str, arm: str | None) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        with store.database.read() as connection:
            rows = page_of_members(connection, list_id, after=after, limit=MEMBERS_AT_ONCE, arm=arm)
        yield from map(member_of, rows)
        if len(rows) < MEMBERS_AT_ONCE:
            return
        after = int(rows[-1]["rank"])


def readout(store: ScoreStore, settings: Settings, now: datetime, list_id: str) -> dict[str, Any]:
    """What a list earned, as far as it can be told.

    Returns
    -------
    dict
        status : `preliminary` until all days of the list are known, then `final`
        verdict : one plain sentence
        primary_outcome, begins_on, readout_on : as declared
        as_of : first day of which no outcome is known yet
        contacted, held_out : members by assignment, without the erased
        means : outcome -> {contacted, held_out}, outcomes `return_rate`, `revenue`, `profit`
        effects : outcome -> {estimate, low, high, error, detectable, shown} a customer; {} before
            it is final
        net_gain : {estimate, low, high} of all contacted, currency; null where it cannot be told
        save_rate : {mean, sd, origin} as measured, or null
        outcomes_from : `orders` of the batch, or `imported`; costs_from : `assumed` or `recorded`
        contacts : recorded, contacted_reached, held_out_reached
        erased : {contacted, held_out}, who are left out

    Raises
    ------
    UnknownList, ListDamaged
    """
    with store.database.read() as connection:
        answer = kept_readout(connection, checked_head(connection, store, list_id))
        if answer is not None:
            return answer
        head, found = whole_list(connection, store, list_id)
        answer = readout_of(connection, store, settings, now, head, found)
    keep(store, answer, now)
    return answer


def _rank_of(cursor: str | None, list_id: str, query: dict[str, Any]) -> int:
    if cursor is None:
        return 0
    try:
        return int(read_cursor(cursor, list_id, query).value or 0)
    except ValueError:
        raise UnknownCursor from None
