"""Several currencies in one: a dated table of rates, and the sum of a line converted exactly."""

import csv
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from features.errors import DataError
from features.reading.source import Currency

HEADER = ["currency", "date", "rate"]
# 15 decimals: a rate of a hundred-thousandth keeps ten digits.
RATE = "DECIMAL(28, 15)"
SMALLEST = Decimal("1e-15")
LARGEST = Decimal(10) ** 6


@dataclass(frozen=True)
class _Rate:
    currency: str
    day: dt.date
    rate: Decimal


def with_rates(
    con: DuckDBPyConnection, rows: DuckDBPyRelation, currency: Currency
) -> DuckDBPyRelation:
    """Rows with `rate`: units of the target currency for one unit of the row's.

    Parameters
    ----------
    rows : with `code` (currency of the row, capitals) and `shop_day`
    currency : target and file of rates; the latest rate on or before the day counts

    Raises
    ------
    DataError
        If the file cannot be used.
    """
    rates = _daily_rates(con, currency)
    [(last,)] = rates.aggregate("max(day) AS last").fetchall()
    joined = rows.set_alias("r").join(
        rates.set_alias("t"),
        f"r.code = t.rate_of AND least(r.shop_day, DATE '{last}') = t.day",
        how="left",
    )
    kept = ", ".join(f'"{c}"' for c in rows.columns)
    itself = f"CASE WHEN code = '{currency.to}' THEN 1::{RATE} ELSE rate_there END AS rate"
    return joined.project(f"{kept}, {itself}")


def converted_sql(amount: str) -> str:
    """Whole ten-thousandths times `rate`, halves away from zero; null where there is no rate."""
    return f"TRY_CAST(TRY({amount}::DECIMAL(19, 0) * rate) AS BIGINT)"


def read_rates(path: Path, to: str) -> list[tuple[str, dt.date, Decimal]]:
    """Currency, day and rate of each line of a file of rates.

    Raises
    ------
    DataError
        If the file is missing, has another header, or a line cannot be read; with its number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            found = list(_lines(csv.reader(stream), path, to))
    except OSError as error:
        raise DataError(
            f"the rates {path} cannot be read: {error.strerror}; set purchases.currency.rates to "
            f"a CSV with the columns {', '.join(HEADER)}"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the rates {path} are no CSV in UTF-8: {error}; mend the file") from error
    if not found:
        raise DataError(f"the rates {path} hold no rate; add a line for each currency and day")
    _refuse_two_rates(found, path)
    return [(r.currency, r.day, r.rate) for r in found]


def _lines(rows: Iterator[list[str]], path: Path, to: str) -> Iterator[_Rate]:
    header = [name.strip().lower() for name in next(rows, [])]
    if sorted(header) != sorted(HEADER):
        raise DataError(
            f"the rates {path} have the columns {', '.join(header) or 'none'}; "
            f"they need {', '.join(HEADER)}"
        )
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
            yield _rate(cells, to)
        except (ValueError, InvalidOperation) as error:
            why = str(error) if type(error) is ValueError else "it is no number"
            raise DataError(
                f"line {number} of the rates {path} cannot be read: {why}; write it like "
                "USD,2024-01-31,0.9231"
            ) from None


def _rate(cells: dict[str, str], to: str) -> _Rate:
    code, day, rate = cells["currency"].upper(), cells["date"], Decimal(cells["rate"])
    if not code:
        raise ValueError("the currency is empty")
    if not (rate.is_finite() and SMALLEST <= rate <= LARGEST):
        raise ValueError(f"a rate lies above 0 and up to {LARGEST:f}")
    if code == to and rate != 1:
        raise ValueError(f"one {to} is one {to}, so its rate is 1")
    exact = rate.quantize(SMALLEST, rounding=ROUND_HALF_UP)
    return _Rate(code, dt.date.fromisoformat(day), exact)


def _refuse_two_rates(found: list[_Rate], path: Path) -> None:
    seen: dict[tuple[str, dt.date], Decimal] = {}
    for one in found:
        if seen.setdefault((one.currency, one.day), one.rate) != one.rate:
            raise DataError(
                f"the rates {path} hold two rates of {one.currency} on {one.day}; keep one"
            )


def _daily_rates(con: DuckDBPyConnection, currency: Currency) -> DuckDBPyRelation:
    """One row a currency and day from its first rate to the last day of the table.

    An equal join on the day streams, where a join on "latest before" would sort all rows.
    """
    key = hashlib.sha256(f"{currency.rates}\n{currency.to}".encode()).hexdigest()[:16]
    name = f"rates_{key}"
    there = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $1", [name]).fetchall()
    if not there:
        rates = sorted(set(read_rates(Path(currency.rates), currency.to)))
        columns = [list(column) for column in zip(*rates, strict=True)]
        types = [pa.string(), pa.date32(), pa.decimal128(28, 15)]
        names = ["rate_of", "day", "rate_there"]
        arrays = [pa.array(c, t) for c, t in zip(columns, types, strict=True)]
        told = con.from_arrow(pa.table(dict(zip(names, arrays, strict=True))))
        last = max(columns[1])
        following = (
            "coalesce(lead(day) OVER (PARTITION BY rate_of ORDER BY day) - 1, "
            f"DATE '{last}') AS until"
        )
        spans = told.project(f"*, {following}")
        spans.project(
            "rate_of, unnest(range(day::TIMESTAMP, until::TIMESTAMP + INTERVAL 1 DAY, "
            "INTERVAL 1 DAY))::DATE AS day, rate_there"
        ).create(name)
    return con.table(name)
