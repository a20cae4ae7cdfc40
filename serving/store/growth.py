"""Bring a store that an earlier version made up to the tables of this one; its rows stay."""

from sqlalchemy import Column, Connection, inspect

from serving.errors import StoreDown
from serving.store.write_tables import every_table

# Lists are made from columns in memory; these only made publishing slower.
DROPPED_INDEXES = (
    "scores_by_value_at_risk",
    "scores_by_churn_probability",
    "scores_by_predicted_clv",
    "scores_by_days_since_last",
    "scores_by_tiers",
)


def lacks(connection: Connection) -> bool:
    """Tell whether a table or a column of this version is not there yet."""
    return bool(_new_tables(connection)) or bool(_new_columns(connection))


def bring_up(connection: Connection) -> None:
    """Make the tables and add the nullable columns that are not there, empty in the rows kept.

    Called in a transaction that writes; another process may have done it meanwhile.

    Raises
    ------
    StoreDown
        If a column that may not be null is not there.
    """
    every_table.create_all(connection)
    for name in DROPPED_INDEXES:
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")
    dialect = connection.dialect
    quoted = dialect.identifier_preparer.quote
    # SQLite has no such words; its one writer at a time needs none.
    unless_there = "" if dialect.name == "sqlite" else "IF NOT EXISTS "
    for column in _new_columns(connection):
        if not column.nullable:
            raise StoreDown(
                f"the store lacks {column.table.name}.{column.name}, without which its rows mean "
                "nothing; use the matching perennial or another `store`"
            )
        kind = column.type.compile(dialect=dialect)
        connection.exec_driver_sql(
            f"ALTER TABLE {quoted(column.table.name)} "
            f"ADD COLUMN {unless_there}{quoted(column.name)} {kind}"
        )


def _new_tables(connection: Connection) -> set[str]:
    return set(every_table.tables) - set(inspect(connection).get_table_names())


def _new_columns(connection: Connection) -> list[Column[object]]:
    found = inspect(connection).get_multi_columns()
    there = {table: {c["name"] for c in columns} for (_, table), columns in found.items()}
    return [
        column
        for table in every_table.sorted_tables
        if table.name in there
        for column in table.columns
        if column.name not in there[table.name]
    ]
