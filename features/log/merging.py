"""Add newly delivered lines to a kept log: only the ranges that they touch are written anew."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.line import SORT_KEYS
from features.log.manifest import KeptRange
from features.log.ranges import line_ids

# Columns that tell lines of an order apart, as where files are read together.
NOT_CONTENT = ("line_id",)


def repeats_a_line_id(folder: Path, ranges: tuple[KeptRange, ...], new: pa.Table) -> bool:
    """Whether a line id of `new` is kept already: which of the lines stays takes all of them."""
    if "line_id" not in new.column_names:
        return False
    wanted = new["line_id"].combine_chunks().drop_null()
    if not len(wanted):
        return False
    for part in ranges:
        kept = line_ids(folder / part.file)
        if kept is not None and pc.any(pc.is_in(kept, wanted)).as_py():
            return True
    return False


def by_range(ranges: tuple[KeptRange, ...], new: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The new lines of each range that they touch, with the range's number.

    Parameters
    ----------
    new : lines sorted by customer; those before the first range belong to it
    """
    firsts = np.array([r.first for r in ranges[1:]], dtype=object)
    ids = new["customer_id"].to_numpy(zero_copy_only=False)
    number = np.searchsorted(firsts, ids, side="right") if len(firsts) else np.zeros(len(ids), int)
    for touched in np.unique(number):
        here = np.flatnonzero(number == touched)
        yield int(touched), new.slice(here[0], len(here))


def without_known(kept: pa.Table, new: pa.Table) -> pa.Table:
    """New lines less those of an order that are kept already; the fullest delivery counts.

    The n-th equal line of an order is a duplicate where n such lines are kept.
    """
    if "order_id" not in new.column_names or "order_id" not in kept.column_names:
        return new
    orders = new["order_id"].combine_chunks().drop_null()
    kept = kept.filter(pc.is_in(kept["order_id"], orders))
    if "line_id" in kept.column_names:
        kept = kept.filter(kept["line_id"].is_null())  # those are told apart by their id
    if not kept.num_rows:
        return new
    names = sorted({*new.column_names, *kept.column_names} - set(NOT_CONTENT))
    have, came = (_content(table, names) for table in (kept, new))
    counts = have.value_counts()
    nth = came.groupby(came).cumcount() + 1
    known = nth.to_numpy() <= came.map(counts).fillna(0).to_numpy()
    in_order = new["order_id"].is_valid().to_numpy()
    if "line_id" in new.column_names:
        in_order &= ~new["line_id"].is_valid().to_numpy()
    return new.filter(pa.array(~(known & in_order)))


def _content(table: pa.Table, names: list[str]) -> pd.Series:
    """One value a line that is equal where all of the columns are."""
    columns = []
    for name in names:
        if name in table.column_names:
            columns.append(table[name].cast(pa.string()).fill_null("\x00").combine_chunks())
        else:
            columns.append(pa.array(["\x00"] * table.num_rows, pa.string()))
    joined: pd.Series = pc.binary_join_element_wise(*columns, "\x1f").to_pandas()
    return joined


def merged(kept: pa.Table, new: pa.Table) -> pa.Table:
    """All lines of a range, sorted as where they are read together."""
    both = pa.concat_tables([kept, new], promote_options="default")
    keys = ["customer_id", *(k for k in SORT_KEYS if k in both.column_names)]
    by = [(k, "ascending", "at_end") for k in keys]
    return both.take(pc.sort_indices(both, sort_keys=by))


def customers_in(tables: list[pa.Table]) -> NDArray[np.object_]:
    """Distinct customers of the lines."""
    ids = [pc.unique(t["customer_id"]).to_numpy(zero_copy_only=False) for t in tables]
    return np.unique(np.concatenate(ids)) if ids else np.array([], object)
