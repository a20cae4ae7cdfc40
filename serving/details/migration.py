"""How many customers went from one risk tier to another since the previous batch."""

from collections import Counter
from typing import Any

import pandas as pd

from serving.details.publication import Publication
from serving.store.batch import Batch
from serving.store.past import Earlier
from serving.store.portfolio import RISK_TIERS

# A customer without a tier: not scored, or not there yet.
NO_TIER = "none"


def facts(publication: Publication) -> dict[str, Any] | None:
    """Matrix of tiers before and now; None for a first batch.

    Returns
    -------
    dict
        since : {"batch_id", "as_of"} of the previous batch
        cells : {"before", "now", "customers"} for each pair of tiers that has customers; `none`
            stands for no tier
    """
    before: Batch | Earlier | None = publication.before
    old = publication.old
    if before is not None and before.as_of == str(publication.as_of):
        # The same day published anew: nobody has moved since.
        before, old = publication.week_before, publication.week_old
    if before is None or old is None:
        return None
    return {
        "since": {"batch_id": before.batch_id, "as_of": before.as_of},
        "cells": cells(publication.rows, old),
    }


def cells(rows: pd.DataFrame, old: pd.DataFrame) -> list[dict[str, Any]]:
    """Count customers by tier before and tier now.

    Parameters
    ----------
    rows, old : DataFrames with `customer_id` and `risk_tier`, now and before
    """
    both = pd.merge(
        old[["customer_id", "risk_tier"]],
        rows[["customer_id", "risk_tier"]],
        on="customer_id",
        how="outer",
        suffixes=("_before", "_now"),
    )
    before, now = (both[f"risk_tier_{when}"].fillna(NO_TIER) for when in ("before", "now"))
    counts = Counter(zip(before, now, strict=True))
    tiers = (*RISK_TIERS, NO_TIER)
    return [
        {"before": was, "now": is_now, "customers": counts[was, is_now]}
        for was in tiers
        for is_now in tiers
        if counts[was, is_now]
    ]
