"""Fields of score rows from the optional tables: who can be reached, who was contacted when."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.extra_fields import with_codes

TABLE_FIELDS = ("last_contacted_on", "reachable_by")
# Kept in the store for contact lists; no field of the answers.
NO_CONTACT = "no_contact"
NO_CUSTOMERS_TABLE, NO_CONTACTS_TABLE = "no_customers_table", "no_contacts_table"
NOT_GIVEN, NEVER_CONTACTED = "not_given", "never_contacted"

Objects = NDArray[np.object_]


def with_table_fields(
    rows: pd.DataFrame, customers: pd.DataFrame | None, contacts: pd.DataFrame | None
) -> pd.DataFrame:
    """Score rows with what the tables told by then; codes for those that are scored.

    Parameters
    ----------
    rows : DataFrame of score rows
    customers : of `features.tables.customers.customers_at`; None where the shop has no such table
    contacts : of `features.tables.contacts.contacts_at`; None where the shop has none

    Returns
    -------
    DataFrame like `rows` with `TABLE_FIELDS` and the column `no_contact`: bool, null without a
    customers' table
    """
    ids = pd.Index(rows["customer_id"])
    nothing = np.full(len(rows), None, object)
    reachable, barred = nothing, nothing
    if customers is not None:
        place = customers.index.get_indexer(ids)
        reachable = _told(customers["reachable_by"].to_numpy(object), place, None)
        barred = _told(customers["no_contact"].to_numpy(bool).astype(object), place, False)
    contacted = nothing
    if contacts is not None:
        moments = contacts["last_contacted_at"]
        days = moments.dt.strftime("%Y-%m-%d").where(moments.notna(), None).to_numpy(object)
        contacted = _told(days, contacts.index.get_indexer(ids), None)
    scored = rows["score_status"].to_numpy(object) == "scored"
    codes = {
        "last_contacted_on": _why(
            contacted, scored, NO_CONTACTS_TABLE if contacts is None else NEVER_CONTACTED
        ),
        "reachable_by": _why(
            reachable, scored, NO_CUSTOMERS_TABLE if customers is None else NOT_GIVEN
        ),
    }
    told: dict[str, Any] = {
        "last_contacted_on": contacted,
        "reachable_by": reachable,
        NO_CONTACT: barred,
        "missing": with_codes(rows["missing"].to_numpy(object), codes),
    }
    return rows.assign(**{name: pd.Series(v, rows.index, object) for name, v in told.items()})


def _told(values: Objects, place: NDArray[np.intp], otherwise: object) -> Objects:
    """Each row's value; `otherwise` for who is not in the table."""
    if not len(values):
        return np.full(len(place), otherwise, object)
    found = values[place]
    found[(place < 0) | np.asarray(pd.isna(found), bool)] = otherwise
    return found


def _why(values: Objects, scored: NDArray[np.bool_], code: str) -> Objects:
    found = np.full(len(values), None, object)
    found[scored & np.asarray(pd.isna(values), bool)] = code
    return found
