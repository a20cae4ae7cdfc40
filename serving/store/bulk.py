"""Write many rows of a table in the fastest way that its database has."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError

from serving.store import postgres

Rows = Sequence[Sequence[Any]]


def write_rows(
    connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[Rows]
) -> None:
    """Write chunks of rows, each a tuple of plain values in the order of `columns`.

    Raises
    ------
    ValueError
        If the columns do not stand in the table's order.
    """
    order = [column.name for column in table.columns if column.name in columns]
    if order != list(columns):
        raise ValueError(f"write columns of {table.name} in its order, {order}")
    if connection.dialect.name == "postgresql":
        rows = (row for chunk in chunks for row in chunk)
        try:
            postgres.copy_rows(connection, table, columns, rows)
        except connection.dialect.loaded_dbapi.Error as error:
            # COPY goes past SQLAlchemy, which else would have given the error its own kind.
            dbapi = connection.dialect.loaded_dbapi
            raise DBAPIError.instance("COPY", None, error, dbapi.Error) from error
        return
    text = str(insert(table).compile(dialect=connection.dialect, column_keys=list(columns)))
    for chunk in chunks:
        connection.exec_driver_sql(text, list(map(tuple, chunk)))
