"""What the store does on PostgreSQL only: time limits of a connection, locks, bulk writing."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import URL, Connection, Table, func, select

ALONE = 7_306_921
CONNECT_SECONDS = 2


def options(url: URL, *, busy_seconds: float) -> dict[str, Any]:
    """Return what is told to the driver at each connect, unless the URL says otherwise.

    A lock is waited for as long as on SQLite; a server that went silent is given up soon.
    """
    wait = f"-c lock_timeout={max(1, int(busy_seconds * 1000))}"
    given = url.query.get("options", "")
    already = given if isinstance(given, str) else " ".join(given)
    told = {
        "options": f"{already} {wait}".strip(),
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": CONNECT_SECONDS * 1000,
        "keepalives_idle": 30,
    }
    return {name: told[name] for name in told if name == "options" or name not in url.query}


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
