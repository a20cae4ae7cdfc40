"""A process of its own that decodes Parquet files: what is corrupt can harm nobody else.

It imports pyarrow alone and has a limit of memory. Each line of its input is a JSON object with
`path` and `columns` (null: only tell their names). Each answer begins with a line of JSON: the
file's `columns` and `rows`, or a `fault`; where columns were asked for, their Arrow stream follows.
A file that turns out to be corrupt on the way ends the process.
"""

import json
import resource
import sys
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_AT_ONCE = 131_072
# A file that claims more rows than the first, and more than the second a byte, is a trap.
MANY_ROWS, ROWS_A_BYTE = 50_000_000, 50


def serve(requests: IO[str], answers: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        path, columns = Path(request["path"]), request["columns"]
        try:
            file = pq.ParquetFile(
                path, page_checksum_verification=True, coerce_int96_timestamp_unit="us"
            )
            _refuse_trap(file, path)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            _tell(answers, {"fault": plainly(error)})
            continue
        _tell(answers, {"columns": file.schema_arrow.names, "rows": file.metadata.num_rows})
        if columns is not None:
            _send(file, columns, answers)


def _tell(answers: IO[bytes], told: dict[str, Any]) -> None:
    answers.write(json.dumps(told).encode() + b"\n")
    answers.flush()


def _refuse_trap(file: pq.ParquetFile, path: Path) -> None:
    rows, size = file.metadata.num_rows, path.stat().st_size
    if rows > max(MANY_ROWS, ROWS_A_BYTE * size):
        raise ValueError(f"it claims {rows} rows in {size} bytes")


def _send(file: pq.ParquetFile, columns: list[str], answers: IO[bytes]) -> None:
    fields = [file.schema_arrow.field(name) for name in columns]
    schema = pa.schema([(f.name, plain_type(f.type)) for f in fields])
    sent = 0
    # Not closed on an error: a stream that ends well is a whole one.
    stream = pa.ipc.new_stream(answers, schema)
    # A group at a time: over a whole file the reader keeps what it has decoded.
    for group in range(file.num_row_groups):
        for batch in file.iter_batches(ROWS_AT_ONCE, row_groups=[group], columns=columns):
            arrays = [_plain(batch.column(f.name), f.type) for f in schema]
            stream.write_batch(pa.record_batch(arrays, schema=schema))
            sent += batch.num_rows
    if sent != file.metadata.num_rows:
        raise ValueError(f"it holds {sent} rows and claims {file.metadata.num_rows}")
    stream.close()
    answers.flush()


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type as which a column is sent: a dictionary's values, text for what is no number."""
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_null(kind):
        return pa.null()
    if pa.types.is_decimal256(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.string()
    return kind


def _plain(array: pa.Array, kind: pa.DataType) -> pa.Array:
    array.validate(full=True)
    if pa.types.is_null(kind):
        return pa.nulls(len(array))
    return array if array.type == kind else array.cast(kind)


def plainly(error: BaseException) -> str:
    """The first line of an error."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


if __name__ == "__main__":
    most = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        serve(sys.stdin, sys.stdout.buffer)
    except BaseException as failure:  # noqa: BLE001 - the parent tells the person
        sys.stderr.write(plainly(failure))
        sys.stderr.flush()
        sys.exit(1)
