"""How customers buy: in what rhythm, at what discount, how broadly, through which channels."""

from typing import Any

import numpy as np
import pandas as pd

from features.panel import snapshot
from features.rows import features_with
from features.shop_clock import day_number
from retention.lifecycle import silence_limits
from retention.segments.behaviour import SHOWN, behaviour
from serving.details.plain import plain
from serving.details.publication import Publication

NEEDED = ("mean_gap", "sd_gap", "frequency", "days_since_last", "n_orders")
# Column -> its values in the order in which they are shown.
BY = {
    "rhythm": ("regular", "irregular", "clumpy", "lapsing"),
    "discount_buyer": ("mostly", "sometimes", "never"),
    "breadth": ("broad", "medium", "narrow"),
    "channel_mix": ("one_channel", "several_channels"),
}


def facts(publication: Publication) -> list[dict[str, Any]]:
    """Scored customers by each kind of behaviour.

    Returns
    -------
    list of
        by : `rhythm`, `discount_buyer`, `breadth`, `channel_mix`, as in docs/segments.md
        groups : {name, customers, predicted_clv (sum, currency), mean_churn_probability}
        not_told : customers without it
        code : why it is told of nobody; None where it is
    """
    cutoff, log = day_number(publication.as_of), publication.log
    there = features_with(log.columns_before(cutoff))
    wanted = {*NEEDED, *(feature for feature, _ in SHOWN.values())}
    names = tuple(name for name in there if name in wanted)
    features = snapshot(log, cutoff, names).features
    scored = publication.rows[publication.rows["score_status"] == "scored"]
    features = features.reindex(pd.Index(scored["customer_id"].astype(str)))
    late, _ = silence_limits(features, publication.bundle.groups["rhythm"])
    found, codes = behaviour(features, late)
    return [_by(name, found[name], codes[name], scored) for name in BY]


def _by(name: str, labels: "pd.Series[Any]", codes: Any, rows: pd.DataFrame) -> dict[str, Any]:
    label = labels.to_numpy(object)
    numbers = rows[["predicted_clv", "churn_probability"]].astype(float).reset_index(drop=True)
    groups = []
    for value in BY[name]:
        some = numbers[label == value]
        groups.append(
            {
                "name": value,
                "customers": len(some),
                "predicted_clv": round(float(some["predicted_clv"].sum()), 2),
                "mean_churn_probability": plain(float(some["churn_probability"].mean())),
            }
        )
    nobody = int(np.sum(pd.isna(label)))
    why = None
    if nobody == len(label) and len(label):
        why = str(pd.Series(codes).value_counts().index[0])
        groups = []
    return {"by": name, "groups": groups, "not_told": nobody, "code": why}
