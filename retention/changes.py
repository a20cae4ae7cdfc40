"""What changed between two batches: did a customer's risk tier go up or down, and since when."""

import pandas as pd

from retention.groups import RISK_TIERS


def with_changes(rows: pd.DataFrame, before: pd.DataFrame | None, as_of: str) -> pd.DataFrame:
    """Fill `risk_change` and `tier_since`.

    Parameters
    ----------
    rows : DataFrame of score rows
    before : `customer_id`, `risk_tier`, `tier_since` of the previous batch; None without one
    as_of : day of the rows, YYYY-MM-DD

    Returns
    -------
    DataFrame like `rows`; `risk_change` is `up`, `down`, `same`, or null where the customer had no
    tier before; `tier_since` is the first batch's day with the present tier
    """
    since = pd.Series(as_of, index=rows.index, dtype=object).where(rows["risk_tier"].notna(), None)
    if before is None:
        return rows.assign(tier_since=since)
    old = before.set_index("customer_id").reindex(rows["customer_id"]).set_axis(rows.index)
    rank = {tier: place for place, tier in enumerate(RISK_TIERS)}
    step = rows["risk_tier"].map(rank) - old["risk_tier"].map(rank)
    change = pd.Series(None, index=rows.index, dtype=object)
    change[step > 0], change[step < 0], change[step == 0] = "up", "down", "same"
    kept = (step == 0) & old["tier_since"].notna()
    return rows.assign(risk_change=change, tier_since=since.mask(kept, old["tier_since"]))
