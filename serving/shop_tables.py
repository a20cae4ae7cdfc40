"""The optional tables of a shop as a batch needs them: read, summed up, joined to its rows."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from configs.settings import Settings
from features.shop_clock import ShopClock
from features.tables.moment import moment_of
from features.tables.of_shop import ShopTables, read_tables
from retention.table_fields import with_table_fields
from serving.store.database import Database
from serving.store.list_tables import contacts

TABLES = ("customers", "contacts", "surveys")


@dataclass(frozen=True)
class Told:
    """What was known of the customers on a day beside their purchases.

    Attributes
    ----------
    customers : of `features.tables.customers.customers_at`; None without such a table
    contacts : of `features.tables.contacts.contacts_at`, those that were sent to the service with
        them; None where the shop has neither
    accounts : what became of the rows of each table
    digest : of all that; another one where anything of it has changed
    """

    customers: pd.DataFrame | None
    contacts: pd.DataFrame | None
    accounts: dict[str, dict[str, object]]
    digest: str

    @property
    def no_profiling(self) -> frozenset[str]:
        """Ids of the customers who asked not to be profiled."""
        if self.customers is None:
            return frozenset()
        return frozenset(self.customers.index[self.customers["no_profiling"].to_numpy(bool)])

    def joined(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Score rows with the fields that the tables give."""
        return with_table_fields(rows, self.customers, self.contacts)


NOTHING_TOLD = Told(None, None, {}, "")


def shop_tables(settings: Settings, clock: ShopClock, now: dt.datetime) -> ShopTables:
    """Read the tables that the settings name, and list their bad rows in the quarantine.

    Raises
    ------
    DataError
        If a table cannot be read, lacks a column, or has too many bad rows.
    """
    parts: dict[str, Any] = {name: getattr(settings, name) for name in TABLES}
    told = {name: None if part is None else part.model_dump() for name, part in parts.items()}
    found = read_tables(clock, latest=clock.latest(now), **told)
    found.write_quarantine(settings.quarantine_dir / "tables")
    return found


def told_by(tables: ShopTables, database: Database, cutoff: int) -> Told:
    """What tables and store knew before shop day `cutoff`."""
    customers = tables.customers_at(cutoff)
    known = _together(tables.contacts_at(cutoff), _sent(database, cutoff, tables.clock))
    digest = hashlib.sha256()
    for frame in (customers, known):
        if frame is not None:
            digest.update(pd.util.hash_pandas_object(frame).to_numpy().tobytes())
        digest.update(b"|")
    return Told(customers, known, tables.accounts(), digest.hexdigest())


def _sent(database: Database, cutoff: int, clock: ShopClock) -> "pd.Series[Any] | None":
    """Latest contact of each customer that was sent to the service; None where none was."""
    until = moment_of(cutoff, clock).strftime("%Y-%m-%dT%H:%M:%S")
    last = func.max(contacts.c.contacted_at)
    query = select(contacts.c.customer_id, last).where(contacts.c.contacted_at < until)
    with database.read() as connection:
        found = connection.execute(query.group_by(contacts.c.customer_id)).all()
        if not found and not connection.scalar(select(func.count()).select_from(contacts)):
            return None
    moments = pd.to_datetime([moment for _, moment in found], format="ISO8601")
    index = pd.Index([customer for customer, _ in found], name="customer_id", dtype=object)
    return pd.Series(moments, index=index)


def _together(table: pd.DataFrame | None, sent: "pd.Series[Any] | None") -> pd.DataFrame | None:
    """The latest contact of each customer by either."""
    if table is None or sent is None:
        return table if sent is None else sent.to_frame("last_contacted_at").sort_index()
    everyone = table.index.union(sent.index).rename("customer_id")
    both = table.reindex(everyone)
    later = sent.reindex(everyone)
    moments = both["last_contacted_at"]
    both["last_contacted_at"] = moments.where(~(later > moments) & moments.notna(), later)
    return both
