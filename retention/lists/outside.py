"""A small random sample outside the list, randomised as well: what a list can never tell alone.

Whom contact moves can only be learned where some are contacted and some are not; without a sample
outside, nothing is ever learned of those whom the ranking in use leaves out.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.hash_rank import hash_numbers


def outside_sample(
    list_id: str, customer_ids: Sequence[str], *, share: float = 0.05, holdout: float = 0.5
) -> pd.DataFrame:
    """Draw `share` of the customers at random and hold out `holdout` of those.

    Parameters
    ----------
    customer_ids : contactable customers that are not on the list

    Returns
    -------
    DataFrame with `customer_id`, `arm` (`contacted` or `held_out`) and `weight`, the number of
        customers that each stands for
    """
    if not (0 < share <= 1 and 0 < holdout < 1):
        raise ValueError(
            f"share must be above 0 and at most 1, hold-out between 0 and 1, got {share}, {holdout}"
        )
    ids = np.array([str(c) for c in customer_ids], object)
    order = np.lexsort((ids.astype(str), hash_numbers("outside", list_id, list(ids))))
    drawn = order[: round(share * len(ids))]
    arms = np.lexsort(
        (ids[drawn].astype(str), hash_numbers("outside arm", list_id, list(ids[drawn])))
    )
    held = np.zeros(len(drawn), bool)
    held[arms[: round(holdout * len(drawn))]] = True
    return pd.DataFrame(
        {
            "customer_id": ids[drawn],
            "arm": np.where(held, HELD_OUT, CONTACTED).astype(object),
            "weight": len(ids) / max(len(drawn), 1),
        }
    )
