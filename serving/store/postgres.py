"""What the store does on PostgreSQL only: time limits of a connection, locks, bulk writing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import URL, Connection, Table, func, select

ALONE = 7_306_921
CONNECT_SECONDS = 2
# A statement of work that nobody waits for may take so long: list making, exports, any write.
LONG_SECONDS = 600

_IS_PATIENT: ContextVar[bool] = ContextVar("IS_PATIENT", default=False)


@contextmanager
def patient() -> Iterator[None]:
    """Let reads take `LONG_SECONDS`: for work that goes on when no request waits for it."""
    before = _IS_PATIENT.set(True)
    try:
        yield
    finally:
        _IS_PATIENT.reset(before)


def is_patient() -> bool:
    """Tell whether reads may take long here."""
    return _IS_PATIENT.get()


def take_long(connection: Connection) -> None:
    """Let the statements of this transaction take `LONG_SECONDS`."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{LONG_SECONDS}s'")


def options(
    url: URL, *, busy_seconds: float, statement_seconds: float | None = None
) -> dict[str, Any]:
    """Return what is told to the driver at each connect, unless the URL says otherwise.

    A lock is waited for as long as on SQLite; a server that went silent is given up soon, and so
    is a statement that takes longer than it may.
    """
    words = [_given(url)]
    limits = {"lock_timeout": busy_seconds, "statement_timeout": statement_seconds}
    for name, seconds in limits.items():
        if seconds is not None and not is_given(url, name):
            words.append(f"-c {name}={max(1, int(seconds * 1000))}")
    told = {
        "options": " ".join(words).strip(),
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": CONNECT_SECONDS * 1000,
        "keepalives_idle": 30,
    }
    return {name: told[name] for name in told if name == "options" or name not in url.query}


def is_given(url: URL, name: str) -> bool:
    """Tell whether the URL's `options` say something of a parameter of the server."""
    return re.search(rf"(?<!\w){name}\s*=", _given(url)) is not None


def _given(url: URL) -> str:
    given = url.query.get("options", "")
    return given if isinstance(given, str) else " ".join(given)


def alone(connection: Connection) -> None:
    """Wait for others who make tables or publish here; held to the end of the transaction."""
    if connection.dialect.name == "postgresql":
        this = func.hashtext(func.current_schema())
        connection.execute(select(func.pg_advisory_xact_lock(ALONE, this)))


def hold(connection: Connection, table: Table) -> None:
    """Let nobody write into a table until the transaction ends; SQLite has one writer anyhow."""
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")


def copy_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write rows by COPY, which is several times faster than INSERT."""
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.quote(name) for name in columns)
    cursor = connection.connection.cursor()
    try:
        statement = f"COPY {preparer.format_table(table)} ({names}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()
