"""Rows of Parquet files, decoded by a process with limits, so that a corrupt file is an error."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.errors import UnreadableError
from features.reading.held import numbered
from features.reading.text_layout import names_of

CHILD = Path(__file__).with_name("parquet_child.py")
# Address space of the decoding process; some hundred megabytes are pyarrow itself.
MOST_MEMORY = 4 << 30


class ParquetDecoder:
    """Decodes one file after another; its process starts with the first and ends with `close`."""

    def __init__(self, most_memory: int = MOST_MEMORY) -> None:
        """Give the process at most `most_memory` bytes of address space."""
        self._most = most_memory
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def close(self) -> None:
        """End the process."""
        self._end_process()
        self._complaints.close()

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()

    def tables(self, path: Path, needed: Callable[[list[str]], list[str]]) -> Iterator[pa.Table]:
        """Rows of a file, `row` counting them from 1; `needed` picks the columns, or refuses them.

        Raises
        ------
        UnreadableError
            If it is no whole Parquet file.
        """
        theirs = self._ask(path, None)["columns"]
        ours = names_of(theirs, header=True)
        kept = set(needed(ours))
        pairs = [(t, o) for t, o in zip(theirs, ours, strict=True) if o in kept]
        if len(set(theirs)) < len(theirs):
            raise UnreadableError("two of its columns bear one name")
        yield from numbered(self._rows(path, dict(pairs)))

    def _rows(self, path: Path, columns: dict[str, str]) -> Iterator[pa.Table]:
        about = self._ask(path, list(columns))
        arrived = 0
        try:
            with pa.ipc.open_stream(pa.PythonFile(self._pipe().stdout, "r")) as stream:
                for batch in stream:
                    arrived += batch.num_rows
                    yield pa.Table.from_batches([batch]).rename_columns(list(columns.values()))
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError(self._complaint()) from error
        if arrived != about["rows"]:
            self._end_process()
            raise UnreadableError(f"it holds {arrived} rows and claims {about['rows']}")

    def _ask(self, path: Path, columns: list[str] | None) -> dict[str, Any]:
        process = self._pipe()
        request = json.dumps({"path": str(path.absolute()), "columns": columns})
        answer = b""
        with suppress(BrokenPipeError):
            if process.stdin is not None and process.stdout is not None:
                process.stdin.write(request.encode() + b"\n")
                process.stdin.flush()
                answer = process.stdout.readline()
        if not answer:
            raise UnreadableError(self._complaint())
        about: dict[str, Any] = json.loads(answer)
        if "fault" in about:
            raise UnreadableError(about["fault"])
        return about

    def _pipe(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            # No arguments of others reach it, and -I keeps the folder and the environment out.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", str(CHILD), str(self._most)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
            )
        return self._process

    def _complaint(self) -> str:
        """What the process said when it ended; the next file gets another one."""
        process = self._pipe()
        status = process.wait()
        self._complaints.seek(0)
        said = self._complaints.read(300).decode("utf-8", "replace").strip()
        self._complaints.seek(0)
        self._complaints.truncate()
        self._end_process()
        if status < 0 or not said:
            return "it is corrupt: the process that decoded it came to grief"
        return said.splitlines()[-1]
