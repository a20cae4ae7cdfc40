"""Rows that the supervised peers learn from and predict for.

The peers get perennial's own features of purchase history, about sixty of them, because they are
at hand and good: what is compared is what is made of them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy_tasks import Task, purchases_of
from features.log.shop_log import ShopLog
from features.log.store import load_log
from features.panel import labels_at, snapshot
from features.reading.source import PurchaseSource
from features.shop_clock import day_number

Float = NDArray[np.float64]

RICH = (
    *("days_since_last", "T", "recency", "frequency", "n_orders", "orders_per_month"),
    *("monetary_value", "average_order_value", "spend_total", "first_order_value"),
    *("last_order_value", "items_per_order", "mean_gap", "sd_gap", "last_gap", "gap_variation"),
    *("silence_in_gaps", "silence_share", "median_gap", "longest_gap", "previous_gap"),
    *("silence_to_longest_gap", "clumpiness"),
    *(f"orders_{d}d" for d in (7, 14, 30, 60, 90, 180, 365)),
    *(f"spend_{d}d" for d in (7, 14, 30, 60, 90, 180, 365)),
    *("items_90d", "purchase_days_30d", "purchase_days_90d", "purchase_days_365d"),
    *("refunded_365d", "refunds_365d", "discount_365d"),
    *("orders_change_30d", "orders_change_90d", "spend_change_30d", "spend_change_90d"),
    *(f"decayed_orders_{d}d" for d in (15, 45, 135)),
    *(f"decayed_spend_{d}d" for d in (15, 45, 135)),
    *("last_gap_to_mean", "recent_gaps_to_mean", "last_order_to_mean", "orders_90d_share"),
    *("lines_per_order", "distinct_products", "products_per_order", "top_product_share"),
    *("distinct_categories", "largest_order_value", "sd_order_value"),
)
CUTOFFS = 3
SHORTEST = 7


@dataclass(frozen=True)
class Rows:
    """Customers at a cutoff.

    Attributes
    ----------
    features : DataFrame of float64 indexed by `customer_id`: `RICH`, less what the log lacks
    churned, value : labels over the observed days, shape (n,)
    """

    features: pd.DataFrame
    churned: Float
    value: Float


@dataclass(frozen=True)
class Lesson:
    """All that a peer may know of a task.

    Attributes
    ----------
    horizon_days, observed_days : asked horizon, and length of the label windows: shorter where
        the log closes none of the horizon before the cutoff
    now : customers to predict for, without labels
    past : rows at earlier cutoffs, newest first, whose windows end at or before the cutoff
    """

    horizon_days: int
    observed_days: int
    now: pd.DataFrame
    past: tuple[Rows, ...]


def observed_days(span: int, horizon_days: int) -> int:
    """Length of the label windows where `span` days of the log are known.

    A third of the log's days where the horizon and as much history as half of it do not fit.
    """
    return horizon_days if span >= 1.5 * horizon_days else max(SHORTEST, span // 3)


def cutoffs_of(first: int, cutoff: int, observed: int) -> list[int]:
    """Cutoffs to learn from, newest first; each has a third of a window of history behind it."""
    # Whole weeks where the window is of whole weeks: 21 days for 91, 30 for 90.
    step = max(SHORTEST, observed // 3 if observed % 7 else 7 * (observed // 28))
    ladder = [cutoff - observed - k * step for k in range(CUTOFFS)]
    return [c for c in ladder if c >= first + max(SHORTEST, observed // 3)] or ladder[:1]


def shop_log(log: str, room: Path) -> ShopLog:
    """The log as perennial reads and sorts it; reading it again costs nothing."""
    source = PurchaseSource.from_mapping(purchases_of(log, room))
    folder = room / "var" / "peers" / log
    return load_log(source, folder / "log", folder / "quarantine").log


def lesson_of(task: Task, room: Path) -> Lesson:
    """Features and labels of a task as they were known at its cutoff."""
    log, cutoff = shop_log(task.log, room), day_number(task.cutoff)
    first = log.facts.first_known_day
    observed = observed_days(cutoff - first, task.horizon_days)
    past = cutoffs_of(first, cutoff, observed)
    return Lesson(
        task.horizon_days,
        observed,
        _features(log, cutoff),
        tuple(_rows(log, c, observed) for c in past),
    )


def _features(log: ShopLog, cutoff: int) -> pd.DataFrame:
    return snapshot(log, cutoff, RICH).features.dropna(axis=1, how="all")


def _rows(log: ShopLog, cutoff: int, observed: int) -> Rows:
    labels = labels_at(log, cutoff, (observed,))[observed]
    return Rows(
        _features(log, cutoff),
        labels["churned"].to_numpy(float),
        labels["future_value"].to_numpy(float),
    )
