"""Who moved from one group to another between two batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
        strange = sorted(set(some.dropna().unique()) - set(names))
        if strange:
            raise ValueError(f"{what} has groups {strange} that are not in order; add them there")
    counts = pd.DataFrame(
        _counted(before, now, names),
        index=pd.Index([*names, JOINED], name="before", dtype=object),
        columns=pd.Index([*names, LEFT], name="now", dtype=object),
    )
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


def _counted(before: pd.Series, now: pd.Series, names: list[str]) -> NDArray[np.int64]:
    """Customers by place of the group before and now; the last place is that of none."""
    n = len(names)
    was, is_now = (pd.Categorical(some, names).codes.astype(np.int64) for some in (before, now))
    if not before.index.equals(now.index):
        everyone = before.index.union(now.index)
        # Who is not there has the code of null.
        was, is_now = (
            np.append(codes, -1)[some.index.get_indexer(everyone)]
            for codes, some in ((was, before), (is_now, now))
        )
    was, is_now = np.where(was < 0, n, was), np.where(is_now < 0, n, is_now)
    counts = np.bincount(was * (n + 1) + is_now, minlength=(n + 1) ** 2).reshape(n + 1, n + 1)
    counts[n, n] = 0
    return counts.astype(np.int64)
