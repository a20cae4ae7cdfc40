"""Score the purchases of a request: the batch's own code, on a log of a few customers.

Percentiles and value tiers go by the cut points of the current batch, which the answer names.
"""

from datetime import date
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import Integer

from configs.settings import Settings
from features.catalogue import FEATURES
from features.errors import CutoffError, DataError
from features.log.request_log import log_from_columns, plain_id
from features.log.shop_log import ShopLog
from features.panel import snapshot
from features.shop_clock import ShopClock, day_number
from models.bundle import Bundle
from retention.scores import SCORE_FIELDS, Eligibility, score_rows
from serving.answers import UNKNOWN
from serving.errors import PredictRefused
from serving.runtime import Runtime
from serving.store.batch import Batch
from serving.store.rows import EMPTY
from serving.store.tables import scores
from serving.web.bodies import PredictIn, PurchaseIn
from serving.web.problem import Problem

WHOLE = {str(column.name) for column in scores.columns if isinstance(column.type, Integer)}


def predict_answer(runtime: Runtime, body: PredictIn) -> dict[str, Any]:
    """Return the head and `results`: one row per customer, in the order they first come.

    A customer without a line known before `as_of` has the status `unknown`.

    Raises
    ------
    Problem
        503 before a model is promoted and a batch is published, 422 if the purchases cannot be
        scored.
    """
    champion, batch = runtime.holder.champion, runtime.store.current()
    if champion is None:
        raise Problem(503, "no model is promoted yet; run `perennial train`")
    if batch is None:
        raise Problem(503, "no scores are published yet; run `perennial score`")
    now = runtime.clock()
    clock = clock_of(runtime.settings)
    try:
        rows = predicted_rows(
            champion.bundle, batch, body, runtime.settings, today=clock.today(now)
        )
    except (PredictRefused, DataError) as error:
        raise Problem(422, str(error)) from None
    found = {row["customer_id"]: row for row in rows}
    asked = dict.fromkeys(line.customer_id for line in body.purchases)
    head = runtime.answers.head(batch, now)
    return {
        **head,
        "as_of": body.as_of,
        "model_version": champion.bundle.version,
        "results": [
            found.get(plain_id(i)) or {"customer_id": i, "score_status": UNKNOWN} for i in asked
        ],
    }


def predicted_rows(
    bundle: Bundle, batch: Batch, body: PredictIn, settings: Settings, *, today: date
) -> list[dict[str, Any]]:
    """Return the score rows of those customers who have a line known before `as_of`.

    Raises
    ------
    PredictRefused
        If `as_of` is no day, or lies after `today`.
    DataError
        If a date cannot be read.
    """
    log = log_from_columns(_columns(body), clock_of(settings))
    try:
        shot = snapshot(ShopLog.of(log), _cutoff(body.as_of, today), _names(bundle))
    except CutoffError:
        return []
    rows, _ = score_rows(
        shot.features,
        bundle,
        facts=shot.facts,
        as_of=body.as_of,
        eligibility=Eligibility(settings.eligible.active_within_days, settings.eligible.min_days),
        cut_points=batch.cut_points,
    )
    return plain_rows(rows)


def plain_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return score rows that no batch holds, as `unpublished_rows` does for a whole batch.

    For a few rows this takes a tenth of its time: nothing is done by column but to read it.
    """
    columns = {name: rows[name].tolist() for name in SCORE_FIELDS}
    return [_plain(values) for values in zip(*columns.values(), strict=True)]


def _plain(values: tuple[Any, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in zip(SCORE_FIELDS, values, strict=True):
        # What is not there is None, NA or NaN; only NaN differs from itself.
        known = value is not None and value is not pd.NA and value == value
        row[name] = value if known else None
    for name in WHOLE & row.keys():
        row[name] = None if row[name] is None else int(row[name])
    for name, empty in EMPTY.items():
        row[name] = orjson.loads(row[name] or empty)
    return row


def warm_up() -> None:
    """Run the feature kernels once: compiling them may take longer than a request has."""
    line: dict[str, list[Any]] = {
        "customer_id": ["1"],
        "ordered_at": ["2024-01-01"],
        "amount": [1.0],
    }
    log = log_from_columns(line, ShopClock())
    snapshot(ShopLog.of(log), int(log.known_day.max()) + 1)


def clock_of(settings: Settings) -> ShopClock:
    """Return the clock that says to which day of the shop a moment belongs."""
    return ShopClock(settings.purchases.timezone, settings.purchases.day_starts_at)


def _cutoff(as_of: str, today: date) -> int:
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise PredictRefused(f"as_of {as_of} is no day of the calendar; write YYYY-MM-DD") from None
    if day > today:
        raise PredictRefused(f"as_of {as_of} lies ahead; the latest day that works is {today}")
    return day_number(day)


def _first_known(line: PurchaseIn) -> tuple[str, str, float]:
    return line.known_at or line.ordered_at, line.ordered_at, line.amount


def _names(bundle: Bundle) -> tuple[str, ...]:
    """Features as the batch has them: what these customers lack does not change what is read."""
    return tuple(f.name for f in FEATURES if f.needs is None or f.name in bundle.features)


def _columns(body: PredictIn) -> dict[str, list[Any]]:
    # The same line sent twice counts once, as it was known first: as in the batch.
    sent: dict[object, PurchaseIn] = {}
    for i, line in enumerate(sorted(body.purchases, key=_first_known)):
        sent.setdefault(i if line.line_id is None else line.line_id.strip(), line)
    return {name: [getattr(v, name) for v in sent.values()] for name in PurchaseIn.model_fields}
