"""Open the store's database and turn its faults into one sentence."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, insert, inspect, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from serving.errors import StoreDown
from serving.store import postgres, sqlite
from serving.store.growth import bring_up, lacks
from serving.store.tables import SCHEMA_VERSION, store_info
from serving.store.write_tables import every_table


class Database:
    """Reads and writes of one database, each in a transaction of its own.

    Parameters
    ----------
    url : SQLAlchemy URL; for SQLite the file is made with mode 0600
    busy_seconds : how long to wait for another writer before `StoreDown`
    statement_seconds : how long a statement of a read may take before `StoreDown`, but for what is
        read within `postgres.patient`; on PostgreSQL only, by default without end

    Raises
    ------
    StoreDown
        If the database cannot be opened, or was made by another version of perennial.
    """

    def __init__(
        self, url: str, *, busy_seconds: float = 5.0, statement_seconds: float | None = None
    ) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise StoreDown(
                "the store's URL cannot be read; set `store` to sqlite:///FILE or "
                "postgresql+psycopg://USER@HOST/DATABASE"
            ) from error
        self.label = parsed.render_as_string(hide_password=True)
        try:
            if parsed.get_backend_name() == "sqlite":
                sqlite.prepare_file(parsed)
            self.engine: Engine = create_engine(
                parsed,
                pool_timeout=2,
                hide_parameters=True,
                **_options(parsed, busy_seconds, statement_seconds),
            )
        except (OSError, ImportError) as error:
            raise StoreDown(
                f"the store {self.label} cannot be opened: {error}; check `store` and `var`"
            ) from error
        if parsed.get_backend_name() == "sqlite":
            sqlite.tune(self.engine, busy_seconds=busy_seconds)
            self._reader = self.engine
        else:
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
        # A limit of the URL's own holds for all that is done here.
        is_theirs = postgres.is_given(parsed, "statement_timeout")
        self._has_limit = statement_seconds is not None and not is_theirs
        try:
            with postgres.patient():
                self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state."""
        with self._guarded(), self._reader.connect() as connection, connection.begin():
            if self._has_limit and postgres.is_patient():
                postgres.take_long(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together or not at all."""
        with self._guarded(), self.engine.connect() as plain:
            connection = plain.execution_options(**{sqlite.WRITES: True})
            with connection.begin():
                if self._has_limit:
                    postgres.take_long(connection)
                yield connection

    def forget(self) -> None:
        """Leave no trace of deleted rows outside the tables; PostgreSQL's vacuum does it itself."""
        if self.engine.dialect.name == "sqlite":
            with self._guarded():
                sqlite.empty_log(self.engine)

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()

    def _prepare(self) -> None:
        with self.read() as connection:
            found = self._schema_version(connection)
        if found is None:
            with self.write() as connection:
                # Another process may have made the tables meanwhile.
                postgres.alone(connection)
                every_table.create_all(connection)
                found = self._schema_version(connection)
                if found is None:
                    row = {"id": 1, "schema_version": SCHEMA_VERSION}
                    connection.execute(insert(store_info).values(**row, secret=_new_secret()))
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
                postgres.alone(connection)
                bring_up(connection)
                without = store_info.c.secret.is_(None)
                secret = update(store_info).where(without).values(secret=_new_secret())
                connection.execute(secret)
        with self.read() as connection:
            self.secret = str(connection.scalar(select(store_info.c.secret))).encode()

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
        if type(cause).__name__ == "QueryCanceled":
            return StoreDown(
                f"the store {self.label} does not answer in time: {str(cause).splitlines()[0]}; "
                "ask for less, or try again when less is going on"
            )
        return StoreDown(
            f"the store {self.label} does not answer: {str(cause).splitlines()[0]}; "
            "check that it runs and that no other program holds it, then try again"
        )


def _options(url: URL, busy_seconds: float, statement_seconds: float | None) -> dict[str, Any]:
    if url.get_backend_name() != "postgresql":
        return {}
    told = postgres.options(url, busy_seconds=busy_seconds, statement_seconds=statement_seconds)
    return {"connect_args": told, "pool_pre_ping": True}


def _new_secret() -> str:
    return secrets.token_hex(32)
