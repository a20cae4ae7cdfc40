"""Who of a list is held out at random, so that its effect can be measured.

Within deciles of expected profit customers are ranked by a hash of (list, customer) and the first
h n are held out: anybody can repeat the draw, nobody can steer it. Each decile rounds up, so a
list with fewer than twenty customers to hold out has fewer strata; else far more than h n would be
held out.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retention.lists.hash_rank import hash_numbers

STRATA = 10
MOST = 0.5
GLOBAL_SHARE = 0.02


def strata_count(count: int, share: float) -> int:
    """How many strata a list has: ten, or one for every two customers to be held out."""
    return min(STRATA, max(1, int(share * count / 2)))


def strata_of(count: int, share: float = MOST) -> NDArray[np.int64]:
    """Stratum of each customer, 0 = best, in the order of their expected profit, shape (count,).

    Parameters
    ----------
    share : held out, 0-0.5
    """
    return np.arange(count) * strata_count(count, share) // max(count, 1)


def held_out_count(size: int, share: float) -> int:
    """First whole number of customers that is not below `share` of `size`."""
    # 0.1 * 30 is a little above 3 in binary; that is no fourth customer.
    return math.ceil(share * size - 1e-9)


def held_out_sizes(count: int, share: float) -> int:
    """How many of `count` ranked customers are held out over all strata.

    At least one in each arm where the share is above 0 and there are two; one alone is contacted.
    """
    if count < 2:
        return 0
    strata = strata_count(count, share)
    size, longer = divmod(count, strata)
    ours, theirs = held_out_count(size, share), held_out_count(size + 1, share)
    return (strata - longer) * ours + longer * theirs


def holdout_numbers(list_id: str, customer_ids: Sequence[str]) -> NDArray[np.uint64]:
    """The hash of (list, customer) by which each is ranked within its decile, shape (n,)."""
    return hash_numbers("holdout", list_id, customer_ids)


def draw_holdout(
    list_id: str,
    customer_ids: Sequence[str],
    share: float,
    numbers: NDArray[np.uint64] | None = None,
) -> NDArray[np.bool_]:
    """Whether each customer is held out, shape (n,).

    Parameters
    ----------
    list_id : name of the list; another list draws others
    customer_ids : in the order of expected profit, best first; unreachable and `no_contact`
        customers are no part of it
    share : h, 0-0.5
    numbers : `holdout_numbers` of the customers, for those who draw more than once

    Raises
    ------
    ValueError
        If the share is outside 0-0.5 or an id stands twice.
    """
    if not 0 <= share <= MOST:
        raise ValueError(f"hold-out must be a share from 0 to {MOST}, got {share}")
    ids = [str(c) for c in customer_ids]
    if len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids) - len(set(ids))} customer ids stand twice; give each once")
    held = np.zeros(len(ids), bool)
    if share == 0 or len(ids) < 2:
        return held
    numbers = holdout_numbers(list_id, ids) if numbers is None else numbers
    stratum = strata_of(len(ids), share)
    # By stratum, then hash; equal hashes, which nobody will see, by id.
    alike = len(np.unique(numbers)) < len(numbers)
    ties = (np.array(ids),) if alike else ()
    order = np.lexsort((*ties, numbers, stratum))
    for s in range(STRATA):
        inside = order[stratum[order] == s]
        held[inside[: held_out_count(len(inside), share)]] = True
    return held


def global_control(
    shop: str, customer_ids: Sequence[str], share: float = GLOBAL_SHARE
) -> NDArray[np.bool_]:
    """Whether each customer is in the shop's standing control group, shape (n,).

    The same customers for as long as the shop and the share stay; a greater share keeps those of a
    smaller one. They are contacted by no list, so the whole programme can be measured.
    """
    if not 0 <= share <= MOST:
        raise ValueError(f"global control must be a share from 0 to {MOST}, got {share}")
    numbers = hash_numbers("global control", shop, customer_ids)
    return numbers < np.uint64(int(share * 2**64))
