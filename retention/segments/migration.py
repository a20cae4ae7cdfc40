"""Who moved from one group to another between two batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

JOINED, LEFT = "joined", "left"


@dataclass(frozen=True)
class Migration:
    """Moves of customers between the groups of two batches.

    Attributes
    ----------
    counts : DataFrame of int, a row for each group before (`joined` for who was not there), a
        column for each group now (`left` for who is there no more)
    shares : the same over the row's total; NaN in a row without a customer
    stayed, moved, up, down, joined, left : customers; up and down by the order given
    sentence : the same in words
    """

    counts: pd.DataFrame
    shares: pd.DataFrame
    stayed: int
    moved: int
    up: int
    down: int
    joined: int
    left: int
    sentence: str


def migration(before: pd.Series, now: pd.Series, order: Sequence[str]) -> Migration:
    """Count the moves.

    Parameters
    ----------
    before, now : Series of group names, indexed by `customer_id`, each once; null is not there
    order : names of all groups, the best first

    Raises
    ------
    ValueError
        If a customer stands twice, or a group is not in `order`.
    """
    names = list(order)
    for what, some in (("before", before), ("now", now)):
        if not some.index.is_unique:
            raise ValueError(
                f"{what} has customer {some.index[some.index.duplicated()][0]!r} twice; give each "
                "customer one group"
            )
        strange = sorted(set(some.dropna()) - set(names))
        if strange:
            raise ValueError(f"{what} has groups {strange} that are not in order; add them there")
    both = pd.DataFrame({"before": before, "now": now}, dtype=object)
    both = both[both.notna().any(axis=1)]
    rows = pd.Categorical(both["before"].fillna(JOINED), [*names, JOINED])
    columns = pd.Categorical(both["now"].fillna(LEFT), [*names, LEFT])
    counts = pd.crosstab(rows, columns, dropna=False)
    counts = counts.reindex(index=[*names, JOINED], columns=[*names, LEFT], fill_value=0)
    counts = counts.rename_axis(index="before", columns="now").astype("int64")
    counts.columns = pd.Index([str(c) for c in counts.columns], name="now", dtype=object)
    inner = counts.loc[names, names].to_numpy()
    stayed, moved = int(np.trace(inner)), int(inner.sum() - np.trace(inner))
    up, down = int(np.tril(inner, -1).sum()), int(np.triu(inner, 1).sum())
    cells = counts.to_numpy()
    joined, left = int(cells[-1].sum()), int(cells[:, -1].sum())
    totals = counts.sum(axis=1)
    return Migration(
        counts,
        counts.div(totals.where(totals > 0), axis=0),
        stayed,
        moved,
        up,
        down,
        joined,
        left,
        f"Of {stayed + moved:,} customers in both batches {stayed:,} stayed in their group, {up:,} "
        f"moved up and {down:,} down; {joined:,} joined and {left:,} left.",
    )
