"""Customers whom another list holds out at the same time: they enter no list that overlaps it."""

import datetime as dt

import pandas as pd

from retention.lists.caps import HELD_OUT

COLUMNS = ("customer_id", "arm", "begins_on", "readout_on")


def held_out_elsewhere(
    members: pd.DataFrame, begins_on: dt.date, readout_on: dt.date
) -> frozenset[str]:
    """Customers held out by a list whose days meet those of the new one.

    Parameters
    ----------
    members : of all other lists: `customer_id`, `arm`, and of their list `begins_on` and
        `readout_on` (dates); a list lasts from its first day until its readout, exclusive
    begins_on, readout_on : of the new list

    Raises
    ------
    ValueError
        If a column is missing, or the new list ends before it begins.
    """
    missing = sorted(set(COLUMNS) - set(members.columns))
    if missing:
        raise ValueError(f"members lack columns {missing}; they need {list(COLUMNS)}")
    if readout_on <= begins_on:
        raise ValueError(f"the readout on {readout_on} must come after {begins_on}, the first day")
    begins, ends = (pd.to_datetime(members[c]) for c in COLUMNS[2:])
    first, last = pd.Timestamp(begins_on), pd.Timestamp(readout_on)
    meets = (begins < last) & (ends > first) & (members["arm"] == HELD_OUT)
    return frozenset(str(c) for c in members.loc[meets, "customer_id"])
