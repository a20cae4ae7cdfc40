"""The peer in pandas: a loop over cutoffs, each a filter and group-bys, with our features' names.

Reading, ids as numbers and days are done once. The plain loop then makes everything of what was
known before its cutoff. The prepared one marks first lines of orders and makes the table of
purchase days once and only filters them: faster, and right only where no line becomes known later
than it was ordered, as in the made log.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

COLUMNS = ("customer_id", "ordered_at", "amount", "order_id", "quantity")
WINDOWS = (7, 14, 30, 60, 90, 180, 365)
REFUND_WINDOWS = (90, 365)
CHANGES = (30, 90, 180)


@dataclass(frozen=True)
class Prepared:
    """Lines and what is made of them.

    Attributes
    ----------
    lines : those of `read_lines` and `orders`, 1 at the first purchase line of an order
    visits : one row a customer and purchase day: customer, day, gross, gap, gap_square
    """

    lines: pd.DataFrame
    visits: pd.DataFrame


def panel_to_parquet(
    parquet: Path, cutoffs: Sequence[dt.date], out: Path, *, prepared: bool = False
) -> None:
    """Write one Parquet file of features a cutoff to the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    lines, ids = read_lines(parquet)
    whole = prepare(lines) if prepared else None
    for cutoff in cutoffs:
        end = (cutoff - dt.date(1970, 1, 1)).days
        frame = features_at(_before(whole, end) if whole else prepare(_until(lines, end)), end)
        frame.index = ids[frame.index].rename("customer_id")
        frame.to_parquet(out / f"{cutoff}.parquet")


def read_lines(parquet: Path) -> tuple[pd.DataFrame, pd.Index]:
    """Sorted lines as numbers, and the customer ids by number.

    The lines have customer, order, day, net, bought, refunded, refunds and items.
    """
    table = pq.read_table(parquet, columns=list(COLUMNS), read_dictionary=["customer_id"])
    read = table.to_pandas()
    amount = read["amount"].to_numpy()
    bought = amount >= 0
    customer = read["customer_id"].cat
    lines = pd.DataFrame(
        {
            "customer": customer.codes.to_numpy(),
            "order": pd.factorize(read["order_id"])[0],
            "day": read["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int32),
            "net": amount,
            "bought": bought,
            "refunded": np.where(bought, 0.0, -amount),
            "refunds": (~bought).astype(np.int32),
            "items": np.where(bought, read["quantity"].to_numpy(), 0.0),
        }
    )
    return lines, pd.Index(customer.categories.astype(str))


def prepare(lines: pd.DataFrame) -> Prepared:
    """Mark the first purchase line of each order and make the table of purchase days."""
    purchases = lines[lines["bought"].to_numpy()]
    first = np.zeros(len(lines), np.int32)
    opens = ~purchases["order"].duplicated().to_numpy()
    first[np.flatnonzero(lines["bought"].to_numpy())[opens]] = 1
    visits = purchases.groupby(["customer", "day"])["net"].sum().rename("gross").reset_index()
    visits["gap"] = visits.groupby("customer")["day"].diff()
    visits["gap_square"] = visits["gap"] ** 2
    return Prepared(lines.assign(orders=first), visits)


def _before(whole: Prepared, end: int) -> Prepared:
    return Prepared(_until(whole.lines, end), _until(whole.visits, end))


def _until(frame: pd.DataFrame, end: int) -> pd.DataFrame:
    return frame[frame["day"].to_numpy() < end]


def features_at(known: Prepared, end: int) -> pd.DataFrame:
    """Features of every customer in `known`, the history before day `end`, by customer number."""
    names = ["orders", "net", "refunded", "items"]
    totals = known.lines.groupby("customer")[names].sum()
    frame = pd.DataFrame(index=totals.index).join(_of_days(known.visits, end))
    n_orders = totals["orders"]
    frame["n_orders"] = n_orders
    frame["orders_per_month"] = 30 * n_orders / frame["T"].clip(lower=30)
    frame["average_order_value"] = totals["net"] / n_orders
    frame["spend_total"] = totals["net"]
    frame["refunded_total"] = totals["refunded"]
    frame["items_per_order"] = totals["items"] / n_orders
    return frame.join(_order_values(known.lines)).join(_windows(known.lines, end, totals.index))


def _of_days(visits: pd.DataFrame, end: int) -> pd.DataFrame:
    """Recency, tenure, repeat spend and gaps, from the purchase days."""
    found = visits.groupby("customer").agg(
        first=("day", "first"),
        last=("day", "last"),
        frequency=("gap", "count"),
        gross=("gross", "sum"),
        opening=("gross", "first"),
        square=("gap_square", "sum"),
    )
    found["last_gap"] = visits.drop_duplicates("customer", keep="last").set_index("customer")["gap"]
    repeats = found["frequency"].where(found["frequency"] > 0)
    recency = found["last"] - found["first"]
    mean, silence, tenure = recency / repeats, end - found["last"], end - found["first"]
    deviation = np.sqrt((found["square"] / repeats - mean**2).clip(lower=0))
    return pd.DataFrame(
        {
            "days_since_last": silence,
            "T": tenure,
            "recency": recency,
            "frequency": found["frequency"],
            "monetary_value": (found["gross"] - found["opening"]) / repeats,
            "mean_gap": mean,
            "sd_gap": deviation,
            "last_gap": found["last_gap"],
            "gap_variation": deviation / mean,
            "silence_in_gaps": silence / mean,
            "silence_share": silence / tenure,
        }
    )


def _order_values(history: pd.DataFrame) -> pd.DataFrame:
    """Net amount of each customer's first and latest order."""
    net = history.groupby("order")["net"].sum()
    opened = history.loc[history["orders"].to_numpy() == 1, ["customer", "order"]]
    by = opened.groupby("customer")["order"]
    first, last = by.first(), by.last()
    return pd.DataFrame(
        {
            "first_order_value": pd.Series(net.loc[first].to_numpy(), first.index),
            "last_order_value": pd.Series(net.loc[last].to_numpy(), last.index),
        }
    )


def _windows(history: pd.DataFrame, end: int, customers: pd.Index) -> pd.DataFrame:
    """Counts and sums of the last days, each window cut from the next longer one."""
    names = {"orders": "orders", "net": "spend", "items": "items", "refunds": "refunds"}
    sums = {}
    recent = history
    for days in sorted({*WINDOWS, *(2 * d for d in CHANGES)}, reverse=True):
        recent = recent[recent["day"].to_numpy() >= end - days]
        summed = recent.groupby("customer")[list(names)].sum()
        sums[days] = summed.rename(columns=names).reindex(customers, fill_value=0)
    found = {
        f"{name}_{days}d": sums[days][name]
        for days in WINDOWS
        for name in ("orders", "spend", "items")
    }
    found |= {f"refunds_{days}d": sums[days]["refunds"] for days in REFUND_WINDOWS}
    for days in CHANGES:
        for name in ("orders", "spend"):
            change = 2 * sums[days][name] - sums[2 * days][name]
            found[f"{name}_change_{days}d"] = change
    return pd.DataFrame(found)
