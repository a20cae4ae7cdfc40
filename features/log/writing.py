"""Cut sorted lines into ranges of customers, and write each to a file."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from features.log.purchase_log import customers_of, log_from_lines
from features.log.ranges import Stored, write_range
from features.log.shop_log import LogFacts, facts_of
from features.shop_clock import ShopClock

# Few enough that the running columns of a range stay in a processor's cache.
LINES_A_RANGE = 65_536


def whole_customers(
    batches: Iterable[pa.RecordBatch], lines: int = LINES_A_RANGE
) -> Iterator[pa.Table]:
    """Tables of about `lines` lines that never divide a customer.

    Parameters
    ----------
    batches : lines sorted by customer
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count < lines:
            continue
        table = pa.Table.from_batches(held)
        _, starts = customers_of(table["customer_id"])
        # The last customer may go on in the next batch.
        cuts = [0]
        for end in starts[1:-1].tolist():
            if end - cuts[-1] >= lines:
                cuts.append(end)
        for low, high in pairwise(cuts):
            yield table.slice(low, high - low)
        rest = table.slice(cuts[-1])
        held, count = rest.to_batches(), rest.num_rows
    if count:
        yield from _ended(pa.Table.from_batches(held), lines)


def _ended(table: pa.Table, lines: int) -> Iterator[pa.Table]:
    _, starts = customers_of(table["customer_id"])
    low = 0
    for end in starts[1:].tolist():
        if end - low >= lines or end == table.num_rows:
            yield table.slice(low, end - low)
            low = end


def write_ranges(
    tables: Iterable[pa.Table], clock: ShopClock, folder: Path, name: str
) -> tuple[list[Stored], LogFacts]:
    """Write each table as a range `name`-0000.parquet and so on; all in the order given."""
    ranges: list[Stored] = []
    facts = LogFacts()
    for number, table in enumerate(tables):
        path = folder / f"{name}-{number:05d}.parquet"
        log = log_from_lines(table, clock)
        write_range(path, table, log)
        ranges.append(Stored(path, log.n_customers, log.n_lines))
        facts += facts_of(log)
    return ranges, facts
