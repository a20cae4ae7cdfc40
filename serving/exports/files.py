"""Files of exports: chunks of rows to CSV or Parquet, with the SHA-256 counted on the way."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from sqlalchemy import Float, Integer

from serving.exports.guard import guarded_column
from serving.store.tables import scores

DECIMALS = 4


def schema_of(columns: Mapping[str, str]) -> pa.Schema:
    """Return the Arrow schema of {name in the file: field}; what is no number is text."""
    return pa.schema([(name, _kind(field)) for name, field in columns.items()])


class ExportFile:
    """A file being written, readable for its owner alone.

    Parameters
    ----------
    path : made anew
    schema : of the rows
    format : `csv` or `parquet`; in a CSV texts are guarded against formulas and numbers have four
        decimals, Parquet holds everything as it is stored
    """

    def __init__(self, path: Path, schema: pa.Schema, format: str) -> None:  # noqa: A002
        self.rows = 0
        self._schema, self._is_csv = schema, format == "csv"
        self._sink = _Counted(path)
        if self._is_csv:
            self._writer: Any = pa_csv.CSVWriter(self._sink, schema)
        else:
            self._writer = pq.ParquetWriter(self._sink, schema, compression="zstd")

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Write rows, given column by column in the order of the schema."""
        arrays = [
            pa.array(values, field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        if self._is_csv:
            arrays = [_for_csv(array) for array in arrays]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self.rows += len(arrays[0])

    def close(self) -> None:
        """Write what is left, and wait until the disk has it."""
        self._writer.close()
        self._sink.close()

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._sink.size

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes written, as 64 hex digits."""
        return self._sink.digest.hexdigest()


class _Counted:
    """A file that counts and digests what is written to it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
        self._file: BinaryIO = os.fdopen(os.open(path, flags, 0o600), "wb")
        self.size, self.digest, self.closed = 0, hashlib.sha256(), False

    def write(self, data: Any) -> int:
        content = bytes(data)
        self.digest.update(content)
        self.size += len(content)
        return self._file.write(content)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        if not self.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self.closed = True


def _for_csv(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return guarded_column(array)
    return pc.round(array, DECIMALS) if pa.types.is_floating(array.type) else array


def _kind(field: str) -> pa.DataType:
    kind = scores.columns[field].type if field in scores.columns else None
    if isinstance(kind, Float):
        return pa.float64()
    return pa.int64() if isinstance(kind, Integer) else pa.string()
