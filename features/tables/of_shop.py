"""The optional tables of a shop together, as its settings name them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from features.shop_clock import ShopClock
from features.tables.contacts import CONTACTS, Events, contacts_at, read_contacts
from features.tables.customers import CUSTOMERS, Customers, customers_at, read_customers
from features.tables.moment import moment_of
from features.tables.source import TableSource
from features.tables.surveys import SURVEYS, read_surveys, surveys_at
from features.whole_file import write_whole

Told = Mapping[str, Any] | None


@dataclass(frozen=True)
class ShopTables:
    """Optional tables as read; None for one that the shop does not have."""

    clock: ShopClock
    customers: Customers | None = None
    contacts: Events | None = None
    surveys: Events | None = None

    def customers_at(self, day: int) -> pd.DataFrame | None:
        """What was known of customers before shop day `day`; see `customers.customers_at`."""
        if self.customers is None:
            return None
        return customers_at(self.customers, moment_of(day, self.clock))

    def contacts_at(self, day: int) -> pd.DataFrame | None:
        """What was known of contacts before shop day `day`; see `contacts.contacts_at`."""
        if self.contacts is None:
            return None
        return contacts_at(self.contacts.rows, moment_of(day, self.clock))

    def surveys_at(self, day: int) -> pd.DataFrame | None:
        """What customers had answered before shop day `day`; see `surveys.surveys_at`."""
        if self.surveys is None:
            return None
        return surveys_at(self.surveys.rows, moment_of(day, self.clock))

    def accounts(self) -> dict[str, dict[str, object]]:
        """What became of the rows of each table that the shop has."""
        return {
            name: table.account.as_dict() | {"notes": list(table.notes)}
            for name, table in self._there().items()
        }

    def customer_ids(self) -> dict[str, pd.Index]:
        """Customers that each table that the shop has tells of, each once, ascending."""
        return {
            name: (table.versions if isinstance(table, Customers) else table.rows)
            .index.unique()
            .sort_values()
            for name, table in self._there().items()
        }

    def write_quarantine(self, folder: Path) -> list[Path]:
        """Write the quarantined rows of each table to `folder`; the files written.

        A table without such rows leaves no file, also none of an earlier time.
        """
        written = []
        for name, table in self._there().items():
            path = folder / f"{name}.csv"
            if not len(table.quarantine):
                path.unlink(missing_ok=True)
                continue
            write_whole(path, partial(table.quarantine.to_csv, index=False))
            written.append(path)
        return written

    def _there(self) -> dict[str, Customers | Events]:
        all_of_them = {
            "customers": self.customers,
            "contacts": self.contacts,
            "surveys": self.surveys,
        }
        return {name: table for name, table in all_of_them.items() if table is not None}


def read_tables(
    clock: ShopClock,
    *,
    customers: Told = None,
    contacts: Told = None,
    surveys: Told = None,
    latest: dt.datetime | None = None,
) -> ShopTables:
    """Read the tables that a shop has.

    Parameters
    ----------
    clock : ShopClock of the log
    customers, contacts, surveys : parts of the settings as plain values, None where there is none
    latest : naive local moment; what is dated after it is quarantined

    Raises
    ------
    DataError
        If a table cannot be read, lacks a column, or has too many bad rows.
    """
    return ShopTables(
        clock,
        customers=None
        if customers is None
        else read_customers(TableSource.of(CUSTOMERS, customers, clock), latest=latest),
        contacts=None
        if contacts is None
        else read_contacts(TableSource.of(CONTACTS, contacts, clock), latest=latest),
        surveys=None
        if surveys is None
        else read_surveys(TableSource.of(SURVEYS, surveys, clock), latest=latest),
    )
