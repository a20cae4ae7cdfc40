"""Rows as the checks give them, from rows of source columns; no file is read."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.reading.checking import parse
from features.reading.source import PurchaseSource

SETTINGS = {"source": "log.csv", "max_bad_rows": 1.0}


@dataclass(frozen=True)
class Rows:
    """What `parse` needs to know of a file."""

    path: Path
    table: str
    types: dict[str, str]


def parsed(header, *rows, types=None, latest=None, **purchases):
    """Return a dict a row, of what `parse` makes of it; rows are texts with commas, or tuples.

    `types` are those of the source columns by name; all others are text.
    """
    names = header.split(",")
    kinds = {name: (types or {}).get(name, "VARCHAR") for name in names}
    source = PurchaseSource.from_mapping({**SETTINGS, **purchases})
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET temp_directory = '{folder}'")
        told = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        con.execute(f"CREATE TABLE raw (row BIGINT, {told})")
        for number, row in enumerate(rows, start=1):
            cells = row.split(",") if isinstance(row, str) else row
            marks = ", ".join("?" * (len(names) + 1))
            con.execute(f"INSERT INTO raw VALUES ({marks})", [number, *cells])
        staged = Rows(Path("log.csv"), "raw", kinds)
        found = parse(con, source, staged, latest).order("row")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def column(rows, name):
    return [row[name] for row in rows]
