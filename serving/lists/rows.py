"""What lists are made from: a few columns of all customers of the current batch, in memory."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from retention.lists.audience import Audience, Crowd
from retention.lists.candidates import Pool
from retention.lists.contact_value import spend_if_stays
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.columns import Columns
from serving.store.tables import scores

NUMBERS = ("churn_probability", "value_at_risk")
# What rules of an audience ask of a customer, and what else is kept as codes.
ASKED = (
    "score_status",
    "lifecycle_status",
    "risk_tier",
    "value_tier",
    "rfm_group",
    "reachable_by",
)
CODED = (*ASKED, "last_contacted_on")
FLAGS = ("no_contact",)
AT_ONCE = 50_000

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Customers of a batch, by the bytes of their ids; nobody changes them.

    Attributes
    ----------
    ids : Arrow array of texts
    columns : `NUMBERS` as floats, and those of `CODED` (categories) and `FLAGS` that the store has
    horizon_days : churn horizon of the scores
    members : places of members of lists that were looked for, see `places_of`
    """

    ids: Any
    columns: Mapping[str, Any]
    horizon_days: int
    members: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict, repr=False)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All columns with `customer_id`: each id is an object of its own, so only lists ask."""
        # Not the frame's own kind of text, which would be made anew at each comparison.
        ids = pd.Series(self.ids.to_numpy(zero_copy_only=False), dtype=object)
        return pd.DataFrame({"customer_id": ids, **self.columns})

    @cached_property
    def crowd(self) -> Crowd:
        """The customers by kinds: who are alike in all that an audience asks by name."""
        there = [name for name in (*ASKED, *FLAGS) if name in self.columns]
        kind_of, first = _kinds([_codes(self.columns[name]) for name in there], len(self.ids))
        kinds = {name: self.columns[name][first] for name in there}
        numbers = {name: self.columns[name] for name in NUMBERS}
        rows = pd.DataFrame(kinds, index=range(len(first)))
        return Crowd(rows, kind_of.astype(np.int32), numbers)

    @cached_property
    def return_probability(self) -> Float:
        """Of each customer, within the churn horizon, if nobody contacts them."""
        found: Float = 1 - self.columns["churn_probability"]
        return found

    @cached_property
    def expected_spend(self) -> Float:
        """Net spend of each customer who returns, within the churn horizon."""
        return spend_if_stays(self.columns["value_at_risk"], self.columns["churn_probability"])

    def pool(self, audience: Audience) -> Pool:
        """The candidates of an audience of these customers, as arrays."""
        places = audience.positions
        p, spend = self.return_probability, self.expected_spend
        if len(places) < len(p):
            p, spend = p[places], spend[places]
        return Pool(p, spend, lambda: self.ids_at(places), ascending=True)

    def ids_at(self, places: NDArray[np.int64]) -> NDArray[np.object_]:
        """Ids of some customers, shape (n,), text."""
        found = self.ids.take(pa.array(places)).to_numpy(zero_copy_only=False)
        return np.asarray(found, object)

    def places(self, ids: Any) -> NDArray[np.int64]:
        """Place of each of some ids, an Arrow array; -1 of those that are not among these."""
        found = pc.fill_null(pc.index_in(ids, value_set=self.ids), -1)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)

    def places_of(self, list_id: str, arm: str, ids: Any) -> NDArray[np.int64]:
        """Places of the members of a list in one arm, looked for once: lists do not change."""
        key = (list_id, arm)
        if key not in self.members:
            holds = pc.is_in(self.ids, value_set=ids).to_numpy(zero_copy_only=False)
            self.members[key] = np.flatnonzero(holds)
        return self.members[key]

    def prepare(self) -> "Rows":
        """The same, with all made that every preview asks for."""
        _ = self.crowd, self.return_probability, self.expected_spend
        return self


class ListRows:
    """Keeps the columns of one batch a store, until another is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[ScoreStore, tuple[tuple[str, int], Rows]] = (
            WeakKeyDictionary()
        )

    def of(self, store: ScoreStore, batch: Batch) -> Rows:
        """Return the columns of a batch; nobody changes them."""
        key = (batch.batch_id, batch.erased)
        kept = self._kept.get(store)
        if kept is not None and kept[0] == key:
            return kept[1]
        with self._lock:
            kept = self._kept.get(store)
            if kept is None or kept[0] != key:
                kept = (key, _rows(store, batch).prepare())
                self._kept[store] = kept
            return kept[1]


LIST_ROWS = ListRows()


def _rows(store: ScoreStore, batch: Batch) -> Rows:
    there = [n for n in (*NUMBERS, *CODED, *FLAGS) if n in scores.columns]
    columns = store.columns(batch)
    found = {} if columns is None else _kept_columns(columns, there)
    # A batch that carries the statuses carries all that its rows had.
    rest = [] if "score_status" in found else [n for n in there if n not in found]
    with store.database.read() as connection:
        horizon = _horizon(connection, batch.batch_id)
        if columns is not None and not rest:
            return Rows(columns.ids, found, horizon)
        ids, stored = _stored(connection, batch.batch_id, rest)
        if columns is None or len(ids) != len(columns.ids):
            found, (ids, stored) = {}, _stored(connection, batch.batch_id, there)
    made = {name: found[name] if name in found else stored[name] for name in there}
    return Rows(ids, made, horizon)


def _horizon(connection: Connection, batch_id: str) -> int:
    horizon = select(scores.c.churn_horizon_days).where(
        scores.c.batch_id == batch_id, scores.c.churn_horizon_days.is_not(None)
    )
    return int(connection.scalar(horizon.limit(1)) or 0)


def _kept_columns(columns: Columns, names: list[str]) -> dict[str, Any]:
    """Those of some columns that the store keeps in memory for a batch."""
    found: dict[str, Any] = {}
    for name in names:
        if name in NUMBERS:
            found[name] = columns.number(name)
        elif (told := columns.coded(name)) is not None:
            codes, values = told
            coded = pd.Categorical.from_codes(codes, pd.Index(values, dtype=object))
            found[name] = _flags(coded) if name in FLAGS else coded
    return found


def _stored(connection: Connection, batch_id: str, names: list[str]) -> tuple[Any, dict[str, Any]]:
    """Ids and columns of the rows themselves."""
    query = select(scores.c.customer_id, *(scores.c[name] for name in names))
    result = connection.execute(
        query.where(scores.c.batch_id == batch_id).order_by(scores.c.customer_id)
    )
    parts: list[list[Any]] = [[] for _ in range(len(names) + 1)]
    for rows in result.partitions(AT_ONCE):
        for part, values in zip(parts, zip(*rows, strict=True), strict=True):
            part.extend(values)
    kinds = {name: _kind(name, part) for name, part in zip(names, parts[1:], strict=True)}
    return pa.array(parts[0], pa.string()), kinds


def _kind(name: str, values: list[Any]) -> Any:
    if name in NUMBERS:
        return np.asarray(values, dtype=float)
    return _flags(pd.Categorical(values)) if name in FLAGS else pd.Categorical(values)


def _flags(coded: pd.Categorical) -> NDArray[np.bool_]:
    """Flags, which are kept as they are or as texts; what is not known is no."""
    is_set = np.array([*(str(value) == "True" for value in coded.categories), False], bool)
    return np.asarray(is_set[coded.codes])


def _codes(column: Any) -> tuple[NDArray[np.int64], int]:
    """A number from 0 for each value of a column, null among them, and how many there may be."""
    if isinstance(column, pd.Categorical):
        return column.codes.astype(np.int64) + 1, len(column.categories) + 1
    return column.astype(np.int64), 2


def _kinds(
    columns: list[tuple[NDArray[np.int64], int]], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Kind of each customer, and the place of one customer of each kind."""
    kind_of, count = np.zeros(size, np.int64), 1
    for codes, values in columns:
        kind_of = kind_of * values + codes
        there = np.zeros(count * values, bool)
        there[kind_of] = True
        kind_of, count = (np.cumsum(there) - 1)[kind_of], int(there.sum())
    first = np.zeros(count if size else 0, np.int64)
    first[kind_of] = np.arange(size)
    return kind_of, first
