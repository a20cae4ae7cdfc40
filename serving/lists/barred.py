"""Who may not be on a list now: held out elsewhere, standing control, contacted often enough."""

from collections.abc import Collection
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, and_, select

from retention.lists.audience import Barred
from retention.lists.caps import CONTACTED, ContactCap, at_cap
from retention.lists.holdout import global_control
from retention.lists.overlap import held_out_elsewhere
from serving.lists.terms import Declared
from serving.store.list_rows import held_out_between
from serving.store.list_tables import contacts, list_members, lists


def barred_of(connection: Connection, told: Declared, customers: pd.DataFrame, shop: str) -> Barred:
    """Find all who are barred.

    Parameters
    ----------
    customers : columns of the batch, see `serving.lists.rows`
    shop : name by which the standing control group is drawn
    """
    begins, ends = told.begins_on, told.readout_on
    held = held_out_between(connection, begins.isoformat(), ends.isoformat())
    control: Collection[str] = ()
    if told.terms["global_control"]:
        ids = customers["customer_id"].tolist()
        inside = global_control(shop, ids)
        control = frozenset(each for each, hit in zip(ids, inside, strict=True) if hit)
    cap: Collection[str] = ()
    if told.cap is not None:
        cap = _at_cap(connection, told.cap, begins, customers)
    return Barred(held_out_elsewhere(held, begins, ends), control, cap)


def _at_cap(
    connection: Connection, cap: ContactCap, begins_on: date, customers: pd.DataFrame
) -> frozenset[str]:
    when = pd.Timestamp(begins_on) + pd.Timedelta(days=1, microseconds=-1)
    since = begins_on - timedelta(days=cap.days)
    found = _contacts(connection, since, begins_on)
    of_the_shop = _last_contacts(customers, since, begins_on)
    # The shop's own table may tell of the same contacts: of those only the last is known.
    of_the_shop = of_the_shop[~of_the_shop["customer_id"].isin(set(found["customer_id"]))]
    return at_cap(pd.concat([found, of_the_shop], ignore_index=True), when, cap)


def _contacts(connection: Connection, since: date, until: date) -> pd.DataFrame:
    """Contacts recorded, and of lists without such those that were assigned, by their day."""
    first, last = since.isoformat(), f"{until.isoformat()}T23:59:59"
    recorded = select(contacts.c.customer_id, contacts.c.contacted_at).where(
        contacts.c.contacted_at >= first, contacts.c.contacted_at <= last
    )
    told = select(contacts.c.list_id).distinct()
    assigned = (
        select(list_members.c.customer_id, lists.c.begins_on)
        .join(lists, lists.c.list_id == list_members.c.list_id)
        .where(
            and_(
                list_members.c.arm == CONTACTED,
                list_members.c.customer_id.is_not(None),
                lists.c.begins_on >= first,
                lists.c.begins_on <= until.isoformat(),
                lists.c.list_id.not_in(told),
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
