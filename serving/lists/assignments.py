"""One CSV a list with who was assigned to what, which training reads; see docs/lists.md.

The files are made from the store, whole and for their owner alone, by one writer at a time: what a
slower one has read is old when somebody was erased meanwhile. Beside each stands what it was made
of and its own digest; `sync` makes anew what is missing, was changed, or is not up to date.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from configs.settings import Settings
from retention.lists.caps import CONTACTED
from serving.errors import StoreDown
from serving.lists.assignment_files import alone, is_made_of, write_made_of
from serving.scores import ScoreStore
from serving.store.list_events import contacts_of, foreign_contacts
from serving.store.list_rows import Head, find_list, read_members
from serving.store.list_state import states_of
from serving.store.postgres import patient

COLUMNS = (
    "customer_id",
    "contacted_at",
    "list_id",
    "arm",
    "channel",
    "cost",
    "stratum",
)
# No list is called so.
OTHER = "_other.csv"
# Another one whenever the same rows of the store give other files.
FORM = "2"

log = logging.getLogger(__name__)


@patient()
def file_of(store: ScoreStore, settings: Settings, list_id: str | None) -> None:
    """Write the file of a list, or of the contacts of no list; what fails is made up for later."""
    try:
        with alone(settings.contacts_dir):
            _write(store, settings, list_id)
    except (OSError, StoreDown) as error:
        log.warning("a file of assignments is written later: %s", error)


def make_up_for(store: ScoreStore, settings: Settings) -> None:
    """Make the files that an ended process left unwritten; what fails is tried at next start."""
    try:
        sync(store, settings)
    except (OSError, StoreDown) as error:
        log.warning("files of assignments are written later: %s", error)


@patient()
def sync(store: ScoreStore, settings: Settings) -> list[Path]:
    """Make the files that are missing, were changed, or are of another state of the store."""
    folder = settings.contacts_dir
    states = _states(store)
    if not states and not folder.exists():
        return []
    made = []
    with alone(folder):
        # Lists and contacts of before have their files by now, those of others are theirs to make.
        for list_id, state in sorted(_states(store).items(), key=lambda pair: pair[0] or ""):
            if not is_made_of(_path(settings, list_id), state):
                made += _write(store, settings, list_id)
        other = folder / OTHER
        if None not in states and other.exists() and not is_made_of(other, ""):
            made += _write(store, settings, None)
    return made


def _states(store: ScoreStore) -> dict[str | None, str]:
    with store.database.read() as connection:
        return states_of(connection, store.database.secret, FORM)


def _path(settings: Settings, list_id: str | None) -> Path:
    return settings.contacts_dir / (OTHER if list_id is None else f"{list_id}.csv")


def _write(store: ScoreStore, settings: Settings, list_id: str | None) -> list[Path]:
    """Write a file, `alone`; none where there is no such list."""
    with store.database.read() as connection:
        states = states_of(connection, store.database.secret, FORM)
        if list_id is None:
            table = _others(foreign_contacts(connection))
        else:
            head = find_list(connection, list_id)
            if head is None:
                return []
            members, told = read_members(connection, list_id), contacts_of(connection, list_id)
            table = assigned_of(head, members, told)
    path = _path(settings, list_id)
    write_made_of(path, table[list(COLUMNS)], states.get(list_id, ""))
    return [path]


def _others(found: pd.DataFrame) -> pd.DataFrame:
    """Contacts that belong to no list of ours."""
    return found.assign(
        list_id=found["list_id"].replace("", None),
        arm=CONTACTED,
        stratum=pd.array([pd.NA] * len(found), "Int64"),
    )


def assigned_of(head: Head, members: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Members by assignment, then those contacted whom the list was not to contact.

    A contacted member has the moment, channel and cost that were recorded, where they were. Who was
    held out and contacted after all has a row of either kind, so that training takes the customer
    for neither; somebody contacted under the list's name without being on it has one, too.
    """
    there = members[members["customer_id"].notna()].reset_index(drop=True)
    recorded = _recorded(made)
    found = recorded.reindex(there["customer_id"]).reset_index(drop=True)
    contacted = (there["arm"] == CONTACTED).to_numpy(bool)
    known = found["contacted_at"].notna().to_numpy(bool) & contacted
    channel = head["terms"]["audience"]["channel"]
    own, said = there["contact_cost"].to_numpy(float), found["cost"].to_numpy(float)
    cost = np.where(known & ~np.isnan(said), said, own)
    assigned = pd.DataFrame(
        {
            "customer_id": there["customer_id"],
            "contacted_at": np.where(known, found["contacted_at"], f"{head['begins_on']}T00:00:00"),
            "list_id": head["list_id"],
            "arm": there["arm"],
            "channel": np.where(known, found["channel"], channel or ""),
            "cost": np.where(contacted, cost, np.nan),
            "stratum": there["stratum"].astype("Int64"),
        }
    )
    beside = recorded[~recorded.index.isin(set(there["customer_id"][contacted]))].reset_index()
    if not len(beside):
        return assigned
    stratum = there.set_index("customer_id")["stratum"].reindex(beside["customer_id"])
    extra = beside.assign(
        list_id=head["list_id"], arm=CONTACTED, stratum=stratum.astype("Int64").to_numpy()
    )
    return pd.concat([assigned, extra[assigned.columns]], ignore_index=True)


def _recorded(made: pd.DataFrame) -> pd.DataFrame:
    """First moment and channel of each customer's contacts and their cost, by customer."""
    by_customer = made.groupby("customer_id")
    first = by_customer.agg(contacted_at=("contacted_at", "min"), channel=("channel", "first"))
    return first.assign(cost=by_customer["cost"].sum(min_count=1))
