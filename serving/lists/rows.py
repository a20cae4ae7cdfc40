"""What lists are made from: a few columns of all customers of the current batch, in memory."""

import threading
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, select

from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.tables import scores
from serving.store.write_tables import batch_columns

NUMBERS = ("churn_probability", "value_at_risk")
CODED = (
    "score_status",
    "lifecycle_status",
    "risk_tier",
    "value_tier",
    "rfm_group",
    "reachable_by",
    "last_contacted_on",
)
FLAGS = ("no_contact",)
AT_ONCE = 50_000


class Rows(NamedTuple):
    """Customers of a batch, by the bytes of their ids.

    Attributes
    ----------
    frame : DataFrame with `customer_id`, `NUMBERS`, and those of `CODED` (categories) and `FLAGS`
        that the store has
    horizon_days : churn horizon of the scores
    """

    frame: pd.DataFrame
    horizon_days: int


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
        with self._lock:
            kept = self._kept.get(store)
            if kept is None or kept[0] != key:
                with store.database.read() as connection:
                    kept = (key, _rows(connection, batch.batch_id))
                self._kept[store] = kept
            return kept[1]


LIST_ROWS = ListRows()


def _rows(connection: Connection, batch_id: str) -> Rows:
    there = [n for n in (*NUMBERS, *CODED, *FLAGS) if n in scores.columns]
    found = _arrow(connection, batch_id, there)
    # A batch that carries the statuses carries all that its rows had.
    rest = [] if "score_status" in found else [n for n in there if n not in found]
    if not rest and found:
        return Rows(pd.DataFrame(found), _horizon(connection, batch_id))
    stored = _stored(connection, batch_id, rest)
    if len(stored["customer_id"]) != len(found.get("customer_id", stored["customer_id"])):
        found, stored = {}, _stored(connection, batch_id, there)
    frame = pd.DataFrame({"customer_id": stored["customer_id"]})
    for name in there:
        frame[name] = found[name] if name in found else stored[name]
    return Rows(frame, _horizon(connection, batch_id))


def _horizon(connection: Connection, batch_id: str) -> int:
    horizon = select(scores.c.churn_horizon_days).where(
        scores.c.batch_id == batch_id, scores.c.churn_horizon_days.is_not(None)
    )
    return int(connection.scalar(horizon.limit(1)) or 0)


def _arrow(connection: Connection, batch_id: str, names: list[str]) -> dict[str, Any]:
    """Columns that the batch keeps as one Arrow file; {} where it has none."""
    this = batch_columns.c.batch_id == batch_id
    content = connection.scalar(select(batch_columns.c.content).where(this))
    if content is None:
        return {}
    table = pa.ipc.open_file(pa.py_buffer(content)).read_all()
    there = [name for name in ("customer_id", *names) if name in table.column_names]
    frame = table.select(there).to_pandas()
    return {name: _kind(name, frame[name]) for name in there}


def _stored(connection: Connection, batch_id: str, names: list[str]) -> dict[str, Any]:
    """Columns of the rows themselves, with `customer_id`."""
    columns = ("customer_id", *names)
    query = select(*(scores.c[name] for name in columns)).where(scores.c.batch_id == batch_id)
    result = connection.execute(query.order_by(scores.c.customer_id))
    parts: list[list[Any]] = [[] for _ in columns]
    for rows in result.partitions(AT_ONCE):
        for part, values in zip(parts, zip(*rows, strict=True), strict=True):
            part.extend(values)
    return {name: _kind(name, part) for name, part in zip(columns, parts, strict=True)}


def _kind(name: str, values: Any) -> Any:
    if name in NUMBERS:
        return np.asarray(values, dtype=float)
    if name in FLAGS:
        return pd.Series(values, dtype=object).isin([True, "True"]).to_numpy(bool)
    if name in CODED:
        return pd.Categorical(values)
    # Not the frame's own kind of text, which would be made anew at each comparison.
    return pd.Series(values, dtype=object)
