"""The columns that lists filter and sort by, of a whole batch, in memory.

No set of indexes serves every filter in every order, and each of them costs as much to publish as
the rows do. A million customers are 50 MB here and are filtered in a few thousandths of a second.
The store keeps them beside the batch as one Arrow file; `serving.store.listing` says the same in
SQL, for batches that have none.
"""

from bisect import bisect_right
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from serving.store.listing import DEFAULT_SORT, Filters, Position

CODED = ("risk_tier", "value_tier", "lifecycle_status", "risk_change", "rfm_group")
NUMBERS = ("value_at_risk", "churn_probability", "predicted_clv", "days_since_last")
# Carried along for contact lists, see serving/lists/rows.py; nothing here looks at them.
CARRIED = ("score_status", "reachable_by", "last_contacted_on", "no_contact")
LEAST = {
    "value_at_risk": "min_value_at_risk",
    "churn_probability": "min_churn_probability",
}
IDENTITY = "customer_id"
FIRST_LOOK = 4096

Mask = NDArray[np.bool_]


class Chosen(NamedTuple):
    """Ids of one page, and where the next one starts, if there is one."""

    ids: list[str]
    end: Position | None


class Columns:
    """Filters, orders and counts the customers of one batch.

    Parameters
    ----------
    table : `customer_id` in the order of its bytes, `CODED` as dictionaries, `NUMBERS` as floats
    lacking : those of `CODED` that are not known of this batch, null in the table
    """

    def __init__(self, table: pa.Table, lacking: frozenset[str] = frozenset()) -> None:
        self._table, self._lacking = table.combine_chunks(), lacking
        self._ids = self._table[IDENTITY]
        self._numbers = {name: _floats(self._table[name]) for name in NUMBERS}
        self._codes = {name: _codes(self._table[name]) for name in CODED}
        self._orders: dict[str, NDArray[np.intp]] = {}
        self._lower: Any = None
        self._searched: tuple[str, Mask] | None = None

    @classmethod
    def of_frame(cls, rows: pd.DataFrame) -> "Columns":
        """Return the columns of score rows in any order."""
        data = {IDENTITY: pa.array(rows[IDENTITY].astype(str), pa.string())}
        for name in NUMBERS:
            data[name] = pa.array(rows[name].to_numpy(float, na_value=np.nan))
        for name in CODED:
            texts = rows[name].astype(object).where(rows[name].notna(), None)
            data[name] = pa.array(texts, pa.string()).dictionary_encode()
        for name in CARRIED:
            if name in rows:
                given = rows[name].astype(object).where(rows[name].notna(), None)
                data[name] = pa.array(given.map(_text), pa.string()).dictionary_encode()
        return cls(pa.table(data).sort_by(IDENTITY))

    @classmethod
    def of_bytes(cls, content: bytes) -> "Columns":
        """Return what `as_bytes` wrote."""
        table = pa.ipc.open_file(pa.py_buffer(content)).read_all()
        # Of an earlier version.
        lacking = frozenset(CODED) - frozenset(table.column_names)
        for name in sorted(lacking):
            nothing = pa.nulls(len(table), pa.string()).dictionary_encode()
            table = table.append_column(name, nothing)
        return cls(table, lacking)

    def as_bytes(self) -> bytes:
        """Return the columns as an Arrow file."""
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, self._table.schema, options=options) as file:
            file.write_table(self._table)
        return bytes(sink.getvalue())

    def without(self, customer_id: str) -> "Columns":
        """Return the columns without a customer."""
        return Columns(self._table.filter(pc.not_equal(self._ids, customer_id)))

    @property
    def ids(self) -> Any:
        """Ids of all customers as an Arrow array, in the order of their bytes."""
        return self._ids

    def number(self, name: str) -> NDArray[np.float64]:
        """Return one of `NUMBERS` of all customers."""
        return self._numbers[name]

    def coded(self, name: str) -> tuple[NDArray[np.int32], list[str]] | None:
        """Return one of `CODED` or `CARRIED`: a code each, -1 for null, and the values they mean.

        None where it is not known of this batch.
        """
        if name in self._lacking or name not in self._table.column_names:
            return None
        codes, values = _indices(self._table[name])
        return codes.astype(np.int32), values

    def count(self, filters: Filters) -> int:
        """Count the customers that filters let pass."""
        mask = self._mask(filters)
        return len(self._ids) if mask is None else int(np.count_nonzero(mask))

    def count_by(self, name: str, filters: Filters) -> dict[str, int]:
        """Count the customers that filters let pass by the values of one of `CODED`."""
        mask, (codes, values) = self._mask(filters), self._codes[name]
        found = codes if mask is None else codes[mask]
        counts = np.bincount(found[found >= 0], minlength=len(values))
        return {value: int(counts[code]) for value, code in values.items()}

    def page(self, filters: Filters, sort: str, after: Position | None, limit: int) -> Chosen:
        """Return at most `limit` ids behind `after`; ties go by id, nulls come last."""
        order, start = self._order(sort), 0
        if after is not None:
            start = self._start(sort, order, after)
        found = self._behind(order, start, self._mask(filters), limit + 1)
        ids = self._ids.take(pa.array(found[:limit])).to_pylist()
        if len(found) <= limit:
            return Chosen(ids, None)
        name = sort.removeprefix("-")
        value = None if name == IDENTITY else float(self._numbers[name][found[limit - 1]])
        null = value is None or np.isnan(value)
        return Chosen(ids, Position(None if null else value, ids[-1]))

    def _mask(self, filters: Filters) -> Mask | None:
        """Tell who passes; None if all do."""
        parts: list[Mask] = []
        for name in CODED:
            allowed = getattr(filters, name)
            if allowed:
                codes, values = self._codes[name]
                some = [codes == values[each] for each in allowed if each in values]
                parts.append(np.logical_or.reduce(some) if some else np.zeros(len(codes), bool))
        for name, least in LEAST.items():
            floor = getattr(filters, least)
            if floor is not None:
                parts.append(self._numbers[name] >= floor)
        if filters.q:
            parts.append(self._holds(filters.q))
        return np.logical_and.reduce(parts) if parts else None

    def prepare(self) -> "Columns":
        """The same, with what most pages ask for made beforehand."""
        self._order(DEFAULT_SORT)
        self._lowered()
        return self

    def _holds(self, text: str) -> Mask:
        """Tell whose id holds a text; a page and its count ask the same, one after the other."""
        searched = self._searched
        if searched is None or searched[0] != text:
            # Capitals of ASCII alone, as SQLite's LIKE has it.
            lower = "".join(each.lower() if each.isascii() else each for each in text)
            holds = pc.match_substring(self._lowered(), lower)
            searched = text, holds.combine_chunks().to_numpy(zero_copy_only=False)
            self._searched = searched
        return searched[1]

    def _lowered(self) -> Any:
        if self._lower is None:
            self._lower = pc.ascii_lower(self._ids)
        return self._lower

    def _order(self, sort: str) -> NDArray[np.intp]:
        """Return the places of the customers in the order of a sort."""
        if sort not in self._orders:
            self._orders[sort] = (
                np.arange(len(self._ids)) if sort == IDENTITY else _ascending(self._keys(sort))
            )
        return self._orders[sort]

    def _keys(self, sort: str) -> NDArray[np.float64]:
        values = self._numbers[sort.removeprefix("-")]
        return -values if sort.startswith("-") else values

    def _start(self, sort: str, order: NDArray[np.intp], after: Position) -> int:
        """Return where the customers behind a position begin in the order."""
        place = bisect_right(_Texts(self._ids), after.customer_id)
        if sort == IDENTITY:
            return place
        keys = self._keys(sort)
        if after.value is None:
            low, high = int(np.count_nonzero(~np.isnan(keys))), len(keys)
        else:
            value = -after.value if sort.startswith("-") else after.value
            low = int(np.searchsorted(keys, value, side="left", sorter=order))
            high = int(np.searchsorted(keys, value, side="right", sorter=order))
        # Of equal values the places ascend.
        return low + int(np.searchsorted(order[low:high], place, side="left"))

    @staticmethod
    def _behind(
        order: NDArray[np.intp], start: int, mask: Mask | None, wanted: int
    ) -> NDArray[np.intp]:
        """Return the first places behind `start` that pass."""
        if mask is None:
            return order[start : start + wanted]
        found: list[NDArray[np.intp]] = []
        lacking, size = wanted, FIRST_LOOK
        while lacking > 0 and start < len(order):
            some = order[start : start + size]
            passing = some[mask[some]][:lacking]
            found.append(passing)
            lacking, start, size = lacking - len(passing), start + size, size * 4
        return np.concatenate(found) if found else order[:0]


def _ascending(keys: NDArray[np.float64]) -> NDArray[np.intp]:
    """Places by their keys, equal ones as they stand, NaN last.

    A third of what a stable sort takes: equals are put right afterwards, as whole numbers.
    """
    order = np.argsort(keys)
    told = keys[order]
    alike = (told[1:] == told[:-1]) | (np.isnan(told[1:]) & np.isnan(told[:-1]))
    if not alike.any():
        return order
    group = np.concatenate([[0], np.cumsum(~alike)]) * len(keys)
    return np.asarray(np.sort(group + order) - group)


class _Texts:
    """A column of texts that `bisect` can look into."""

    def __init__(self, texts: pa.ChunkedArray) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place: int) -> str:
        return str(self._texts[place].as_py())


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else str(bool(value))


def _floats(column: Any) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.combine_chunks().to_numpy(zero_copy_only=False)
    return values


def _codes(column: Any) -> tuple[NDArray[np.int8], dict[str, int]]:
    """Return a code for each row, -1 for null, and the codes of the values."""
    codes, values = _indices(column)
    return codes.astype(np.int8), {value: code for code, value in enumerate(values)}


def _indices(column: Any) -> tuple[NDArray[Any], list[str]]:
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)
    return codes, array.dictionary.to_pylist()
