"""The nightly batch: score all customers and make the rows the current batch, all or nothing."""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from configs.settings import Settings
from features.checking import AMOUNT_SCALE
from features.errors import CutoffError
from features.log_store import load_log
from features.purchase_log import PurchaseLog, orders_of
from features.running import RunningColumns
from features.shop_clock import date_of, day_number
from features.snapshot import snapshot
from features.source import PurchaseSource
from models.bundle import Bundle, load_bundle
from models.errors import BundleError
from retention.changes import with_changes
from retention.scores import Eligibility, score_rows
from serving.batch import Batch
from serving.errors import BatchRefused
from serving.scores import ScoreStore

COMPARED = ("customer_id", "risk_tier", "tier_since")
PROBABILITIES = ("churn_probability", "usual_churn_probability")
NEVER_NEGATIVE = ("predicted_clv", "clv_p10", "clv_p50", "clv_p90", "value_at_risk")


@dataclass(frozen=True)
class Published:
    """The batch that is current now; `unchanged` where it had been before."""

    batch: Batch
    unchanged: bool = False


def publish(settings: Settings, *, as_of: dt.date | None, now: dt.datetime) -> Published:
    """Score everybody as known before `as_of` and publish the batch.

    Parameters
    ----------
    as_of : day of the snapshot; default the day after the log's last line, never later than today
    now : aware moment of the call

    Raises
    ------
    BundleError
        If no model is promoted, or its bundle is not intact.
    CutoffError
        If `as_of` lies ahead, or before the first line.
    BatchRefused
        If the rows fail a check; the current batch stays.
    """
    source = PurchaseSource.from_mapping(settings.purchases.model_dump())
    bundle = champion(settings.models_dir)
    loaded = load_log(source, settings.log_dir, settings.quarantine_dir)
    cutoff = _cutoff(as_of, loaded.log, source.clock.today(now))
    batch_id = _batch_id(bundle, loaded.sha256, cutoff, settings)
    store = ScoreStore(settings.store_url)
    try:
        current = store.current()
        if current is not None and current.batch_id.startswith(batch_id):
            return Published(current, unchanged=True)
        if store.batch(batch_id) is not None:
            batch_id = f"{batch_id}-{now:%Y%m%d%H%M%S}"
        rows, cuts, orders, known = scored(loaded.log, bundle, cutoff, batch_id, settings)
        before = None if current is None else store.rows_frame(current.batch_id, COMPARED)
        rows = with_changes(rows, before, str(date_of(cutoff)))
        check_rows(rows)
        batch = Batch(
            batch_id=batch_id,
            as_of=str(date_of(cutoff)),
            data_until=str(date_of(known.last_day)),
            model_version=bundle.version,
            published_at=now,
            customers=len(rows),
            cut_points=cuts,
        )
        store.publish(batch, rows, orders)
        return Published(batch)
    finally:
        store.close()


def champion(models_dir: Path) -> Bundle:
    """The promoted bundle.

    Raises
    ------
    BundleError
        If nothing is promoted yet, or the bundle is not what was sealed.
    """
    try:
        found = json.loads((models_dir / "current.json").read_text(encoding="utf-8"))
        folder = models_dir / found["path"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BundleError(
            f"no model is promoted in {models_dir}; run `perennial train` with these settings first"
        ) from None
    return load_bundle(folder)


def scored(
    log: PurchaseLog, bundle: Bundle, cutoff: int, batch_id: str, settings: Settings
) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, PurchaseLog]:
    """Score rows, cut points and order rows as known before `cutoff`, and that log itself."""
    known = log.known_before(cutoff)
    features = snapshot(RunningColumns(known), cutoff).features
    eligible = settings.eligible
    rows, cuts = score_rows(
        features,
        bundle,
        as_of=str(date_of(cutoff)),
        batch_id=batch_id,
        eligibility=Eligibility(eligible.active_within_days, eligible.min_days),
    )
    return rows, cuts, order_rows(known), known


def order_rows(log: PurchaseLog) -> pd.DataFrame:
    """Orders of every customer, numbered from 1, oldest first."""
    orders = orders_of(log)
    customer = orders["customer"]
    first = np.concatenate([[True], customer[1:] != customer[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(customer)), 0))
    days = orders["ordered_day"].astype("datetime64[D]")
    return pd.DataFrame(
        {
            "customer_id": log.customer_ids[customer],
            "order_number": np.arange(len(customer)) - start + 1,
            "ordered_on": days.astype(str),
            "amount": orders["amount"] / AMOUNT_SCALE,
            "items": orders["items"],
            "lines": orders["lines"],
        }
    )


def check_rows(rows: pd.DataFrame) -> None:
    """Refuse a batch with values out of range.

    Raises
    ------
    BatchRefused
        Naming the field, the number of rows and the first customer.
    """
    there = rows[rows["score_status"] == "scored"]
    if not len(there):
        raise BatchRefused(
            f"none of {len(rows)} customers is eligible: all are inactive, too new, or have "
            "refunds only; widen eligible.active_within_days, or score as of an earlier day"
        )
    for name in (*PROBABILITIES, *NEVER_NEGATIVE):
        values = there[name].to_numpy(float)
        top = 1.0 if name in PROBABILITIES else np.inf
        bad = ~(np.isfinite(values) & (values >= 0) & (values <= top))
        if bad.any():
            raise BatchRefused(
                f"{name} is out of range in {int(bad.sum())} rows; nothing is published, the "
                "current batch stays: train again"
            )


def _cutoff(as_of: dt.date | None, log: PurchaseLog, today: dt.date) -> int:
    if as_of is None:
        return min(log.last_day + 1, day_number(today))
    if as_of > today:
        raise CutoffError(f"--as-of {as_of} lies ahead; the latest day that works is {today}")
    first = date_of(int(log.known_day.min()))
    if as_of <= first:
        raise CutoffError(
            f"no purchase is known before --as-of {as_of}: the first line is of {first}; choose a "
            "later day"
        )
    return day_number(as_of)


def _batch_id(bundle: Bundle, log_sha256: str, cutoff: int, settings: Settings) -> str:
    made_from = [bundle.version, log_sha256, cutoff, settings.eligible.model_dump()]
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    return f"{date_of(cutoff)}-{digest[:10]}"
