"""What the files of assignments hang on, told shortly: has anything changed since one was made."""

from sqlalchemy import Connection, func, select

from serving.store.hashing import keyed
from serving.store.list_rows import live_members
from serving.store.list_tables import contacts, lists


def states_of(connection: Connection, secret: bytes, form: str) -> dict[str | None, str]:
    """Return for each list a digest of its members and the contacts recorded for it.

    A list is never changed, and members only go, so its seal and their number tell them.

    Parameters
    ----------
    form : of the files; with another one all of them are made anew

    Returns
    -------
    dict of list to digest; under None that of the contacts of no list of ours, where there are any
    """
    there = live_members(connection)
    seals = {str(n): str(s) for n, s in connection.execute(select(lists.c.list_id, lists.c.seal))}
    told = _contacts(connection)
    found: dict[str | None, str] = {
        list_id: keyed(
            secret, "assignments", form, seal, str(there.get(list_id, 0)), told.pop(list_id, "")
        )
        for list_id, seal in seals.items()
    }
    if told:
        rest = [part for list_id in sorted(told) for part in (list_id, told[list_id])]
        found[None] = keyed(secret, "assignments", form, *rest)
    return found


def _contacts(connection: Connection) -> dict[str, str]:
    """Contacts by list, `""` for none: how many, from when to when, and the last recorded."""
    of_list = contacts.c.list_id
    query = select(
        of_list,
        func.count(),
        func.min(contacts.c.contacted_at),
        func.max(contacts.c.contacted_at),
        func.max(contacts.c.recorded_at),
        func.min(contacts.c.customer_id),
        func.max(contacts.c.customer_id),
    )
    found = connection.execute(query.group_by(of_list))
    return {str(row[0]): "\n".join(map(str, row[1:])) for row in found}
