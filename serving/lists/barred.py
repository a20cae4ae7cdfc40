"""Who may not be on a list now: held out elsewhere, standing control, contacted often enough."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from retention.lists.caps import CONTACTED, HELD_OUT, ContactCap, at_cap
from serving.lists.rows import Rows
from serving.lists.terms import Declared
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.list_rows import arm_of, lists_begun, lists_that_meet
from serving.store.list_tables import contacts

Places = NDArray[np.int64]
NEVER = "9999-12-31"


def barred_of(
    connection: Connection, told: Declared, customers: Rows, control: Places
) -> dict[str, Places]:
    """Find all who are barred.

    Parameters
    ----------
    customers : columns of the batch
    control : places of the standing control group, empty where there is none

    Returns
    -------
    dict of the reason to places among the customers
    """
    begins, ends = told.begins_on.isoformat(), told.readout_on.isoformat()
    held = [
        _members(connection, customers, list_id, HELD_OUT)
        for list_id in lists_that_meet(connection, begins, ends)
    ]
    found = {"held_out_elsewhere": _joined(held), "global_control": control}
    if told.cap is not None:
        found["contact_cap"] = _at_cap(connection, told.cap, told.begins_on, customers)
    return found


def read_ahead(store: ScoreStore, batch: Batch, customers: Rows) -> None:
    """Look for all who are held out by lists that last beyond the day of a batch, before one asks.

    Parameters
    ----------
    customers : columns of the batch
    """
    with store.database.read() as connection:
        for list_id in lists_that_meet(connection, batch.as_of, NEVER):
            _members(connection, customers, list_id, HELD_OUT)


def _members(connection: Connection, customers: Rows, list_id: str, arm: str) -> Places:
    known = customers.members.get((list_id, arm))
    if known is not None:
        return known
    return customers.places_of(
        list_id, arm, pa.array(arm_of(connection, list_id, arm), pa.string())
    )


def _joined(parts: list[Places]) -> Places:
    return np.concatenate([np.empty(0, np.int64), *parts])


def _at_cap(connection: Connection, cap: ContactCap, begins_on: date, customers: Rows) -> Places:
    """Customers whom a contact on a day would bring above the cap in any of its spans of days.

    Lists that begin later are known already, so a span may end after the day.
    """
    near = timedelta(days=cap.days - 1)
    since, until = begins_on - near, begins_on + near
    recorded = _recorded(connection, customers, since, until)
    assigned = _assigned(connection, customers, since, until)
    found = pd.concat([recorded, assigned], ignore_index=True)
    of_the_shop = _last_contacts(customers, since, begins_on)
    # The shop's own table may tell of the same contacts: of those only the last is known.
    ahead = pd.Timestamp(begins_on) + pd.Timedelta(days=1)
    behind = found.loc[found["contacted_at"] < ahead, "customer_id"].unique()
    of_the_shop = of_the_shop[~of_the_shop["customer_id"].isin(behind)]
    made = pd.concat([found, of_the_shop], ignore_index=True)
    days = pd.DatetimeIndex(made["contacted_at"].dt.normalize().unique())
    lasts = {pd.Timestamp(begins_on), *days[days > pd.Timestamp(begins_on)]}
    end_of_day = pd.Timedelta(days=1, microseconds=-1)
    return _joined([at_cap(made, last + end_of_day, cap).to_numpy(np.int64) for last in lasts])


def _recorded(connection: Connection, customers: Rows, since: date, until: date) -> pd.DataFrame:
    """Contacts recorded."""
    first, last = since.isoformat(), f"{until.isoformat()}T23:59:59"
    query = select(contacts.c.customer_id, contacts.c.contacted_at).where(
        contacts.c.contacted_at >= first, contacts.c.contacted_at <= last
    )
    found = [tuple(row) for row in connection.execute(query)]
    places = customers.places(pa.array([customer_id for customer_id, _ in found], pa.string()))
    return _dated(places, [when for _, when in found])


def _assigned(connection: Connection, customers: Rows, since: date, until: date) -> pd.DataFrame:
    """Members of lists whose contact is not recorded: those are taken to be made on its day."""
    found = []
    begun = lists_begun(connection, since.isoformat(), until.isoformat())
    for list_id, day in begun.items():
        places = _members(connection, customers, list_id, CONTACTED)
        told = connection.scalars(
            select(contacts.c.customer_id).where(contacts.c.list_id == list_id)
        ).all()
        if told:
            places = np.setdiff1d(places, customers.places(pa.array(told, pa.string())))
        found.append(_dated(places, day))
    return pd.concat([_dated(np.empty(0, np.int64), []), *found], ignore_index=True)


def _last_contacts(customers: Rows, since: date, until: date) -> pd.DataFrame:
    """Last contact by the shop's own table, as the batch tells it."""
    if "last_contacted_on" not in customers.columns:
        return _dated(np.empty(0, np.int64), [])
    days = customers.columns["last_contacted_on"]
    first, last = since.isoformat(), until.isoformat()
    is_near = np.array([*(first <= str(day) <= last for day in days.categories), False], bool)
    near = np.flatnonzero(is_near[days.codes])
    return _dated(near, days[near].astype(object))


def _dated(places: Places, when: Any) -> pd.DataFrame:
    """Contacts of the customers at some places; of those who are none of them, at -1, none."""
    stamps = pd.to_datetime(
        pd.Series([when] if isinstance(when, str) else when, dtype=object), format="ISO8601"
    )
    told = stamps.to_numpy("datetime64[us]")
    frame = pd.DataFrame(
        {"customer_id": places, "contacted_at": np.broadcast_to(told, len(places))}
    )
    return frame[frame["customer_id"] >= 0]
