"""Room to grow: customers who spend less than the better of their peers do."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
UPPER = 0.8
LEAST_PEERS = 30
TENURE_DAYS = (90, 365, 730)
TENURE_BANDS = ("under 90 days", "under 1 year", "under 2 years", "2 years and more")
TOO_FEW_PEERS = "too_few_peers"


def tenure_band(tenure_days: ArrayLike) -> NDArray[np.object_]:
    """Band of the days since the first purchase, shape (n,)."""
    days = np.asarray(tenure_days, float)
    return np.array(TENURE_BANDS, object)[np.searchsorted(TENURE_DAYS, days, side="right")]


def potential(
    value: ArrayLike,
    segment: ArrayLike,
    tenure_days: ArrayLike,
    *,
    upper: float = UPPER,
    least_peers: int = LEAST_PEERS,
) -> pd.DataFrame:
    """What the better of each customer's peers come to, and how far the customer is from it.

    Parameters
    ----------
    value : array of shape (n,), currency a year, on any basis; NaN is nobody's peer
    segment : text, shape (n,), such as the RFM group or the first category bought
    tenure_days : array of shape (n,), days since the first purchase
    upper : quantile of the peers' values that counts as what is possible, 0 to 1
    least_peers : with fewer of the same segment and tenure, all of the segment are peers; with
        fewer of these, there is no potential

    Returns
    -------
    DataFrame of shape (n, 6): `value`, `peers` (in words), `n_peers` (int), `potential`, `room`
        (potential less value, 0 where the customer is above it), `code` (`too_few_peers` or None)
    """
    if not 0 < upper < 1:
        raise ValueError(f"upper must be between 0 and 1, both exclusive, got {upper}")
    frame = pd.DataFrame(
        {"value": np.asarray(value, float), "segment": np.asarray(segment, object)}
    )
    frame["tenure"] = tenure_band(tenure_days)
    near, wide = (frame.groupby(by)["value"] for by in (["segment", "tenure"], ["segment"]))
    n_near, n_wide = near.transform("count"), wide.transform("count")
    close = (n_near >= least_peers).to_numpy()
    enough = close | (n_wide >= least_peers).to_numpy()
    at = {name: some.transform("quantile", upper) for name, some in (("n", near), ("w", wide))}
    possible = at["n"].where(close, at["w"]).where(enough)
    named = frame["segment"].astype(str)
    peers = (named + ", " + frame["tenure"]).where(close, named)
    return pd.DataFrame(
        {
            "value": frame["value"],
            "peers": peers.astype(object),
            "n_peers": n_near.where(close, n_wide).fillna(0).astype("int64"),
            "potential": possible,
            "room": (possible - frame["value"]).clip(lower=0),
            "code": pd.Series([None if e else TOO_FEW_PEERS for e in enough], dtype="object"),
        }
    )


def growth_list(
    found: pd.DataFrame, customer_ids: ArrayLike, *, asked: ArrayLike | None = None
) -> pd.DataFrame:
    """Customers below their peers' potential, those with most room first.

    Parameters
    ----------
    found : DataFrame of `potential`
    customer_ids : text, shape (n,)
    asked : bool, shape (n,), who may be on the list (say, not lapsed); by default everyone

    Returns
    -------
    DataFrame indexed by `customer_id`: the columns of `potential` but `code`
    """
    ids = pd.Index(np.asarray(customer_ids, object).astype(str), name="customer_id")
    whole = found.set_axis(ids)
    kept = (whole["room"] > 0).to_numpy()
    if asked is not None:
        kept = kept & np.asarray(asked, bool)
    some = whole[kept].drop(columns="code")
    order = np.lexsort((some.index.to_numpy(str), -some["room"].to_numpy()))
    return some.iloc[order]
