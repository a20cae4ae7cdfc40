"""Whom to look at this week: newly at risk, too late, and where to begin without an earlier batch.

A customer is newly at risk whose risk tier went up in the seven days before the batch: since the
previous batch, or since the newest batch that is at least a week older. Without a batch that old,
the oldest one stands for it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from retention.groups import RISK_TIERS
from serving.details import workable
from serving.details.products import last_products
from serving.details.publication import Publication

AT_RISK, TOO_LATE, START = "at_risk", "too_late", "start"
# Nobody works through more in a week; the counts tell of all.
MOST = 1000
COLUMNS = ("kind", "position", "customer_id", "last_ordered_on", "last_amount", "last_product")


def facts(publication: Publication) -> dict[str, Any]:
    """How many there are of each kind.

    Returns
    -------
    dict
        since : day of the batch compared with, YYYY-MM-DD; None for a first batch
        customers : {kind: number}
        listed : the most that are listed of a kind
        left_out : {kind: {reason: number}} of those who cannot be worked on now, see
            `serving.details.workable`
        pause_days : after a contact, for which a customer is let be
        knows_worth : whether margin and cost of a contact are told
    """
    settings = publication.settings
    chosen, left = _workable(publication)
    return {
        "since": publication.week_before.as_of if publication.week_before else None,
        "customers": {kind: len(rows) for kind, rows in chosen.items()},
        "listed": MOST,
        "left_out": left,
        "pause_days": settings.dashboard.contact_pause_days,
        "knows_worth": workable.assumed_of(settings) is not None,
    }


def week_rows(publication: Publication) -> pd.DataFrame:
    """The customers of each kind, most value at risk first, with their last order.

    Returns
    -------
    DataFrame with the columns `COLUMNS`; `last_product` is null where the log names none
    """
    found = listed(publication)
    products = last_products(
        publication.settings.log_dir, found["customer_id"].unique().tolist(), publication.as_of
    )
    return with_last_orders(found, publication.orders, products)


def with_last_orders(
    found: pd.DataFrame, orders: pd.DataFrame, products: Mapping[str, str]
) -> pd.DataFrame:
    """Listed customers with the day and amount of their last order, and what it was.

    Parameters
    ----------
    found : `kind`, `position`, `customer_id`
    orders : order rows of everybody
    products : what was bought last, by customer id
    """
    ids = found["customer_id"]
    last = _last_orders(orders, set(ids))
    told = found.assign(
        last_ordered_on=ids.map(last["ordered_on"]),
        last_amount=ids.map(last["amount"]),
        last_product=ids.map(dict(products)).astype(object),
    )
    return told[list(COLUMNS)]


def listed(publication: Publication) -> pd.DataFrame:
    """`kind`, `position` and `customer_id` of the customers listed."""
    chosen, _ = _workable(publication)
    parts = []
    for kind, rows in chosen.items():
        ordered = rows.sort_values(
            ["value_at_risk", "customer_id"], ascending=[False, True], kind="stable"
        ).head(MOST)
        ids = ordered["customer_id"].tolist()
        parts.append(pd.DataFrame({"kind": kind, "position": range(len(ids)), "customer_id": ids}))
    return pd.concat(parts, ignore_index=True)


def _workable(
    publication: Publication,
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, int]]]:
    """Score rows of each kind that can be worked on, and how many others there are by reason.

    Who comes too late is not contacted now, so nobody is left out of that list.
    """
    chosen = choose(publication.rows, publication.old, publication.week_old)
    left = {}
    for kind in (AT_RISK, START):
        masks = workable.left_out(chosen[kind], publication.as_of, publication.settings)
        left[kind] = {reason: int(mask.sum()) for reason, mask in masks.items()}
        chosen[kind] = chosen[kind][~np.logical_or.reduce(list(masks.values()))]
    return chosen, left


def choose(
    rows: pd.DataFrame, old: pd.DataFrame | None, week_old: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    """Score rows of each kind.

    Parameters
    ----------
    rows : DataFrame of score rows
    old, week_old : `customer_id`, `risk_tier`, `lifecycle_status` of the previous batch and of
        the one a week before; None without one
    """
    kept = rows[rows["lifecycle_status"].notna() & (rows["lifecycle_status"] != "lapsed")]
    nobody = rows.iloc[:0]
    if week_old is None:
        valuable = kept["value_tier"].isin(["top", "high"])
        return {
            AT_RISK: nobody,
            TOO_LATE: nobody,
            START: kept[(kept["risk_tier"] == "high") & valuable],
        }
    rose = _rose(kept, week_old)
    if old is not None:
        rose |= _rose(kept, old)
    lapsed = rows[rows["lifecycle_status"] == "lapsed"]
    before = lapsed["customer_id"].map(week_old.set_index("customer_id")["lifecycle_status"])
    too_late = lapsed[before.notna() & (before != "lapsed")]
    return {AT_RISK: kept[rose], TOO_LATE: too_late, START: nobody}


def _rose(rows: pd.DataFrame, old: pd.DataFrame) -> "pd.Series[bool]":
    rank = {tier: place for place, tier in enumerate(RISK_TIERS)}
    before = rows["customer_id"].map(old.set_index("customer_id")["risk_tier"]).map(rank)
    return rows["risk_tier"].map(rank) > before


def _last_orders(orders: pd.DataFrame, ids: set[str]) -> pd.DataFrame:
    """Day and amount of the last order of some customers, by customer id."""
    some = orders[orders["customer_id"].isin(ids)]
    last = some.sort_values(["customer_id", "order_number"]).groupby("customer_id").tail(1)
    return last.set_index("customer_id")[["ordered_on", "amount"]]
