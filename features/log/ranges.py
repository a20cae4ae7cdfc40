"""A range of customers as a Parquet file: their checked lines, and what was settled about them.

Lines stand in the order known. Beside the columns of a checked line there are, made once:

- `ordered_day`, `known_day` : shop days; `known_day` only where it differs
- `settled` : amount after cancellations, only where it differs from `amount`
- `is_purchase` : false for refunds and lines without effect
- `order_back` : lines back to the first purchase line of the order; 0 for a refund without one
- `product_code`, `category_code`, `channel_code` : the customer's own numbering, -1 where unknown
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.line import UNKNOWN_MONEY
from features.log.purchase_log import CODED, PurchaseLog, customers_of, settled_cost
from features.whole_file import write_whole

# Beside the text that they number, which a new delivery is settled with.
CODES = {ours: f"{ours}_code" for ours in CODED.values()}
READ = (
    *("customer_id", "ordered_day", "known_day", "amount", "settled", "is_purchase", "order_back"),
    *("quantity", "discount", "cost", *CODES.values()),
)
DERIVED = (
    *("ordered_day", "known_day", "settled", "is_purchase", "order_back"),
    *CODES.values(),
)
# What features read is to be decoded fast; what only people and new deliveries read, to be small.
_FAST, _SMALL = "lz4", "zstd"
_DICTIONARY_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Stored:
    """A range whose lines are in a file."""

    path: Path
    n_customers: int
    n_lines: int

    def load(self) -> PurchaseLog:
        """Their lines."""
        return read_range(self.path)


def write_range(path: Path, lines: pa.Table, log: PurchaseLog) -> None:
    """Write a range: checked lines, and the log that was made of them."""
    table = lines.drop_columns([n for n in DERIVED if n in lines.column_names])
    derived: dict[str, np.ndarray] = {"ordered_day": log.ordered_day}
    if log.known_day is not log.ordered_day:
        derived["known_day"] = log.known_day
    if not np.array_equal(log.amount, lines["amount"].to_numpy()):
        derived["settled"] = log.amount
    derived["is_purchase"] = log.is_purchase
    derived["order_back"] = (np.arange(log.n_lines) - log.order_ref).astype(np.int32)
    for ours, stored in CODES.items():
        code = getattr(log, ours)
        if code is not None:
            derived[stored] = code
    for name, values in derived.items():
        table = table.append_column(name, pa.array(values))
    codecs = {n: _FAST if n in READ else _SMALL for n in table.column_names}
    write_whole(
        path,
        lambda p: pq.write_table(
            table.combine_chunks(),
            p,
            row_group_size=max(1, table.num_rows),
            compression=codecs,
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
            write_page_checksum=True,
        ),
    )


def read_range(path: Path) -> PurchaseLog:
    """The log of a range."""
    file = pq.ParquetFile(path, read_dictionary=["customer_id"], page_checksum_verification=True)
    there = [n for n in READ if n in file.schema_arrow.names]
    table = file.read(columns=there, use_threads=False)
    columns = {n: table[n] for n in there}
    ids, starts = customers_of(columns["customer_id"])
    ordered_day = columns["ordered_day"].to_numpy()
    n = len(ordered_day)
    money = {
        name: pc.fill_null(columns[name], UNKNOWN_MONEY).to_numpy()
        for name in ("discount", "cost")
        if name in columns
    }
    amount, is_purchase = columns["amount"].to_numpy(), columns["is_purchase"].to_numpy()
    settled = columns["settled"].to_numpy() if "settled" in columns else amount
    if "cost" in money:
        money["cost"] = settled_cost(money["cost"], amount, settled, is_purchase)
    return PurchaseLog(
        customer_ids=ids,
        starts=starts,
        ordered_day=ordered_day,
        known_day=columns["known_day"].to_numpy() if "known_day" in columns else ordered_day,
        amount=settled,
        is_purchase=is_purchase,
        order_ref=np.arange(n) - columns["order_back"].to_numpy(),
        quantity=columns["quantity"].to_numpy() if "quantity" in columns else None,
        **money,
        **{ours: columns[name].to_numpy() for ours, name in CODES.items() if name in columns},
    )


def read_lines(path: Path) -> pa.Table:
    """The checked lines of a range, without what was settled about them."""
    table = pq.read_table(path, page_checksum_verification=True)
    return table.drop_columns([n for n in DERIVED if n in table.column_names])


def line_ids(path: Path) -> pa.ChunkedArray | None:
    """Line ids of a range, None where it has none."""
    if "line_id" not in pq.read_schema(path).names:
        return None
    return pq.read_table(path, columns=["line_id"], page_checksum_verification=True)["line_id"]
