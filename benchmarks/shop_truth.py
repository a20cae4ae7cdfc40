"""What a purchase history can tell at best, for the shops whose law is known."""

import pandas as pd


def history(lines: pd.DataFrame, cutoff: str) -> pd.DataFrame:
    """Orders of each customer before a day.

    Returns
    -------
    DataFrame indexed by `customer_id`
        x : orders after the first; t_x : days from the first to the last; T : days from the first
        to the cutoff; silent : days from the last to the cutoff, 1 for an order of the day before
    """
    end = pd.Timestamp(cutoff)
    bought = lines[(lines["ordered_at"] < end) & (lines["amount"] >= 0)]
    day = bought["ordered_at"].dt.normalize()
    by = bought.assign(day=day).groupby("customer_id")
    first, last = by["day"].min(), by["day"].max()
    return pd.DataFrame(
        {
            "x": by["order_id"].nunique() - 1.0,
            "t_x": (last - first).dt.days.astype(float),
            "T": (end - first).dt.days.astype(float),
            "silent": (end - last).dt.days.astype(float),
        }
    )


def return_probability(values: pd.Series) -> pd.Series:
    """The values under the name that they have in the docs."""
    return values.rename("return_probability")


def returned(lines: pd.DataFrame, cutoff: str, horizon_days: int) -> pd.Series:
    """Whether each customer known before the cutoff ordered in the horizon after it."""
    start = pd.Timestamp(cutoff)
    end = start + pd.Timedelta(days=horizon_days)
    inside = (lines["ordered_at"] >= start) & (lines["ordered_at"] < end) & (lines["amount"] >= 0)
    buyers = lines.loc[inside, "customer_id"].unique()
    known = history(lines, cutoff).index
    return pd.Series(known.isin(buyers), index=known, name="returned")
