"""The optional tables in the data report: their rows, and whom of the log they know."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.tables.of_shop import ShopTables
from training.data_verdicts import GOOD, LOW_SHARE, NONE, THIN, Verdict
from training.data_words import percent

# Table -> what it brings.
_BRINGS = {
    "customers": "consent, acquisition and attributes",
    "contacts": "who was contacted and held out",
    "surveys": "answers to surveys",
}


def tables_report(tables: ShopTables, customer_ids: NDArray[np.object_]) -> list[dict[str, Any]]:
    """Each optional table that the settings name.

    Parameters
    ----------
    customer_ids : of the log, shape (n,), each once

    Returns
    -------
    list of {table, rows, accepted, duplicate, quarantined, reasons, notes, customers, known,
    known_share}: customers that the table names, how many of them the log has, and which share of
    the log's customers that is
    """
    found = []
    named = tables.customer_ids()
    for name, account in tables.accounts().items():
        there = named[name]
        known = int(there.isin(customer_ids).sum())
        share = round(known / len(customer_ids), 4) if len(customer_ids) else 0.0
        told = {"table": name, **account, "customers": len(there)}
        found.append(told | {"known": known, "known_share": share})
    return found


def table_verdicts(tables: list[dict[str, Any]]) -> list[Verdict]:
    """One verdict a table: whether it speaks of the log's customers."""
    return [_verdict(table) for table in tables]


def _verdict(table: dict[str, Any]) -> Verdict:
    name, brings = table["table"], _BRINGS[table["table"]]
    if not table["accepted"]:
        return Verdict(name, NONE, f"{brings}: the table of {name} has no row that can be used")
    if not table["known"]:
        return Verdict(
            name,
            NONE,
            f"{brings}: none of the {table['customers']:,} customers in the table of {name} is in "
            "the log",
            "write `customer_id` there as in the log: the same letters, leading zeros and all",
        )
    why = f"{brings}: {percent(table['known_share'])} of the log's customers are in it"
    if name == "customers" and table["known_share"] < LOW_SHARE:
        return Verdict(name, THIN, why, "deliver a row for every customer")
    return Verdict(name, GOOD, why)
