"""Whether lists made while another was drawn could have changed who is on that one."""

from datetime import date, timedelta

from sqlalchemy import Connection, or_, select

from retention.lists.caps import CONTACTED, HELD_OUT
from serving.store.list_rows import Head
from serving.store.list_tables import list_members, lists


def could_differ(connection: Connection, head: Head) -> bool:
    """Whether a list made since bars somebody from one that was drawn before.

    Lists do so whose days meet its own and that hold somebody out, and those that contact somebody
    so near that it counts towards the cap. Any other comes between them without a trace.

    Parameters
    ----------
    head : of the list drawn, with the number that it was to have
    """
    holds = (
        (list_members.c.arm == HELD_OUT)
        & (lists.c.begins_on < head["readout_on"])
        & (lists.c.readout_on > head["begins_on"])
    )
    reasons = [holds]
    cap = head["terms"]["contact_cap"]
    if cap is not None:
        day, days = date.fromisoformat(head["begins_on"]), timedelta(days=cap["days"])
        reasons.append(
            (list_members.c.arm == CONTACTED)
            & (lists.c.begins_on > (day - days).isoformat())
            & (lists.c.begins_on < (day + days).isoformat())
        )
    query = (
        select(lists.c.list_id)
        .join(list_members, list_members.c.list_id == lists.c.list_id)
        .where(lists.c.number >= head["number"], or_(*reasons))
        .limit(1)
    )
    return connection.scalar(query) is not None
