"""Who moved from one stage or group to another since the batch a week before."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from retention.segments.migration import migration
from retention.segments.rfm import GROUPS
from serving.details.publication import Publication

# The best first, so that a move down is one for the worse.
STAGES = ("active", "developing", "new", "won_back", "slipping", "lapsed")
OF = {"lifecycle_status": STAGES, "rfm_group": GROUPS}


def facts(publication: Publication) -> dict[str, Any] | None:
    """Moves since the newest batch at least a week older, else since the oldest that is older.

    Returns
    -------
    dict; None for a first batch
        since : {batch_id, as_of} of that batch
        lifecycle_status, rfm_group : {order, cells: [{before, now, customers}], stayed, moved,
            joined, left, sentence}; `joined` and `left` stand for who was or is in none; None where
            that batch did not tell
    """
    before, old = publication.week_before, publication.week_old
    if before is None or old is None:
        return None
    rows = publication.rows
    return {
        "since": {"batch_id": before.batch_id, "as_of": before.as_of},
        **{name: _moves(name, rows, old, order) for name, order in OF.items()},
    }


def _moves(
    name: str, rows: pd.DataFrame, old: pd.DataFrame, order: Sequence[str]
) -> dict[str, Any] | None:
    if name not in old or old[name].isna().all():
        return None
    found = migration(
        old.set_index("customer_id")[name], rows.set_index("customer_id")[name], order
    )
    cells = [
        {"before": str(was), "now": str(now), "customers": int(found.counts.loc[was, now])}
        for was in found.counts.index
        for now in found.counts.columns
        if found.counts.loc[was, now]
    ]
    return {
        "order": list(order),
        "cells": cells,
        "stayed": found.stayed,
        "moved": found.moved,
        "joined": found.joined,
        "left": found.left,
        "sentence": found.sentence,
    }
