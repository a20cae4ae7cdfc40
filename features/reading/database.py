"""Rows of a table or a query of SQLite or PostgreSQL, read by URL and never written to."""

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import URL, CursorResult, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from features.errors import DataError
from features.reading.held import numbered
from features.reading.source import PurchaseSource
from features.reading.text_layout import names_of

ROWS_AT_ONCE = 50_000
# Types of values that a driver gives as such, and DuckDB's type of a column of nothing else.
KINDS = {
    dt.datetime: "TIMESTAMP",
    dt.date: "DATE",
    float: "DOUBLE",
}


class DatabaseRows:
    """Rows of a database source; iterating gives tables of `row` and columns of text.

    Attributes
    ----------
    names : columns of the table or query, known with the first table
    """

    def __init__(self, source: PurchaseSource, needed: Callable[[list[str]], list[str]]) -> None:
        """Read what `source` names; `needed` picks the columns to keep, or refuses them."""
        self.source, self.needed = source, needed
        self.names: list[str] = []
        self._kinds: dict[str, set[str]] = {}

    def __iter__(self) -> Iterator[pa.Table]:
        """Give the rows, some ten thousand at a time."""
        return iter(numbered(self._tables()))

    def casts(self) -> dict[str, str]:
        """DuckDB's type of each column whose values were all of one type that is no text."""
        return {name: next(iter(k)) for name, k in self._kinds.items() if len(k) == 1 and k != {""}}

    def _tables(self) -> Iterator[pa.Table]:
        with _opened(self.source) as result:
            self.names = names_of([str(name) for name in list(result.keys())], header=True)
            kept = [(i, n) for i, n in enumerate(self.names) if n in self.needed(self.names)]
            self._kinds = {name: set() for _, name in kept}
            for rows in result.partitions(ROWS_AT_ONCE):
                columns = list(zip(*rows, strict=True))
                yield pa.table({n: self._as_text(n, columns[i]) for i, n in kept})

    def _as_text(self, name: str, values: tuple[Any, ...]) -> pa.Array:
        self._kinds[name] |= {_kind(v) for v in _one_of_each_type(values)}
        return pa.array(
            [v if v is None or type(v) is str else text_of(v) for v in values], "string"
        )


def _one_of_each_type(values: tuple[Any, ...]) -> list[Any]:
    """A value of each type, and for stamps one with and one without a zone."""
    found: dict[object, Any] = {}
    for value in values:
        if value is not None:
            aware = getattr(value, "tzinfo", None) is not None
            found.setdefault((type(value), aware), value)
    return list(found.values())


def _kind(value: object) -> str:
    kind = KINDS.get(type(value), "")
    return "TIMESTAMPTZ" if kind == "TIMESTAMP" and getattr(value, "tzinfo", None) else kind


def text_of(value: object) -> str:
    """A value of a database as exact text; bytes as what they spell in UTF-8."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def rows_digest(source: PurchaseSource) -> str:
    """Digest of the rows of a database source, whatever their order."""
    names: list[str] = []

    def needed(there: list[str]) -> list[str]:
        source.refuse_missing(there, source.label)
        names.extend(n for n in there if n in source.used())
        return names

    total = 0
    for table in DatabaseRows(source, needed):
        for row in zip(*(table[name].to_pylist() for name in names), strict=True):
            one = hashlib.blake2b(repr(row).encode("utf-8", "replace"), digest_size=16)
            total += int.from_bytes(one.digest(), "big")
    return hashlib.sha256(repr((names, total)).encode()).hexdigest()


@contextmanager
def _opened(source: PurchaseSource) -> Iterator[CursorResult[Any]]:
    """The rows of the source's table or query, fetched as they are read."""
    engine = _engine(source)
    try:
        with engine.connect() as plain:
            con = plain.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)
            if engine.dialect.name == "postgresql":
                con = con.execution_options(postgresql_readonly=True)
            with _selected(con, source) as result:
                yield result
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise DataError(
            f"{source.label} cannot be read: {_cause(error)}; check purchases.source and "
            f"purchases.{'query' if source.query else 'table'}"
        ) from None
    finally:
        engine.dispose()


def _selected(con: sa.Connection, source: PurchaseSource) -> CursorResult[Any]:
    if source.query:
        # As it stands: no parameters, so that neither : nor % in it means anything.
        return con.execution_options(no_parameters=True).exec_driver_sql(source.query)
    if not source.table:
        raise DataError(
            f"{source.label} is a database; say in purchases.table or purchases.query what to read"
        )
    schema, _, name = source.table.rpartition(".")
    return con.execute(sa.select(sa.text("*")).select_from(sa.table(name, schema=schema or None)))


def _engine(source: PurchaseSource) -> Engine:
    try:
        url = make_url(source.source)
    except ArgumentError:
        raise DataError(
            f"{source.label} is no URL of a database; write sqlite:///FILE or "
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        ) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        return sa.create_engine("sqlite://", creator=lambda: _sqlite(url), poolclass=sa.NullPool)
    if kind != "postgresql":
        raise DataError(f"{source.label} is a database of {kind}; sqlite and postgresql are read")
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    except ImportError:
        raise DataError(
            f"{source.label} needs the driver of PostgreSQL; run `pip install perennial[postgres]`"
        ) from None


def _sqlite(url: URL) -> sqlite3.Connection:
    """Opened to be read only, whatever a query says; a file that is missing is not made."""
    path = Path(url.database or "")
    if not path.is_file():
        raise DataError(f"no database at {path.absolute()}; set purchases.source to its URL")
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


def _cause(error: Exception) -> str:
    """What the driver says in its first line; it names no password."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__
