"""Score the purchases of a request: the batch's own code, on a log of a few customers.

Percentiles and value tiers go by the cut points of the current batch, which the answer names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from configs.settings import Settings
from features.catalogue import FEATURES
from features.errors import DataError
from features.log.request_log import log_from_columns, plain_id
from features.shop_clock import ShopClock, date_of, day_number
from models.bundle import Bundle
from retention.batch_job import customers_of, first_order_of
from retention.extra_fields import Worth
from retention.scores import SCORE_FIELDS, WHOLE, Columns, Eligibility, score_columns
from serving.answers import UNKNOWN
from serving.economics import economics_of
from serving.errors import PredictRefused
from serving.runtime import Runtime
from serving.store.batch import Batch
from serving.store.rows import EMPTY
from serving.web.bodies import PredictIn, PurchaseIn
from serving.web.problem import Problem

Rows = list[dict[str, Any]]
# Between the number of a request and an id; no id holds it.
BETWEEN = "\x1f"


def predict_answer(runtime: Runtime, body: PredictIn) -> dict[str, Any]:
    """Return the head and `results`: one row per customer, in the order they first come.

    A customer without a line known before `as_of` has the status `unknown`.

    Raises
    ------
    Problem
        503 before a model is promoted and a batch is published, 422 if the purchases cannot be
        scored.
    """
    [answer] = predict_answers(runtime, [body])
    if isinstance(answer, Exception):
        raise answer
    return answer


def predict_answers(
    runtime: Runtime, bodies: Sequence[PredictIn]
) -> list[dict[str, Any] | Exception]:
    """Return the answer to each of several requests, or the Problem that it has, in their order.

    Requests for the same day are scored in one go.

    Raises
    ------
    Problem
        503 before a model is promoted and a batch is published.
    """
    champion, batch = runtime.holder.champion, runtime.lookup.batch()
    if champion is None:
        raise Problem(503, "no model is promoted yet; run `perennial train`")
    if batch is None:
        raise Problem(503, "no scores are published yet; run `perennial score`")
    now = runtime.clock()
    scoring = Scoring(champion.bundle, batch, runtime.settings)
    today = scoring.clock.today(now)
    found: dict[int, Rows | Exception] = {}
    by_day: dict[int, list[int]] = {}
    for i, body in enumerate(bodies):
        try:
            by_day.setdefault(_cutoff(body.as_of, today), []).append(i)
        except PredictRefused as error:
            found[i] = Problem(422, str(error))
    for cutoff, those in by_day.items():
        rows_of_each = scoring.each(cutoff, [bodies[i] for i in those])
        found.update(zip(those, rows_of_each, strict=True))
    head = runtime.answers.head(batch, now) | {"model_version": champion.bundle.version}
    return [
        rows if isinstance(rows := found[i], Exception) else head | _told(body, rows)
        for i, body in enumerate(bodies)
    ]


def _told(body: PredictIn, rows: Rows) -> dict[str, Any]:
    found = {row["customer_id"]: row for row in rows}
    asked = dict.fromkeys(line.customer_id for line in body.purchases)
    results = [found.get(plain_id(i)) or {"customer_id": i, "score_status": UNKNOWN} for i in asked]
    return {"as_of": body.as_of, "results": results}


@dataclass(frozen=True)
class Scoring:
    """What requests are scored by."""

    bundle: Bundle
    batch: Batch
    settings: Settings

    @property
    def clock(self) -> ShopClock:
        """The shop's clock."""
        return clock_of(self.settings)

    def each(self, cutoff: int, bodies: Sequence[PredictIn]) -> list[Rows | Exception]:
        """Rows of several requests for one day; where one is at fault, of each by itself."""
        if len(bodies) > 1:
            try:
                return _parted(self.rows(cutoff, _together(bodies)), len(bodies))
            except DataError:
                return [self._alone(cutoff, body) for body in bodies]
        return [self._alone(cutoff, body) for body in bodies]

    def _alone(self, cutoff: int, body: PredictIn) -> Rows | Exception:
        try:
            return self.rows(cutoff, _columns(body))
        except DataError as error:
            return Problem(422, str(error))

    def rows(self, cutoff: int, columns: Mapping[str, Sequence[Any]]) -> Rows:
        """Score rows of those customers who have a line known before a day.

        Raises
        ------
        DataError
            If a date or an amount cannot be read.
        """
        log, eligible = log_from_columns(columns, self.clock), self.settings.eligible
        customers = customers_of(log, cutoff, _names(self.bundle))
        if not len(customers.ids):
            return []
        scored, _ = score_columns(
            customers,
            self.bundle,
            as_of=str(date_of(cutoff)),
            eligibility=Eligibility(eligible.active_within_days, eligible.min_days),
            cut_points=self.batch.cut_points,
            worth=Worth(first_order_of(log, cutoff, customers.ids), economics_of(self.settings)),
        )
        return plain_rows(scored)


def plain_rows(columns: Columns) -> list[dict[str, Any]]:
    """Return scores that no batch holds as rows, as `unpublished_rows` does for a whole batch."""
    values = zip(*(columns[name].tolist() for name in SCORE_FIELDS), strict=True)
    return [_plain(one) for one in values]


def _plain(values: tuple[Any, ...]) -> dict[str, Any]:
    # What is not there is None or NaN; only NaN differs from itself.
    row = {
        name: value if value == value else None
        for name, value in zip(SCORE_FIELDS, values, strict=True)
    }
    for name in WHOLE:
        number = row[name]
        row[name] = None if number is None else int(number)
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
    customers_of(log, int(log.known_day.max()) + 1, tuple(f.name for f in FEATURES))


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
    read = set(bundle.features)
    return tuple(f.name for f in FEATURES if f.needs is None or f.name in read)


def _together(bodies: Sequence[PredictIn]) -> dict[str, list[Any]]:
    """Lines of several requests, each customer under the number of its request."""
    parts = [_columns(body) for body in bodies]
    for number, part in enumerate(parts):
        ids = part["customer_id"]
        part["customer_id"] = [f"{number}{BETWEEN}{plain_id(value)}" for value in ids]
    return {name: [v for part in parts for v in part[name]] for name in parts[0]}


def _parted(rows: Rows, requests: int) -> list[Rows | Exception]:
    """Rows of `_together`, each with the request that asked for it, under its own id."""
    found: list[list[dict[str, Any]]] = [[] for _ in range(requests)]
    for row in rows:
        number, _, customer_id = row["customer_id"].partition(BETWEEN)
        found[int(number)].append({**row, "customer_id": customer_id})
    return list(found)


def _columns(body: PredictIn) -> dict[str, list[Any]]:
    # The same line sent twice counts once, as it was known first: as in the batch.
    sent: dict[object, PurchaseIn] = {}
    for i, line in enumerate(sorted(body.purchases, key=_first_known)):
        sent.setdefault(i if line.line_id is None else line.line_id.strip(), line)
    return {name: [getattr(v, name) for v in sent.values()] for name in PurchaseIn.model_fields}
