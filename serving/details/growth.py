"""Room to grow: customers who are below what the better of their peers come to in a year."""

from typing import Any

import numpy as np
import pandas as pd

from features.shop_clock import day_number
from retention.clv.ladder import in_currency
from retention.clv.survival import DAYS_A_YEAR
from retention.portfolio.growth import TOO_FEW_PEERS, UPPER, growth_list, potential
from serving.details.publication import Publication

KIND = "growth"
# Nobody works through more; the counts tell of all.
MOST = 500


def facts(publication: Publication) -> dict[str, Any]:
    """How many customers have room to grow.

    Returns
    -------
    dict
        customers : below their peers' potential, and not lapsed
        listed : the most that are listed
        upper : quantile of the peers' value that counts as what is possible
        room : what they would come to more a year at their peers' potential, currency; for a
            measure of the list, and no forecast
        code : `too_few_peers` where nobody has peers enough; else None
    """
    found, whole = _growth(publication)
    nobody = len(whole) > 0 and bool((whole["code"] == TOO_FEW_PEERS).all())
    return {
        "customers": len(found),
        "listed": min(len(found), MOST),
        "upper": UPPER,
        "room": round(float(found["room"].sum()), 2),
        "code": TOO_FEW_PEERS if nobody else None,
    }


def growth_rows(publication: Publication) -> pd.DataFrame:
    """`kind`, `position`, `customer_id`, `value`, `potential`, `room`, `peers`; most room first."""
    found, _ = _growth(publication)
    top = found.head(MOST)
    return pd.DataFrame(
        {
            "kind": KIND,
            "position": range(len(top)),
            "customer_id": top.index.to_numpy(object),
            "value": top["value"].to_numpy(float),
            "potential": top["potential"].to_numpy(float),
            "room": top["room"].to_numpy(float),
            "peers": top["peers"].to_numpy(object),
        }
    )


def _growth(publication: Publication) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The growth list and the potential of everybody, by net revenue a year so far."""
    rows = publication.rows[publication.rows["score_status"] == "scored"]
    ids = rows["customer_id"].to_numpy(object)
    history = publication.past.history.reindex(pd.Index(ids))
    tenure = day_number(publication.as_of) - history["first_day"].to_numpy(float)
    # As in the formula, a customer's first year counts as one.
    years = np.maximum(tenure / DAYS_A_YEAR, 1.0)
    net = in_currency(history["net"].astype("Int64"))
    group = rows["rfm_group"].astype(object).where(rows["rfm_group"].notna(), None)
    whole = potential(net / years, group.to_numpy(object), tenure)
    asked = (rows["lifecycle_status"] != "lapsed").to_numpy(bool)
    return growth_list(whole, ids, asked=asked), whole
