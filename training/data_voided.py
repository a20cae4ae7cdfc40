"""Orders that were cancelled in full on the day they were placed, read off the kept log."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.data_figures import exact_sum

_WANTED = (
    *("customer_id", "order_id", "ordered_day", "amount", "settled", "is_purchase", "cancelled"),
)


@dataclass(frozen=True)
class Voided:
    """Orders that count as none, their lines, and what they came to (ten-thousandths)."""

    orders: int = 0
    lines: int = 0
    gross: int = 0


def voided_in(ranges: Iterable[Path]) -> Voided:
    """Voided orders of the ranges of a log; a customer's lines stand in one range."""
    orders = lines = gross = 0
    for path in ranges:
        there = pq.ParquetFile(path).schema_arrow.names
        if "settled" not in there:
            continue  # no amount of this range was changed by what else the customer did
        table = pq.read_table(path, columns=[n for n in _WANTED if n in there])
        bought = pc.greater_equal(table["amount"], 0)
        if "cancelled" in there:
            bought = pc.and_(bought, pc.invert(pc.fill_null(table["cancelled"], False)))
        table = table.filter(pc.and_(bought, pc.invert(table["is_purchase"])))
        orders += _orders_in(table)
        lines += table.num_rows
        gross += exact_sum(table["amount"].to_numpy())
    return Voided(orders, lines, gross)


def _orders_in(table: pa.Table) -> int:
    if "order_id" not in table.column_names:
        return _distinct(table, ["customer_id", "ordered_day"])
    named = pc.is_valid(table["order_id"])
    return _distinct(table.filter(named), ["customer_id", "order_id"]) + _distinct(
        table.filter(pc.invert(named)), ["customer_id", "ordered_day"]
    )


def _distinct(table: pa.Table, keys: list[str]) -> int:
    return int(table.group_by(keys).aggregate([]).num_rows)
