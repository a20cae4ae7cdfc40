"""Labels after campaigns: what a customer would have done without the list.

A customer whom a list brought back looks as if nobody had been at risk. So label windows of
contacted customers are dropped, and the held-out of the same list and stratum, who tell what would
have happened, count for both: weight 1/h (Horvitz & Thompson 1952, JASA 47(260)).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retention.lists.caps import HELD_OUT

Float = NDArray[np.float64]
ASSIGNED = ("customer_id", "list_id", "arm", "stratum", "contacted_at")


@dataclass(frozen=True)
class LabelWeights:
    """How much each panel row counts.

    Attributes
    ----------
    weight : shape (n,): 0 = dropped, 1 = untouched by any list, 1/h = held out
    dropped : rows of contacted customers
    held_out : rows of held-out customers
    unmatched : dropped rows of strata in which nobody was held out: nothing stands for them
    """

    weight: Float
    dropped: int
    held_out: int
    unmatched: int


def campaign_weights(
    rows: pd.DataFrame, assigned: pd.DataFrame, *, horizon_days: int, effect_days: int
) -> LabelWeights:
    """Weights of panel rows, given who was contacted and who held out.

    Parameters
    ----------
    rows : DataFrame, one row a customer and cutoff: `customer_id`, `cutoff` (datetime64)
    assigned : DataFrame, a row a member of a list or more: `customer_id`, `list_id`, `arm`
        (`held_out`; any other was contacted), `stratum` (null: the list is one stratum),
        `contacted_at` (datetime64; day of the list for the held out). A contact that belongs to no
        list has a null `list_id` and is only dropped
    horizon_days : of the labels
    effect_days : how long after a list its contacts may still move a customer

    Raises
    ------
    ValueError
        If a column is missing.
    """
    for name, frame, needed in (
        ("rows", rows, ("customer_id", "cutoff")),
        ("assigned", assigned, ASSIGNED),
    ):
        missing = sorted(set(needed) - set(frame.columns))
        if missing:
            raise ValueError(f"{name} lack columns {missing}; they need {list(needed)}")
    cells = _cells(assigned.reset_index(drop=True), effect_days)
    table = rows[["customer_id", "cutoff"]].assign(row=np.arange(len(rows)))
    met = table.merge(cells, on="customer_id", how="inner")
    end = met["cutoff"] + pd.Timedelta(days=horizon_days)
    met = met[(met["begins"] < end) & (met["ends"] > met["cutoff"])]
    weight, touched = np.ones(len(rows)), met["row"].to_numpy(np.int64)
    np.multiply.at(weight, touched, met["factor"].to_numpy(float))
    alone = np.unique(met.loc[met["alone"], "row"].to_numpy(np.int64))
    dropped = int((weight == 0).sum())
    return LabelWeights(weight, dropped, len(np.unique(touched)) - dropped, len(alone))


def _cells(assigned: pd.DataFrame, effect_days: int) -> pd.DataFrame:
    """Each member with its factor and the days in which its list may show."""
    listed = assigned["list_id"].notna().to_numpy(bool)
    # One window a list, for both arms alike: a day of contact that only one arm has would let
    # through other label windows of the contacted than of the held out.
    by_list = assigned.groupby("list_id", dropna=True)["contacted_at"]
    first = by_list.transform("min").where(listed, assigned["contacted_at"])
    last = by_list.transform("max").where(listed, assigned["contacted_at"])
    told = assigned.assign(
        begins=first,
        ends=last + pd.Timedelta(days=effect_days),
        held=(assigned["arm"] == HELD_OUT).to_numpy(bool),
        # A list that tells of no strata was drawn as one.
        stratum=assigned["stratum"].astype(float).fillna(-1.0),
    )
    members = _once(told)
    held, listed = members["held"].to_numpy(bool), members["list_id"].notna().to_numpy(bool)
    cell = members.groupby(["list_id", "stratum"], dropna=True)["held"]
    share = cell.transform("mean").where(listed, 0.0).to_numpy(float)
    factor = np.zeros(len(members))
    np.divide(1.0, share, out=factor, where=held & (share > 0))
    columns = ["customer_id", "begins", "ends"]
    return members[columns].assign(factor=factor, alone=~held & ~(share > 0))


def _once(told: pd.DataFrame) -> pd.DataFrame:
    """Every member of a list once: who was contacted after all tells nothing of no contact."""
    contacted_first = told.sort_values("held", kind="stable")
    again = contacted_first["list_id"].notna() & contacted_first.duplicated(
        ["list_id", "customer_id"]
    )
    return contacted_first[~again].sort_index()
