"""Customers by risk, value, stage and change: counts of every filter are sums over these cells."""

from typing import Any

import pandas as pd

from serving.details.publication import Publication
from serving.store.cube import KEYS

NULL = ""


def facts(publication: Publication) -> list[list[Any]]:
    """Cells of the batch; see `cells`."""
    return cells(publication.rows)


def cells(rows: pd.DataFrame) -> list[list[Any]]:
    """Count customers and add up their value.

    Returns
    -------
    list of [risk_tier, value_tier, lifecycle_status, risk_change, customers, predicted_clv]; an
    empty text stands for null
    """
    keys = [rows[name].astype(object).where(rows[name].notna(), NULL) for name in KEYS]
    value = rows["predicted_clv"].astype(float).fillna(0.0)
    grouped = value.groupby(keys)
    counts, sums = grouped.size(), grouped.sum()
    return [[*key, int(counts[key]), round(float(sums[key]), 2)] for key in sorted(counts.index)]
