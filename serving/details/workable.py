"""Who can be worked on: may and can be contacted, was let be for a while, is worth a contact."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import Settings
from retention.lists.contact_value import (
    ValueAssumptions,
    contact_terms,
    expected_profit,
    spend_if_stays,
)
from retention.lists.save_rate import SaveRate
from serving.details.publication import Publication

Mask = NDArray[np.bool_]
# In the order in which they are counted: everybody under the first that holds.
LEFT_OUT = ("no_contact", "unreachable", "contacted_lately", "not_worth")


def facts(publication: Publication) -> dict[str, Any]:
    """Who of all customers can be contacted, as far as the shop's tables tell.

    Returns
    -------
    dict
        knows_customers, knows_contacts : whether the shop has such tables
        no_contact, unreachable, reachable, not_told : customers by the first of these that holds;
            None without a table of customers
        contacted : customers contacted at any time; None without a table of contacts
    """
    told, rows = publication.told, publication.rows
    found: dict[str, Any] = {
        "knows_customers": told.customers is not None,
        "knows_contacts": told.contacts is not None,
        **dict.fromkeys(("no_contact", "unreachable", "reachable", "not_told", "contacted")),
    }
    if told.customers is not None:
        barred, none = _barred(rows), _unreachable(rows)
        unknown = rows["reachable_by"].isna().to_numpy()
        found["no_contact"] = int(barred.sum())
        found["unreachable"] = int((none & ~barred).sum())
        found["reachable"] = int((~none & ~unknown & ~barred).sum())
        found["not_told"] = int((unknown & ~barred).sum())
    if told.contacts is not None:
        found["contacted"] = int(rows["last_contacted_on"].notna().sum())
    return found


def assumed_of(settings: Settings) -> ValueAssumptions | None:
    """What says whether a contact pays; None where margin or cost of a contact is not told."""
    margin, cost = settings.money.margin, settings.dashboard.contact_cost
    if margin is None or cost is None:
        return None
    return ValueAssumptions(SaveRate(settings.dashboard.save_rate), margin, cost)


def left_out(rows: pd.DataFrame, as_of: dt.date, settings: Settings) -> Mapping[str, Mask]:
    """Who of some score rows cannot be worked on now, each under the first reason of `LEFT_OUT`.

    What is not known leaves nobody out.

    Parameters
    ----------
    rows : DataFrame of scored rows; with `no_contact` where the shop has a table of customers

    Returns
    -------
    dict of reason to mask of shape (n,)
    """
    since = str(as_of - dt.timedelta(days=settings.dashboard.contact_pause_days))
    last = rows["last_contacted_on"].astype(object)
    holds = {
        "no_contact": _barred(rows),
        "unreachable": _unreachable(rows),
        "contacted_lately": (last.fillna("") > since).to_numpy(bool),
        "not_worth": _not_worth(rows, assumed_of(settings)),
    }
    free = np.ones(len(rows), bool)
    found = {}
    for reason in LEFT_OUT:
        found[reason] = free & holds[reason]
        free = free & ~holds[reason]
    return found


def _barred(rows: pd.DataFrame) -> Mask:
    if "no_contact" not in rows:
        return np.zeros(len(rows), bool)
    return np.asarray(rows["no_contact"].astype("boolean").fillna(False).to_numpy(bool))


def _unreachable(rows: pd.DataFrame) -> Mask:
    return np.asarray(rows["reachable_by"].eq("").fillna(False).to_numpy(bool))


def _not_worth(rows: pd.DataFrame, assumed: ValueAssumptions | None) -> Mask:
    if assumed is None or not len(rows):
        return np.zeros(len(rows), bool)
    churn = rows["churn_probability"].to_numpy(float)
    spend = spend_if_stays(rows["value_at_risk"].to_numpy(float), churn)
    profit = expected_profit(contact_terms(1 - churn, spend, assumed), assumed.save_rate.mean)
    return ~(profit > 0)
