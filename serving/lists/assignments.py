"""One CSV a list with who was assigned to what, which training reads; see docs/lists.md.

The files are made from the store, whole and for their owner alone. A file that is missing, or holds
an erased customer, is made anew by `sync`.
"""

import logging
import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from configs.settings import Settings
from features.whole_file import write_whole
from retention.lists.caps import CONTACTED
from serving.errors import StoreDown
from serving.scores import ScoreStore
from serving.store.list_events import contacts_of, count_foreign, foreign_contacts
from serving.store.list_rows import Head, find_list, list_names, live_members, read_members

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

log = logging.getLogger(__name__)


def file_of(store: ScoreStore, settings: Settings, list_id: str | None) -> None:
    """Write the file of a list, or of the contacts of no list; what fails is made up for later."""
    try:
        if list_id is None:
            write_other(store, settings)
        else:
            write_assignments(store, settings, list_id)
    except (OSError, StoreDown) as error:
        log.warning("a file of assignments is written later: %s", error)


def make_up_for(store: ScoreStore, settings: Settings) -> None:
    """Make the files that an ended process left unwritten; what fails is tried at next start."""
    try:
        sync(store, settings)
    except (OSError, StoreDown) as error:
        log.warning("files of assignments are written later: %s", error)


def write_assignments(store: ScoreStore, settings: Settings, list_id: str) -> Path | None:
    """Write the file of one list; None where there is no such list."""
    with store.database.read() as connection:
        head = find_list(connection, list_id)
        if head is None:
            return None
        members = read_members(connection, list_id)
        made = contacts_of(connection, list_id)
    path = settings.contacts_dir / f"{list_id}.csv"
    _write(path, _assigned(head, members, made))
    return path


def write_other(store: ScoreStore, settings: Settings) -> Path:
    """Write the contacts that belong to no list of ours."""
    with store.database.read() as connection:
        found = foreign_contacts(connection)
    path = settings.contacts_dir / OTHER
    table = found.assign(
        list_id=found["list_id"].replace("", None),
        arm=CONTACTED,
        stratum=pd.array([pd.NA] * len(found), "Int64"),
    )
    _write(path, table)
    return path


def sync(store: ScoreStore, settings: Settings) -> list[Path]:
    """Make the files that are missing or have other lines than the store has rows."""
    with store.database.read() as connection:
        names = list_names(connection)
        other = count_foreign(connection)
        sizes = live_members(connection)
    made = []
    for list_id in sorted(names):
        lines = _lines(settings.contacts_dir / f"{list_id}.csv")
        if lines != sizes.get(list_id, 0) + 1:
            path = write_assignments(store, settings, list_id)
            made += [path] if path else []
    path = settings.contacts_dir / OTHER
    if _lines(path) != other + 1 and (other or path.exists()):
        made.append(write_other(store, settings))
    return made


def _assigned(head: Head, members: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Members by assignment; where contacts were recorded, with their moment, channel and cost."""
    there = members[members["customer_id"].notna()]
    first = made.groupby("customer_id").agg(
        contacted_at=("contacted_at", "min"), channel=("channel", "first"), cost=("cost", "sum")
    )
    found = first.reindex(there["customer_id"]).reset_index(drop=True)
    there = there.reset_index(drop=True)
    contacted = (there["arm"] == CONTACTED).to_numpy(bool)
    known = found["contacted_at"].notna().to_numpy(bool) & contacted
    channel = head["terms"]["audience"]["channel"]
    cost = np.where(known, found["cost"].to_numpy(float), there["contact_cost"].to_numpy(float))
    return pd.DataFrame(
        {
            "customer_id": there["customer_id"],
            "contacted_at": np.where(known, found["contacted_at"], f"{head['begins_on']}T00:00:00"),
            "list_id": head["list_id"],
            "arm": there["arm"],
            "channel": np.where(known, found["channel"], channel or ""),
            "cost": np.where(contacted, cost, np.nan),
            "stratum": there["stratum"],
        }
    )


def _write(path: Path, table: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    write_whole(path, partial(_privately, table=table[list(COLUMNS)]))


def _privately(path: Path, table: pd.DataFrame) -> None:
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="") as file:
        table.to_csv(file, index=False, lineterminator="\n")
        file.flush()
        os.fsync(file.fileno())


def _lines(path: Path) -> int:
    """Lines of a file; 0 where there is none."""
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(partial(file.read, 1 << 20), b""))
    except FileNotFoundError:
        return 0
