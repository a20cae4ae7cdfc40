"""What the benchmarks call of perennial: the only file here that knows its functions."""

import datetime as dt
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.log.manifest import read_manifest
from features.log.ranges import READ
from features.log.request_log import log_from_columns
from features.log.shop_log import ShopLog
from features.log.store import load_log
from features.panel import snapshot
from features.panel_file import write_panel
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock, date_of, day_number

COLUMNS = READ


def build_log(parquet: Path, folder: Path) -> None:
    """Read, check and sort the lines of `parquet` into a log kept in `folder`."""
    load_log(PurchaseSource(str(parquet)), folder, folder / "quarantine")


def kept_log(folder: Path) -> ShopLog:
    """The log that `build_log` made, in its files."""
    kept = read_manifest(folder)
    if kept is None:
        raise RuntimeError(f"{folder} holds no log; build it first")
    return ShopLog(kept.stored(folder), facts=kept.facts)


def log_files(folder: Path) -> list[Path]:
    """Parquet files of the kept log, for the bare scan of `COLUMNS`."""
    return sorted(folder.glob("*.parquet"))


def panel_to_parquet(
    folder: Path, cutoffs: Sequence[dt.date], horizons: Sequence[int], out: Path
) -> None:
    """Write features at `cutoffs`, and labels over `horizons` days, to Parquet files in `out`."""
    write_panel(kept_log(folder), [day_number(c) for c in cutoffs], horizons, out)


def features_at(folder: Path, cutoff: dt.date) -> pd.DataFrame:
    """Features at one cutoff in double precision, indexed by `customer_id`."""
    return snapshot(kept_log(folder), day_number(cutoff)).features


def one_snapshot_ms(purchases: pd.DataFrame, cutoff: dt.date, *, repeats: int) -> list[float]:
    """Milliseconds from the purchases of each customer, as a request has them, to the features.

    Parameters
    ----------
    purchases : DataFrame with the columns of the made log, of some customers
    repeats : how often each customer is done; the median counts
    """
    purchases = purchases.assign(ordered_at=purchases["ordered_at"].astype(str))
    found = []
    for _, mine in purchases.groupby("customer_id"):
        sent = {str(name): mine[name].tolist() for name in mine}
        found.append(statistics.median(_one(sent, day_number(cutoff)) for _ in range(repeats)))
    return found


def _one(sent: dict[str, list[Any]], cutoff: int) -> float:
    started = time.perf_counter()
    made = snapshot(ShopLog.of(log_from_columns(sent, ShopClock())), cutoff)
    spent = (time.perf_counter() - started) * 1000
    if len(made.features) != 1 or np.isnan(made.features["n_orders"].iloc[0]):
        raise RuntimeError(f"a customer of the made log is not in a snapshot at {date_of(cutoff)}")
    return spent
