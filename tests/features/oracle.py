"""Plain definitions of the features, a customer at a time: slow, and easy to check by eye.

`rfm_at` follows the definitions of Fader, Hardie & Lee (2005) and scans the log once a cutoff.
"""

import numpy as np
import pandas as pd

SORT_KEYS = ["customer_id", "known_at", "ordered_at", "order_id", "amount", "quantity"]


def rfm_at(purchases, cutoff):
    """Frequency, recency, T and monetary value of who bought before `cutoff`, by customer_id."""
    history = purchases[purchases["ordered_at"] < cutoff]
    day = history["ordered_at"].dt.normalize().rename("day")
    visits = history.groupby(["customer_id", day])["amount"].sum().reset_index()
    days = visits.groupby("customer_id")["day"]
    first, last = days.min(), days.max()
    repeats = visits[visits["day"] > days.transform("min")]
    spend = repeats.groupby("customer_id")["amount"].mean()
    tenure, recency = (cutoff - first).dt.days, (last - first).dt.days
    columns = {"frequency": days.size() - 1, "recency": recency, "T": tenure}
    return pd.DataFrame({**columns, "monetary_value": spend})


def prepared(frame):
    """Lines in the order in which they became known, with day numbers and a key of the order."""
    lines = frame.assign(
        ordered_at=pd.to_datetime(frame["ordered_at"]), known_at=pd.to_datetime(frame["known_at"])
    )
    lines["known_at"] = lines[["ordered_at", "known_at"]].max(axis=1)
    lines = lines.sort_values(SORT_KEYS, na_position="last")
    lines["day"] = (lines["ordered_at"] - pd.Timestamp("1970-01-01")).dt.days
    lines["known"] = (lines["known_at"] - pd.Timestamp("1970-01-01")).dt.days
    given = lines["order_id"].notna()
    lines["order"] = np.where(given, lines["order_id"], lines["day"].astype(str))
    return lines


def features_at(frame, cutoff):
    """Features of every customer with a line known before `cutoff`, DataFrame by customer_id."""
    lines = prepared(frame)
    known = lines[lines["known"] < cutoff]
    rows = {c: _of_one(mine, cutoff) for c, mine in known.groupby("customer_id")}
    return pd.DataFrame(rows).T.rename_axis("customer_id")


def _of_one(lines, cutoff):
    bought = lines[lines["amount"] >= 0]
    # An order counts where its first purchase line became known.
    orders = bought.drop_duplicates("order")
    row = {
        "n_orders": len(orders),
        "spend_total": lines["amount"].sum(),
        "refunded_total": -lines.loc[lines["amount"] < 0, "amount"].sum(),
    }
    for days in (7, 14, 30, 60, 90, 180, 365):
        row[f"orders_{days}d"] = (orders["known"] >= cutoff - days).sum()
        row[f"spend_{days}d"] = lines.loc[lines["known"] >= cutoff - days, "amount"].sum()
        items = bought.loc[bought["known"] >= cutoff - days, "quantity"]
        # Of whom no quantity is known, the number of items is not known either.
        row[f"items_{days}d"] = items.sum() if bought["quantity"].notna().any() else np.nan
    for days in (90, 365):
        row[f"refunds_{days}d"] = (lines["amount"] < 0)[lines["known"] >= cutoff - days].sum()
    for days in (30, 90, 180):
        before = lines["known"].between(cutoff - 2 * days, cutoff - days - 1)
        row[f"spend_change_{days}d"] = row[f"spend_{days}d"] - lines.loc[before, "amount"].sum()
        before = orders["known"].between(cutoff - 2 * days, cutoff - days - 1)
        row[f"orders_change_{days}d"] = row[f"orders_{days}d"] - before.sum()
    for half_life in (15, 45, 135):
        row[f"decayed_orders_{half_life}d"] = _decayed(orders, 1.0, cutoff, half_life)
        row[f"decayed_spend_{half_life}d"] = _decayed(lines, lines["amount"], cutoff, half_life)
    return {**row, **_rhythm(bought, cutoff), **_money(lines, bought, orders)}


def _decayed(lines, value, cutoff, half_life):
    return (value * 0.5 ** ((cutoff - lines["day"]) / half_life)).sum()


def _rhythm(bought, cutoff):
    days = np.array(sorted(set(bought["day"])))
    names = ["days_since_last", "T", "recency", "frequency", "monetary_value", "mean_gap"]
    row = dict.fromkeys([*names, "sd_gap", "last_gap"], np.nan)
    if not len(days):
        return row
    row |= {"days_since_last": cutoff - days[-1], "T": cutoff - days[0]}
    row |= {"recency": days[-1] - days[0], "frequency": len(days) - 1}
    if len(days) > 1:
        gaps = np.diff(days)
        spend = bought.loc[bought["day"] > days[0]].groupby("day")["amount"].sum()
        row |= {"mean_gap": gaps.mean(), "sd_gap": gaps.std(), "last_gap": gaps[-1]}
        row |= {"monetary_value": spend.mean()}
    return row


def _money(lines, bought, orders):
    row = dict.fromkeys(["average_order_value", "first_order_value", "last_order_value"], np.nan)
    if not len(orders):
        return row
    net = lines.groupby("order")["amount"].sum()
    first = bought.sort_values("day", kind="stable").iloc[0]
    last = bought.sort_values("day", kind="stable").iloc[-1]
    row["average_order_value"] = lines["amount"].sum() / len(orders)
    row |= {"first_order_value": net[first["order"]], "last_order_value": net[last["order"]]}
    return row


def labels_at(frame, cutoff, horizon_days):
    """Labels of every customer known before `cutoff`, DataFrame by customer_id."""
    lines = prepared(frame)
    rows = {}
    for customer, mine in lines.groupby("customer_id"):
        if (mine["known"] < cutoff).any():
            bought = mine[mine["amount"] >= 0]
            new = bought.drop_duplicates("order")
            inside = mine["day"].between(cutoff, cutoff + horizon_days - 1)
            returned = inside[bought.index].any()
            rows[customer] = {
                "churned": float(not returned),
                "future_orders": max(float(inside[new.index].sum()), float(returned)),
                "future_value": mine.loc[inside, "amount"].sum(),
            }
    return pd.DataFrame(rows).T
