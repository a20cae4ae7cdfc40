"""Open the store's database and turn its faults into one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from serving.errors import StoreDown
from serving.store import sqlite
from serving.store.growth import bring_up, lacks
from serving.store.tables import SCHEMA_VERSION, metadata, store_info


class Database:
    """Reads and writes of one database, each in a transaction of its own.

    Parameters
    ----------
    url : SQLAlchemy URL; for SQLite the file is made with mode 0600
    busy_seconds : how long to wait for another writer before `StoreDown`

    Raises
    ------
    StoreDown
        If the database cannot be opened, or was made by another version of perennial.
    """

    def __init__(self, url: str, *, busy_seconds: float = 5.0) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise StoreDown(
                "the store's URL cannot be read; set `store` to sqlite:///FILE"
            ) from error
        self.label = parsed.render_as_string(hide_password=True)
        try:
            if parsed.get_backend_name() == "sqlite":
                sqlite.prepare_file(parsed)
            self.engine: Engine = create_engine(parsed, pool_timeout=2, hide_parameters=True)
        except (OSError, ImportError) as error:
            raise StoreDown(
                f"the store {self.label} cannot be opened: {error}; check `store` and `var`"
            ) from error
        if parsed.get_backend_name() == "sqlite":
            sqlite.tune(self.engine, busy_seconds=busy_seconds)
        self._prepare()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state."""
        with self._guarded(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together or not at all."""
        with self._guarded(), self.engine.connect() as plain:
            connection = plain.execution_options(**{sqlite.WRITES: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()

    def _prepare(self) -> None:
        with self.read() as connection:
            found = self._schema_version(connection)
        if found is None:
            with self.write() as connection:
                # Another process may have made the tables meanwhile.
                metadata.create_all(connection)
                found = self._schema_version(connection)
                if found is None:
                    row = {"id": 1, "schema_version": SCHEMA_VERSION}
                    connection.execute(insert(store_info).values(**row))
                    found = SCHEMA_VERSION
        if found != SCHEMA_VERSION:
            raise StoreDown(
                f"the store {self.label} has schema {found}, this perennial reads schema "
                f"{SCHEMA_VERSION}; use the matching perennial or another `store`"
            )
        with self.read() as connection:
            lacking = lacks(connection)
        if lacking:
            with self.write() as connection:
                bring_up(connection)

    @staticmethod
    def _schema_version(connection: Connection) -> int | None:
        if not inspect(connection).has_table(store_info.name):
            return None
        return connection.scalar(select(store_info.c.schema_version))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise self._down(error) from error
        except DBAPIError as error:
            # SQLite calls "file is not a database" a plain DatabaseError.
            if type(error.orig).__name__ == "DatabaseError":
                raise self._down(error) from error
            raise

    def _down(self, error: Exception) -> StoreDown:
        cause = getattr(error, "orig", None) or error
        return StoreDown(
            f"the store {self.label} does not answer: {str(cause).splitlines()[0]}; "
            "check that it runs and that no other program holds it, then try again"
        )
