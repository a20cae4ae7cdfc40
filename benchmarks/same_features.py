"""Whether two makers of features agree, customer by customer."""

import numpy as np
import pandas as pd

TOLERANCE = 1e-9
AT_LEAST_SHARED = 40


def check_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Names of the features in both frames, all of them equal to 1e-9 relative.

    Parameters
    ----------
    ours, theirs : DataFrame of numbers, indexed by `customer_id`, at the same cutoff

    Raises
    ------
    ValueError
        If the customers differ, fewer than 40 features are shared, or one differs; the first
        customer of it is named.
    """
    if set(ours.index) != set(theirs.index) or ours.index.has_duplicates:
        raise ValueError(
            f"ours has {len(ours)} customers, the peer {len(theirs)}, and they are not the same; "
            "compare frames of one cutoff"
        )
    shared = [name for name in ours.columns if name in theirs.columns]
    if len(shared) < AT_LEAST_SHARED:
        raise ValueError(
            f"only {len(shared)} features are shared, {AT_LEAST_SHARED} are to be; the peer has "
            f"{sorted(set(theirs.columns) - set(shared))} besides"
        )
    theirs = theirs.loc[ours.index]
    for name in shared:
        _check_one(name, ours[name].astype(float), theirs[name].astype(float))
    return shared


def _check_one(name: str, ours: pd.Series, theirs: pd.Series) -> None:
    one, other = ours.to_numpy(), theirs.to_numpy()
    # Sums that cancel to almost nothing are held against one unit of the currency.
    scale = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1.0)
    same = (np.isnan(one) & np.isnan(other)) | (np.abs(one - other) <= TOLERANCE * scale)
    if not same.all():
        at = int(np.flatnonzero(~same)[0])
        raise ValueError(
            f"{name} differs for {int((~same).sum())} of {len(one)} customers, first "
            f"{ours.index[at]}: {one[at]!r} here, {other[at]!r} by the peer; give both one meaning"
        )
