"""Insert a row whose key may be there already, on either database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; False if there was one with its key, or with another unique value of it.

    On PostgreSQL this waits for another transaction that is at the same key.
    """
    statement = _insert(connection, table, row).on_conflict_do_nothing()
    written = statement.returning(*table.primary_key.columns)
    return connection.execute(written).first() is not None


def insert_or_replace(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, in place of the one with its key if there is one.

    On PostgreSQL this waits for another transaction that is at the same key; whoever comes last
    is kept.
    """
    key = {column.name for column in table.primary_key}
    statement = _insert(connection, table, row)
    rest = {name: statement.excluded[name] for name in row if name not in key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=table.primary_key.columns, set_=rest)
    )


def _insert(
    connection: Connection, table: Table, row: Mapping[str, Any]
) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).values(**row)
    return sqlite.insert(table).values(**row)
