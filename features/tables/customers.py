"""The table of customers: consent, acquisition, referrer, and any other column as attribute.

Consent is kept on the safe side: a wish not to be contacted or profiled that stands in any row of a
customer holds, also in a row that cannot be used, and a wish that cannot be read counts as one.
"""

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables.read import (
    TableAccount,
    TypedRows,
    account_of,
    quarantine_of,
    typed_rows,
    with_every_column,
)
from features.tables.source import Shape, TableSource

CUSTOMERS = Shape(
    "customers",
    ("customer_id",),
    {
        "customer_id": "id",
        "acquired_at": "stamp",
        "acquisition_cost": "money",
        "channel": "text",
        "no_contact": "flag",
        "no_profiling": "flag",
        "reachable_by": "text",
        "referrer_id": "id",
        "known_at": "stamp",
    },
    open=True,
)
FLAGS = ("no_contact", "no_profiling")
OURS = ("acquired_at", "acquisition_cost", "channel", *FLAGS, "reachable_by", "referrer_id")
NOTHING = ("none", "-", "nothing")


@dataclass(frozen=True)
class Customers:
    """The table of customers as read.

    Attributes
    ----------
    versions : DataFrame indexed by `customer_id` (text, a customer once for each `known_at`), with
        acquired_at : datetime64, naive local time of the shop, NaT unknown
        acquisition_cost : float, currency, NaN unknown
        channel, referrer_id : text, None unknown
        reachable_by : text, channels in alphabetic order with commas between (`email,sms`), empty
            for none, None unknown
        known_at : datetime64, when the row became known; NaT for always
        and the attributes as text; ordered by customer and `known_at`
    consent : DataFrame of bool, indexed by `customer_id` (each once): `no_contact`, `no_profiling`
    attributes : names of the columns that are attributes
    account, quarantine, notes : what became of each row, the bad ones, and what was noticed
    """

    versions: pd.DataFrame
    consent: pd.DataFrame
    attributes: tuple[str, ...]
    account: TableAccount
    quarantine: pd.DataFrame
    notes: tuple[str, ...]


def read_customers(source: TableSource, *, latest: dt.datetime | None = None) -> Customers:
    """Read and check the table of customers.

    Parameters
    ----------
    source : TableSource of shape `CUSTOMERS`
    latest : naive local moment; an `acquired_at` or `known_at` after it is a fault

    Raises
    ------
    DataError
        If a file cannot be read, a column is missing, or too many rows are bad.
    """
    read = typed_rows(source, latest)
    consent = _consent(read.rows)
    rows = with_every_column(read.rows, CUSTOMERS)
    rows, duplicate = _each_once(rows)
    read = TypedRows(rows, read.attributes, read.misshapen, read.notes)
    account = account_of(source, read, duplicate)
    good = rows[rows["reason"].isna() & ~rows["copy"]]
    good = good.sort_values(["customer_id", "known_at"], kind="stable", na_position="first")
    good = good.set_index("customer_id")
    kept = [name for name in OURS if name not in FLAGS]
    good["reachable_by"] = reachable(good["reachable_by"].to_numpy(object))
    return Customers(
        versions=good[[*kept, "known_at", *read.attributes]],
        consent=consent,
        attributes=read.attributes,
        account=account,
        quarantine=quarantine_of(source, read),
        notes=read.notes,
    )


def customers_at(table: Customers, cutoff: pd.Timestamp) -> pd.DataFrame:
    """What was known of each customer before a moment, and what each wishes today.

    A row counts from `known_at` on; without one from `acquired_at` on; without either always. Of
    several the latest counts. Consent is no knowledge of the past but a wish of now, so it holds at
    every cutoff.

    Parameters
    ----------
    cutoff : Timestamp, naive local time of the shop, exclusive; see `moment_of`

    Returns
    -------
    DataFrame indexed by sorted `customer_id`, each once: columns of `Customers.versions` but
    `known_at`, and `no_contact`, `no_profiling`; what lies after the cutoff is unknown in it
    """
    versions = table.versions
    since = versions["known_at"].fillna(versions["acquired_at"])
    seen = versions[~(since >= cutoff)]
    seen = seen[~seen.index.duplicated(keep="last")].drop(columns="known_at")
    later = seen["acquired_at"] >= cutoff
    if later.any():
        # Known, but not yet a customer: what the acquisition was lies ahead.
        seen = seen.copy()
        seen.loc[later, "acquired_at"] = pd.NaT
        seen.loc[later, "acquisition_cost"] = np.nan
        seen.loc[later, ["channel", "referrer_id"]] = None
    everyone = table.consent.index.union(seen.index).rename("customer_id")
    found = seen.reindex(everyone)
    text = [n for n in found.columns if n not in ("acquired_at", "acquisition_cost")]
    found[text] = found[text].astype(object).where(found[text].notna(), None)
    wishes = table.consent.reindex(everyone)
    for name in FLAGS:
        found[name] = wishes[name].fillna(False).astype(bool)
    return found


def reachable(told: NDArray[np.object_]) -> NDArray[np.object_]:
    """Channels in alphabetic order with commas between; empty for none, None where not told."""
    written: dict[object, str | None] = {None: None}
    for text in pd.unique(told):
        if isinstance(text, str):
            words = set(re.split(r"[,;|/+\s]+", text.lower())) - {"", *NOTHING}
            written[text] = ",".join(sorted(words))
    return np.array([written.get(text) for text in told], object)


def _consent(rows: pd.DataFrame) -> pd.DataFrame:
    """Wishes by customer, from every row whose customer can be told."""
    told = rows[rows["customer_id"].notna()] if "customer_id" in rows else rows
    found = pd.DataFrame(index=pd.Index(told.get("customer_id", []), name="customer_id"))
    for name in FLAGS:
        wish = np.zeros(len(told), bool)
        if name in told:
            wish = told[name].fillna(False).to_numpy(bool)
        found[name] = wish
    return found.groupby(level=0).any().sort_index()


def _each_once(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Mark copies, and fault other rows of a customer and moment that are already told of."""
    good = rows["reason"].isna()
    content = [n for n in rows.columns if n not in ("file", "row", "reason")]
    copy = pd.Series(False, index=rows.index)
    copy[good] = rows.loc[good, content].duplicated()
    again = pd.Series(False, index=rows.index)
    first = good & ~copy
    again[first] = rows.loc[first, ["customer_id", "known_at"]].duplicated()
    reason = rows["reason"].mask(again, "repeated_customer")
    return rows.assign(copy=copy, reason=reason), int(copy.sum())
