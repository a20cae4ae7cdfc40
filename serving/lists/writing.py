"""Write a list that was made: all of it or nothing, then its file and its card."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from configs.settings import Settings
from features.errors import DataError
from serving.errors import ServeError
from serving.lists.assignments import file_of
from serving.lists.cards import card_of, write_card, write_card_aside
from serving.lists.errors import ListExists
from serving.lists.making import Made
from serving.lists.since import could_differ
from serving.scores import ScoreStore
from serving.store import audit, postgres
from serving.store.erasures import without_erased
from serving.store.list_rows import Head, find_list, newest_number, write_list
from serving.store.list_tables import lists
from serving.store.write_tables import erasures

MANY = 100_000

log = logging.getLogger(__name__)


class Changed(Exception):  # noqa: N818 - it names a state
    """Another list was made, or a customer erased, while this one was drawn."""


def write_made(
    store: ScoreStore,
    connection: Connection,
    made: Made,
    head: Head,
    who: str,
    now: datetime,
    *,
    is_named: bool = True,
) -> None:
    """Write a list in a transaction that writes.

    Parameters
    ----------
    head : of the list, sealed
    is_named : whether its name was asked for, and not found by us

    Raises
    ------
    ListExists
        If one of its name stands already.
    Changed
        If it was drawn from what is no longer so.
    """
    # Nobody else makes a list and nobody is erased until this is done.
    postgres.hold(connection, lists)
    postgres.hold(connection, erasures)
    list_id = str(head["list_id"])
    if find_list(connection, list_id) is not None:
        raise ListExists(list_id) if is_named else Changed
    [left] = without_erased(connection, store.database.secret, [made.members])
    if could_differ(connection, head) or len(left) != len(made.members):
        raise Changed
    numbered = {**head, "number": newest_number(connection) + 1}
    write_list(connection, numbered, made.members)
    audit.record(
        connection,
        store.database.secret,
        at=now,
        who=who,
        what="list",
        count=len(made.members),
        details={"list_id": list_id},
    )


def with_card(
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    made: Made,
    answer: dict[str, Any],
    *,
    in_background: bool | None,
) -> dict[str, Any]:
    """The answer about a new list with its selection rates; its file is written too."""
    list_id = str(answer["list_id"])
    file_of(store, settings, list_id)
    told: dict[str, Any] = {
        "list_id": list_id,
        "batch_id": str(made.head["batch_id"]),
        "pool": made.pool,
        "selected": made.listed,
    }
    if in_background is None:
        in_background = settings.customers is not None or len(made.pool) > MANY
    if in_background:
        write_card_aside(store, settings, now, **told)
        return answer
    try:
        write_card(store, settings, now, **told)
    except (ServeError, DataError, OSError) as error:
        # The list stands; only the card is lacking.
        log.warning("the selection rates of list %s are not counted: %s", list_id, error)
    with store.database.read() as connection:
        return {**answer, "fairness": card_of(connection, list_id)}
