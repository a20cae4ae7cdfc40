"""Rows of one file on their way into DuckDB: in memory while few, in a file where they are many."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation
from pyarrow import dataset

# Bytes of rows that stay in memory.
FEW = 64 << 20


class HeldRows:
    """Tables of one schema, scanned by DuckDB as one table and never copied into it."""

    def __init__(self, room: Path | None, name: str) -> None:
        """Keep many rows in a file of the folder `room`; without one all stay in memory."""
        self.name = name
        self.rows = 0
        self._path = None if room is None else room / f"{name}.arrow"
        self._tables: list[pa.Table] = []
        self._writer: pa.ipc.RecordBatchFileWriter | None = None

    def fill(self, tables: Iterable[pa.Table]) -> None:
        """Take over tables as they arrive."""
        held = 0
        try:
            for table in tables:
                self.rows += table.num_rows
                held += table.nbytes
                self._tables.append(table)
                if self._path is not None and held > FEW:
                    self._write()
        finally:
            if self._writer is not None:
                self._write()
                self._writer.close()

    def _write(self) -> None:
        for table in self._tables:
            if self._writer is None:
                self._writer = pa.ipc.new_file(str(self._path), table.schema)
            self._writer.write_table(table)
        self._tables.clear()

    def register(self, con: DuckDBPyConnection) -> DuckDBPyRelation:
        """Make the rows known to DuckDB; nothing is copied."""
        if self._writer is not None:
            con.register(f"{self.name}_held", dataset.dataset(str(self._path), format="ipc"))
        else:
            con.register(f"{self.name}_held", pa.concat_tables(self._tables))
        return con.table(f"{self.name}_held")

    def clear(self) -> None:
        """Forget the rows, to be filled anew."""
        self._tables.clear()
        self._writer, self.rows = None, 0
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def drop(self, con: DuckDBPyConnection) -> None:
        """Take the rows from DuckDB and delete their file; how many they were stays known."""
        rows = self.rows
        con.execute(f"DROP VIEW IF EXISTS {self.name}")
        con.unregister(f"{self.name}_held")
        self.clear()
        self.rows = rows


def numbered(tables: Iterable[pa.Table]) -> Iterable[pa.Table]:
    """The tables with `row`, which counts their rows from 1."""
    before = 0
    for table in tables:
        rows = np.arange(before + 1, before + table.num_rows + 1)
        before += table.num_rows
        yield table.add_column(0, "row", pa.array(rows))
