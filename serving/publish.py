"""The nightly batch: score all customers and make the rows the current batch, all or nothing."""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import Settings
from features.engine import engine_of
from features.errors import CutoffError
from features.line import AMOUNT_SCALE
from features.log.order_list import orders_of
from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.log.store import load_log
from features.reading.source import PurchaseSource
from features.shop_clock import date_of, day_number
from models.bundle import Bundle, load_bundle
from models.errors import BundleError
from models.pointer import POINTER, read_pointer
from retention.batch_job import score_shop
from retention.changes import with_changes
from retention.dates import NEXT_ORDER, SILENCE
from retention.scores import Eligibility
from serving.details import realised
from serving.details.facts import details_of
from serving.details.growth import growth_rows
from serving.details.publication import Publication
from serving.details.week import week_rows
from serving.economics import economics_of
from serving.errors import BatchExists, BatchRefused
from serving.scores import ScoreStore
from serving.shop_tables import Told, shop_tables, told_by
from serving.store.batch import Batch
from serving.store.past import Earlier, week_before
from serving.worth_columns import with_worth

COMPARED = ("customer_id", "risk_tier", "tier_since", "lifecycle_status", "rfm_group")
PROBABILITIES = ("churn_probability", "usual_churn_probability")
# Quantiles are below 0 where more may be given back than is bought.
FINITE = ("clv_p10", "clv_p50", "clv_p90")
NEVER_NEGATIVE = ("predicted_clv", "value_at_risk", "predicted_number_of_orders")
DATES = (*NEXT_ORDER, *SILENCE)
# Less than an amount can differ by is rounding.
CENT = 0.01


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
    pointer = read_pointer(settings.models_dir)
    bundle = bundle_of(settings.models_dir, pointer)
    loaded = load_log(
        source,
        settings.log_dir,
        settings.quarantine_dir,
        latest=source.clock.latest(now),
        refuse_odd=True,
        engine=engine_of(settings.engine, source.clock, settings.spark_dir),
    )
    cutoff = _cutoff(as_of, loaded.log, source.clock.today(now))
    tables = shop_tables(settings, source.clock, now)
    store = ScoreStore(settings.store_url)
    try:
        told = told_by(tables, store.database, cutoff)
        batch_id = _batch_id(pointer, loaded.sha256, cutoff, settings, told)
        current = store.current()
        # The same scores are published anew when they would be called stale.
        fresh = now - dt.timedelta(hours=settings.serve.stale_after_hours)
        if current and current.batch_id.startswith(batch_id) and current.published_at > fresh:
            return Published(current, unchanged=True)
        if store.batch(batch_id) is not None:
            batch_id = f"{batch_id}-{now:%Y%m%d%H%M%S}"
        folder = settings.models_dir / pointer["path"]
        rows, cuts, orders, known = scored(loaded.log, folder, cutoff, batch_id, settings, told)
        rows, orders = store.without_erased([rows, orders])
        before = store.latest_of(str(date_of(cutoff)))
        old = None if before is None else store.rows_frame(before.batch_id, COMPARED)
        rows = with_changes(rows, old, str(date_of(cutoff)))
        check_rows(rows)
        a_week_before = week_before(store.database, str(date_of(cutoff)))
        earlier = {} if before is None else store.details(before.batch_id)
        horizon, lag = settings.horizons.churn_days, known.facts.refund_lag_days
        publication = Publication(
            settings=settings,
            as_of=date_of(cutoff),
            rows=rows,
            orders=orders,
            log=known,
            loaded=loaded,
            told=told,
            bundle=bundle,
            before=before,
            old=old,
            week_before=a_week_before,
            week_old=_rows_of(store, a_week_before, before, old),
            earlier=earlier,
            closed=realised.closed(store.database, earlier, date_of(known.last_day), horizon, lag),
        )
        rows, cuts = with_worth(rows, cuts, publication.past.history, told.customers)
        batch = Batch(
            batch_id=batch_id,
            as_of=str(date_of(cutoff)),
            data_until=str(date_of(known.last_day)),
            model_version=bundle.version,
            published_at=now,
            customers=len(rows),
            cut_points=cuts,
        )
        try:
            listed = [week_rows(publication), growth_rows(publication)]
            week = pd.concat(listed, ignore_index=True)
            store.publish(batch, rows, orders, details_of(publication), week)
        except BatchExists:  # another run of the same was faster
            return Published(store.current() or batch, unchanged=True)
        return Published(batch)
    finally:
        store.close()


def _rows_of(
    store: ScoreStore, earlier: Earlier | None, before: Batch | None, old: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Rows of an earlier batch; those of the previous one are there already."""
    if earlier is None or (before is not None and before.batch_id == earlier.batch_id):
        return None if earlier is None else old
    return store.rows_frame(earlier.batch_id, COMPARED)


def champion(models_dir: Path) -> Bundle:
    """The promoted bundle; raises as `bundle_of`."""
    return bundle_of(models_dir, read_pointer(models_dir))


def bundle_of(models_dir: Path, found: dict[str, Any]) -> Bundle:
    """The bundle in the folder that a pointer names by its `path`.

    Raises
    ------
    BundleError
        If nothing is promoted yet, or the bundle is not what was sealed.
    """
    if not isinstance(found.get("path"), str):
        raise BundleError(
            f"no model is promoted in {models_dir}; run `perennial train` with these settings first"
        )
    bundle = load_bundle(models_dir / found["path"])
    if bundle.version != found.get("version"):
        raise BundleError(
            f"{models_dir / found['path']} holds version {bundle.version}, and {POINTER} names "
            f"{found.get('version')}; train again"
        )
    return bundle


def scored(
    log: ShopLog, bundle_dir: Path, cutoff: int, batch_id: str, settings: Settings, told: Told
) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, ShopLog]:
    """Score rows, cut points and order rows as known before `cutoff`, and that log itself."""
    known = log.known_before(cutoff)
    eligible = settings.eligible
    rows, cuts = score_shop(
        log,
        bundle_dir,
        cutoff,
        batch_id=batch_id,
        eligibility=Eligibility(eligible.active_within_days, eligible.min_days, told.no_profiling),
        economics=economics_of(settings),
    )
    rows = told.joined(rows)
    orders = pd.concat(known.map(lambda part: order_rows(part, cutoff)), ignore_index=True)
    return rows, cuts, orders, known


def order_rows(log: PurchaseLog, cutoff: int) -> pd.DataFrame:
    """Orders of every customer as known before `cutoff`, numbered from 1, oldest first."""
    log = log.known_before(cutoff)
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
    for name in (*PROBABILITIES, *NEVER_NEGATIVE, *FINITE):
        values = there[name].to_numpy(float)
        low = -np.inf if name in FINITE else 0.0
        top = 1.0 if name in PROBABILITIES else np.inf
        _refuse(name, ~(np.isfinite(values) & (values >= low) & (values <= top)))
    p10, p50, p90 = (there[n].to_numpy(float) for n in ("clv_p10", "clv_p50", "clv_p90"))
    _refuse("the order of clv_p10, clv_p50 and clv_p90", (p10 > p50 + CENT) | (p50 > p90 + CENT))
    for name in DATES:
        given = there[there[name].notna()]
        # Days written as YYYY-MM-DD sort by time.
        _refuse(name, (given[name].astype(str) < given["as_of"]).to_numpy(bool))


def _refuse(what: str, bad: NDArray[np.bool_]) -> None:
    if bad.any():
        raise BatchRefused(
            f"{what} is out of range in {int(bad.sum())} rows; nothing is published, the "
            "current batch stays: train again"
        )


def _cutoff(as_of: dt.date | None, log: ShopLog, today: dt.date) -> int:
    if as_of is None:
        return min(log.last_day + 1, day_number(today))
    if as_of > today:
        raise CutoffError(f"--as-of {as_of} lies ahead; the latest day that works is {today}")
    first = date_of(log.facts.first_known_day)
    if as_of <= first:
        raise CutoffError(
            f"no purchase is known before --as-of {as_of}: the first line is of {first}; choose a "
            "later day"
        )
    return day_number(as_of)


def _batch_id(
    pointer: dict[str, Any], log_sha256: str, cutoff: int, settings: Settings, told: Told
) -> str:
    # The pointer's key stands for the code too.
    parts = (settings.eligible, settings.money, settings.costs)
    made_from = [pointer, log_sha256, cutoff, *(p.model_dump() for p in parts), told.digest]
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    return f"{date_of(cutoff)}-{digest[:10]}"
