"""The table of contacts: who was contacted when, for which list, and who was held out of it."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from features.errors import EmptyFileError
from features.tables.read import (
    TableAccount,
    TypedRows,
    account_of,
    quarantine_of,
    typed_rows,
    with_every_column,
)
from features.tables.source import Shape, TableSource

CONTACTS = Shape(
    "contacts",
    ("customer_id", "contacted_at"),
    {
        "customer_id": "id",
        "contacted_at": "stamp",
        "list_id": "id",
        "arm": "arm",
        "channel": "text",
        "cost": "money",
        "stratum": "number",
    },
)
CONTACTED, HELD_OUT = ARMS = ("contacted", "held_out")


@dataclass(frozen=True)
class Events:
    """A table of dated rows as read: contacts, or answers.

    Attributes
    ----------
    rows : DataFrame indexed by `customer_id` (text, not unique), by customer and time
    account, quarantine, notes : what became of each row, the bad ones, and what was noticed
    """

    rows: pd.DataFrame
    account: TableAccount
    quarantine: pd.DataFrame
    notes: tuple[str, ...]


def read_contacts(source: TableSource, *, latest: dt.datetime | None = None) -> Events:
    """Read and check the table of contacts; one without a row is a shop that contacted nobody.

    Parameters
    ----------
    source : TableSource of shape `CONTACTS`
    latest : naive local moment; a contact after it is a fault

    Returns
    -------
    Events, whose rows have
        contacted_at : datetime64, naive local time of the shop; of a customer held out the moment
            of being held out
        list_id, channel : text, None unknown
        arm : `contacted` or `held_out`; a row without an arm tells of a contact
        cost : float, currency, NaN unknown
        stratum : float, number of the part of the list within which customers were held out at
            random, NaN unknown

    Raises
    ------
    DataError
        If a file cannot be read, a column is missing, or too many rows are bad.
    """
    events = read_events(source, "contacted_at", latest=latest)
    rows = events.rows
    return Events(
        rows.assign(arm=rows["arm"].fillna(CONTACTED).astype(object)),
        events.account,
        events.quarantine,
        events.notes,
    )


def read_events(source: TableSource, at: str, *, latest: dt.datetime | None) -> Events:
    """Rows of a table with a stamp in the column `at`; the same row twice counts once."""
    shape = source.shape
    try:
        read = typed_rows(source, latest)
    except EmptyFileError:
        nothing = TypedRows(
            pd.DataFrame({"reason": []}),
            (),
            pd.DataFrame({"file": [], "row": [], "reason": []}),
            (f"{source.label} holds no rows",),
        )
        read = nothing
    rows = with_every_column(read.rows, shape)
    good = rows[rows["reason"].isna()]
    copy = good.duplicated(list(shape.kinds))
    columns = [name for name in shape.kinds if name != "customer_id"]
    kept = good[~copy].sort_values(["customer_id", at, *columns], kind="stable")
    return Events(
        kept.set_index("customer_id")[columns],
        account_of(source, read, int(copy.sum())),
        quarantine_of(source, read),
        read.notes,
    )


def contacts_at(contacts: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """What was known before a moment of the contacts of each customer.

    Parameters
    ----------
    contacts : rows of `read_contacts`
    cutoff : Timestamp, naive local time of the shop, exclusive; see `moment_of`

    Returns
    -------
    DataFrame indexed by sorted `customer_id`, each once, of those with a contact or a hold-out
        last_contacted_at : datetime64 of the latest contact; NaT for who was only held out
        n_contacts : int, contacts so far
        contact_cost : float, their cost, currency; NaN where the cost of one is not known
        last_held_out_at : datetime64, NaT for never
    """
    seen = contacts[contacts["contacted_at"] < cutoff]
    done = seen[seen["arm"] == CONTACTED].groupby(level=0)
    held = seen[seen["arm"] == HELD_OUT].groupby(level=0)
    found = pd.DataFrame(index=seen.index.unique().sort_values())
    found["last_contacted_at"] = done["contacted_at"].max()
    found["n_contacts"] = done.size().reindex(found.index).fillna(0).astype("int64")
    cost = done["cost"].sum(min_count=1)
    found["contact_cost"] = cost.where(done["cost"].count() == done.size())
    found["last_held_out_at"] = held["contacted_at"].max()
    return found.rename_axis("customer_id")
