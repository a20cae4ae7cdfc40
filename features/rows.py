"""Rows of features, facts and labels for a range of customers at several cutoffs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.catalogue import BY_NAME, FEATURES
from features.labels import LABELS, LabelReader
from features.line import UNKNOWN_MONEY
from features.log.purchase_log import PurchaseLog
from features.log.settle import NONE
from features.running.reading import Reading

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Values = NDArray[Any]

# Days of history that a feature sees, so that a cutoff a year later, with more history behind it,
# is not another population.
LOOKBACK_DAYS = 1095
# An optional column of which nothing is known: its value and type.
UNKNOWN: dict[str, tuple[Any, Any]] = {
    "quantity": (np.nan, np.float64),
    **dict.fromkeys(("discount", "cost"), (UNKNOWN_MONEY, np.int64)),
    **dict.fromkeys(("product", "category", "channel"), (NONE, np.int32)),
}
# What is told of a customer's whole history; scores show it, models do not see it.
FACTS = (
    *("orders_to_date", "net_to_date", "days_since_last_ever", "tenure_ever"),
    *("average_gap_ever", "last_gap_ever", "purchase_days_ever"),
)


@dataclass(frozen=True)
class Request:
    """What rows are asked for.

    Attributes
    ----------
    cutoffs : shop days
    features : names of features, in order
    horizons : days of label windows; none for a snapshot
    until : shop day; labels see no line known on or after it
    single : features in single precision, as files and trees hold them
    """

    cutoffs: tuple[int, ...]
    features: tuple[str, ...]
    horizons: tuple[int, ...] = ()
    until: int | None = None
    single: bool = False


@dataclass(frozen=True)
class Rows:
    """Rows by customer, then cutoff.

    Attributes
    ----------
    customer : int64, shape (n_rows,), numbers in the shop's log
    customer_ids : array of str, shape (n_rows,)
    cutoff : int64, shape (n_rows,), shop days
    features : float64 or float32, shape (n_features, n_rows)
    facts : float64, shape (len(FACTS), n_rows)
    labels : (horizon in days, label) -> float64, shape (n_rows,)
    """

    customer: Int
    customer_ids: NDArray[np.object_]
    cutoff: Int
    features: Values
    facts: Float
    labels: dict[tuple[int, str], Float]

    @staticmethod
    def together(parts: Sequence["Rows"]) -> "Rows":
        """Rows of several ranges, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return Rows(
            np.concatenate([p.customer for p in parts]),
            np.concatenate([p.customer_ids for p in parts]),
            np.concatenate([p.cutoff for p in parts]),
            np.concatenate([p.features for p in parts], axis=1),
            np.concatenate([p.facts for p in parts], axis=1),
            {key: np.concatenate([p.labels[key] for p in parts]) for key in parts[0].labels},
        )

    def to_batch(self, names: Sequence[str], *, facts: bool = True) -> pa.RecordBatch:
        """As Arrow: `customer_id`, `cutoff` (date), features, facts, labels as `churned_90d`."""
        columns: dict[str, pa.Array] = {
            "customer_id": pa.array(self.customer_ids, pa.string()),
            "cutoff": pa.array(self.cutoff.astype(np.int32), pa.int32()).cast(pa.date32()),
        }
        columns |= {n: pa.array(v) for n, v in zip(names, self.features, strict=True)}
        if facts:
            columns |= {n: pa.array(v) for n, v in zip(FACTS, self.facts, strict=True)}
        columns |= {f"{name}_{days}d": pa.array(v) for (days, name), v in self.labels.items()}
        schema = pa.schema([pa.field(n, c.type, nullable=False) for n, c in columns.items()])
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)


def features_with(columns: frozenset[str]) -> tuple[str, ...]:
    """Names of the features that a log with these optional columns has."""
    return tuple(f.name for f in FEATURES if f.needs is None or f.needs in columns)


def labels_with(features: Sequence[str]) -> tuple[str, ...]:
    """Names of the labels beside these features: a margin only where costs are known."""
    costs = any(BY_NAME[name].needs == "cost" for name in features)
    return tuple(name for name in LABELS if costs or name != "future_margin")


def rows_of(log: PurchaseLog, request: Request) -> Rows:
    """Rows of the customers of `log` who have a line known before a cutoff."""
    log = with_columns(log, request.features)
    at = Reading(log, request.cutoffs)
    features = _features(at, request.features, np.float32 if request.single else np.float64)
    _forget_the_old(log, at, request.features, features)
    labels: dict[tuple[int, str], Float] = {}
    if request.horizons:
        reader = LabelReader(log, request.until)
        names = labels_with(request.features)
        for days in dict.fromkeys(request.horizons):
            read = reader.read(at.customer, at.cutoff, days)
            labels |= {(days, name): read[name] for name in names}
    return Rows(
        at.customer + log.first_customer,
        log.customer_ids[at.customer],
        at.cutoff,
        features,
        _facts(at),
        labels,
    )


def _features(at: Reading, names: Sequence[str], kind: type = np.float64) -> Values:
    values: Values = np.empty((len(names), len(at)), kind)
    for i, name in enumerate(names):
        values[i] = BY_NAME[name].read(at)
    return values


def _facts(at: Reading) -> Float:
    days = at.state("days")
    span = at.state("last_day") - at.state("first_day")
    return np.array(
        [
            at.total("orders"),
            at.total("net"),
            at.if_bought(at.cutoff - at.state("last_day")),
            at.if_bought(at.cutoff - at.state("first_day")),
            np.where(days > 1, span / np.maximum(days - 1, 1), np.nan),
            np.where(days > 1, at.state("last_gap"), np.nan),
            at.if_bought(days),
        ]
    )


def _forget_the_old(log: PurchaseLog, at: Reading, names: Sequence[str], features: Values) -> None:
    """Make the rows with lines older than the look-back anew, from the younger lines alone."""
    first = at.position(LOOKBACK_DAYS)
    old = first > at.begin
    if not old.any():
        return
    for cutoff in np.unique(at.cutoff[old]):
        rows = np.flatnonzero(old & (at.cutoff == cutoff))
        some = rows[first[rows] < at.end[rows]]
        if len(some):
            young = log.take(at.customer[some], first[some], at.end[some])
            features[:, some] = _features(Reading(young, [int(cutoff)]), names)
        none = rows[first[rows] == at.end[rows]]
        if len(none):
            silent = without_effect(log, np.array([cutoff - 1]))
            features[:, none] = _features(Reading(silent, [int(cutoff)]), names)


def without_effect(log: PurchaseLog, days: Int) -> PurchaseLog:
    """A log of customers with one line each that counts for nothing, known on `days`."""
    n = len(days)
    nowhere = np.zeros(n, np.int64)
    one = log.take(nowhere, nowhere, nowhere + 1)
    known = days.astype(np.int32)
    there = [name for name in UNKNOWN if getattr(one, name) is not None]
    unknown: dict[str, Any] = {name: _unknown(name, n) for name in there}
    return replace(
        one,
        ordered_day=known,
        known_day=known,
        amount=np.zeros(n, np.int64),
        is_purchase=np.zeros(n, bool),
        order_ref=np.arange(n),
        **unknown,
    )


def with_columns(log: PurchaseLog, names: Sequence[str]) -> PurchaseLog:
    """The log with every column that the features need; unknown where these customers lack it."""
    needed = {BY_NAME[n].needs for n in names} - {None}
    lacking = {n for n in needed if n is not None and getattr(log, n) is None}
    if not lacking:
        return log
    unknown: dict[str, Any] = {name: _unknown(name, log.n_lines) for name in lacking}
    return replace(log, **unknown)


def _unknown(name: str, n_lines: int) -> Values:
    return np.full(n_lines, *UNKNOWN[name])
