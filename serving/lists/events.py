"""Contacts that were made and outcomes that came: checked, then kept."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from configs.settings import Settings
from retention.lists.caps import HELD_OUT
from serving.lists.assignments import file_of
from serving.lists.contact_rows import ToldContact, checked_arms, moment_of, shortened
from serving.lists.counted import counted
from serving.lists.errors import ListRefused, UnknownList
from serving.lists.request import ContactIn, OutcomeIn
from serving.scores import ScoreStore
from serving.store import audit, postgres
from serving.store.batch import utc_text
from serving.store.erasures import erased_of
from serving.store.list_events import add_contacts, arms_of, count_outcomes, put_outcomes
from serving.store.list_rows import find_list
from serving.store.write_tables import erasures

Answer = dict[str, Any]
Effect = Callable[[Connection], Answer]
Write = Callable[[Effect], Answer]


def record_contacts(
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    rows: Sequence[ContactIn],
    who: str,
    write: Write | None = None,
    *,
    lines: Sequence[int] | None = None,
) -> Answer:
    """Keep contacts that were made, all of them or none.

    Parameters
    ----------
    who : prefix of the token, or who is at the command line
    write : see `serving.lists.service.create`
    lines : of the file that the rows come from, for what is said of them; by default they are
        called by their number

    Returns
    -------
    dict
        recorded : contacts written; duplicate : those known already
        held_out : rows of somebody held out, which tell of no contact
        held_out_contacted : contacts of customers whom their list holds out; the readout counts
            them where they were assigned
        erased : rows of erased customers, left out
        lists : names of the lists of ours that the contacts belong to

    Raises
    ------
    ListRefused
        If a moment cannot be read, lies ahead, or before the first day of the list named; if there
        is no such list, or the customer is not on it.
    """
    names = [f"row {i + 1}" if lines is None else f"line {lines[i]}" for i in range(len(rows))]
    told = [
        ToldContact(i, name, row, moment_of(row, i, name, settings, now))
        for i, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
    made = [each for each in told if each.row.arm != HELD_OUT]
    ids = {row.customer_id for row in rows}
    secret = store.database.secret
    # Lists never change, so a long file does not keep other writers waiting while it is checked.
    with store.database.read() as connection:
        erased, before = erased_of(connection, secret, ids), _count_erasures(connection)
        arms = checked_arms(connection, [e for e in told if e.row.customer_id not in erased])

    def effect(connection: Connection) -> Answer:
        postgres.hold(connection, erasures)
        # Somebody may have been erased since the rows were checked; nobody comes back.
        is_as_before = _count_erasures(connection) == before
        gone = erased if is_as_before else erased_of(connection, secret, ids)
        kept = [each for each in made if each.row.customer_id not in gone]
        ours = sorted({each.row.list_id for each in kept if each.row.list_id})
        known = {"recorded_at": utc_text(now), "recorded_by": who}
        written = add_contacts(connection, [{**_contact(each), **known} for each in kept])
        _tell(connection, store, "contacts", written, who, now, {"lists": ours})
        return {
            "recorded": written,
            "duplicate": len(kept) - written,
            "held_out": len(rows) - len(made),
            "held_out_contacted": sum(arms.get(each.place) == HELD_OUT for each in kept),
            "erased": len(made) - len(kept),
            "lists": ours,
        }

    answer = _written(store, effect, write)
    for list_id in answer["lists"]:
        file_of(store, settings, list_id)
    if any(not each.row.list_id for each in made):
        file_of(store, settings, None)
    return answer


def record_outcomes(
    store: ScoreStore,
    now: datetime,
    list_id: str,
    rows: Sequence[OutcomeIn],
    who: str,
    *,
    replace: bool = False,
    write: Write | None = None,
) -> Answer:
    """Keep what members of a list bought.

    The readout goes by it once it is complete until the list's day, see `OutcomeIn`.

    Parameters
    ----------
    replace : forget what was imported for the list before; else a customer's row replaces an
        earlier one of the same customer
    who, write : as of `record_contacts`

    Returns
    -------
    dict
        list_id
        recorded : rows kept; not_members : rows of customers who are not on the list, left out
        outcomes : rows kept for the list altogether

    Raises
    ------
    UnknownList
        If there is no such list.
    ListRefused
        If a customer stands twice.
    """
    twice = [c for c, n in Counter(row.customer_id for row in rows).items() if n > 1]
    if twice:
        raise ListRefused(
            f"{counted(len(twice), 'customer')} stand{'s' if len(twice) == 1 else ''} twice in the "
            f"outcomes, first {shortened(twice[0])!r}; add up what each of them bought",
            "outcomes",
        )

    def effect(connection: Connection) -> Answer:
        postgres.hold(connection, erasures)
        if find_list(connection, list_id) is None:
            raise UnknownList(list_id)
        on_it = arms_of(connection, list_id, [row.customer_id for row in rows])
        kept = [
            {**row.model_dump(mode="json"), "recorded_at": utc_text(now)}
            for row in rows
            if row.customer_id in on_it
        ]
        put_outcomes(connection, list_id, kept, replace=replace)
        _tell(connection, store, "outcomes", len(kept), who, now, {"list_id": list_id})
        return {
            "list_id": list_id,
            "recorded": len(kept),
            "not_members": len(rows) - len(kept),
            "outcomes": count_outcomes(connection, list_id),
        }

    return _written(store, effect, write)


def _written(
    store: ScoreStore, effect: Callable[[Connection], Answer], write: Write | None
) -> Answer:
    if write is not None:
        return write(effect)
    with store.database.write() as connection:
        return effect(connection)


def _count_erasures(connection: Connection) -> int:
    return int(connection.scalar(select(func.count()).select_from(erasures)) or 0)


def _contact(told: ToldContact) -> dict[str, Any]:
    row = told.row
    return {
        "customer_id": row.customer_id,
        "contacted_at": told.moment,
        "list_id": row.list_id or "",
        "channel": row.channel or "",
        "cost": row.cost,
    }


def _tell(
    connection: Connection,
    store: ScoreStore,
    what: str,
    count: int,
    who: str,
    now: datetime,
    details: dict[str, Any],
) -> None:
    secret = store.database.secret
    audit.record(connection, secret, at=now, who=who, what=what, count=count, details=details)
