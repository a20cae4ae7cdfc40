"""Insert a row unless its key is there already, on either database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; False if there was one with its key, or with another unique value of it.

    On PostgreSQL this waits for another transaction that is at the same key.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**row).on_conflict_do_nothing()
    written = statement.returning(*table.primary_key.columns)
    return connection.execute(written).first() is not None
