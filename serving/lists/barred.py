"""Who may not be on a list now: held out elsewhere, standing control, contacted often enough."""

from collections.abc import Collection
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, and_, select

from retention.lists.audience import Barred
from retention.lists.caps import CONTACTED, ContactCap, at_cap
from retention.lists.overlap import held_out_elsewhere
from serving.lists.terms import Declared
from serving.store.list_rows import held_out_between
from serving.store.list_tables import contacts, list_members, lists


def barred_of(
    connection: Connection,
    told: Declared,
    customers: pd.DataFrame,
    control: Collection[str],
) -> Barred:
    """Find all who are barred.

    Parameters
    ----------
    customers : columns of the batch, see `serving.lists.rows`
    control : the standing control group, empty where there is none
    """
    begins, ends = told.begins_on, told.readout_on
    held = held_out_between(connection, begins.isoformat(), ends.isoformat())
    cap: Collection[str] = ()
    if told.cap is not None:
        cap = _at_cap(connection, told.cap, begins, customers)
    return Barred(held_out_elsewhere(held, begins, ends), control, cap)


def _at_cap(
    connection: Connection, cap: ContactCap, begins_on: date, customers: pd.DataFrame
) -> frozenset[str]:
    """Customers whom a contact on a day would bring above the cap in any of its spans of days.

    Lists that begin later are known already, so a span may end after the day.
    """
    near = timedelta(days=cap.days - 1)
    found = _contacts(connection, begins_on - near, begins_on + near)
    of_the_shop = _last_contacts(customers, begins_on - near, begins_on)
    # The shop's own table may tell of the same contacts: of those only the last is known.
    ahead = pd.Timestamp(begins_on) + pd.Timedelta(days=1)
    behind = set(found.loc[found["contacted_at"] < ahead, "customer_id"])
    of_the_shop = of_the_shop[~of_the_shop["customer_id"].isin(behind)]
    made = pd.concat([found, of_the_shop], ignore_index=True)
    days = made["contacted_at"].dt.normalize()
    lasts = {pd.Timestamp(begins_on), *days[days > pd.Timestamp(begins_on)]}
    end_of_day = pd.Timedelta(days=1, microseconds=-1)
    spans = (at_cap(made, last + end_of_day, cap) for last in lasts)
    return frozenset[str]().union(*spans)


def _contacts(connection: Connection, since: date, until: date) -> pd.DataFrame:
    """Contacts recorded, and of members without such those that were assigned, by their day."""
    first, last = since.isoformat(), f"{until.isoformat()}T23:59:59"
    recorded = select(contacts.c.customer_id, contacts.c.contacted_at).where(
        contacts.c.contacted_at >= first, contacts.c.contacted_at <= last
    )
    told = select(contacts.c.list_id).where(
        contacts.c.customer_id == list_members.c.customer_id,
        contacts.c.list_id == list_members.c.list_id,
    )
    assigned = (
        select(list_members.c.customer_id, lists.c.begins_on)
        .join(lists, lists.c.list_id == list_members.c.list_id)
        .where(
            and_(
                list_members.c.arm == CONTACTED,
                list_members.c.customer_id.is_not(None),
                lists.c.begins_on >= first,
                lists.c.begins_on <= until.isoformat(),
                ~told.exists(),
            )
        )
    )
    rows = [tuple(row) for query in (recorded, assigned) for row in connection.execute(query)]
    return _dated(rows)


def _last_contacts(customers: pd.DataFrame, since: date, until: date) -> pd.DataFrame:
    """Last contact by the shop's own table, as the batch tells it."""
    if "last_contacted_on" not in customers:
        return _dated([])
    days = customers["last_contacted_on"].astype(object)
    near = (days.notna() & (days >= since.isoformat()) & (days <= until.isoformat())).to_numpy()
    pairs = zip(customers["customer_id"][near], days[near], strict=True)
    return _dated([(str(c), str(d)) for c, d in pairs])


def _dated(rows: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "contacted_at"])
    return frame.assign(
        contacted_at=pd.to_datetime(frame["contacted_at"], format="ISO8601").astype(
            "datetime64[us]"
        )
    )
