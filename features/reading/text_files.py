"""Text files as blocks of whole lines in UTF-8, whatever they are packed and written in."""

import codecs
import gzip
import itertools
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BLOCK = 8 << 20
# Bytes of the longest line that is still read; its row is then quarantined, not the file refused.
LONGEST_LINE = 16_000_000
LINE_FEED, CARRIAGE_RETURN = 10, 13
WINDOWS = "windows-1252"
# Windows-1252 leaves five bytes without a character; they become the control characters of Latin-1.
WINDOWS_TABLE = "".join(
    bytes([i]).decode("cp1252", "replace").replace("\ufffd", chr(i)) for i in range(256)
)


@dataclass(frozen=True)
class Lines:
    """Whole lines of a text, each ended by a line feed.

    Attributes
    ----------
    data : UTF-8 where the file is
    first : number of the first line in the file, from 1
    too_long : the line `first` was longer than is read, and `data` is empty
    """

    data: bytes
    first: int
    too_long: bool = False

    def bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offset of each line's first byte and of its line feed."""
        ends = np.flatnonzero(np.frombuffer(self.data, np.uint8) == LINE_FEED)
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1] + 1
        return starts, ends

    def undecodable(self) -> NDArray[np.int64]:
        """Lines that are not UTF-8, counted from 0."""
        try:
            if not self.data.isascii():
                self.data.decode()
        except UnicodeDecodeError:
            starts, ends = self.bounds()
            foreign = np.flatnonzero(np.frombuffer(self.data, np.uint8) > 127)
            some = np.unique(np.searchsorted(ends, foreign))
            bad = [i for i in some.tolist() if not is_utf8(self.data[starts[i] : ends[i]])]
            return np.array(bad, dtype=np.int64)
        return np.array([], dtype=np.int64)


def is_utf8(line: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def lines_of(path: Path, *, encoding: str | None = None) -> Iterator[Lines]:
    """Lines of a text file, plain, .gz or .zst, in blocks of some megabytes.

    A byte order mark says UTF-8 or UTF-16, and is taken off. Lines may end with LF, CR LF, or, in a
    file without a line feed, CR.

    Parameters
    ----------
    encoding : `WINDOWS`, where the file is known to be written so
    """
    rest, line, skipping = b"", 1, False
    for chunk in _chunks(path, encoding):
        fresh = chunk
        if skipping:
            cut = chunk.find(b"\n")
            if cut < 0:
                continue
            fresh, skipping, line = chunk[cut + 1 :], False, line + 1
        data = rest + fresh
        end = data.rfind(b"\n") + 1
        if end:
            yield Lines(data[:end], line)
            line += data.count(b"\n", 0, end)
        rest = data[end:]
        if len(rest) > LONGEST_LINE:
            yield Lines(b"", line, too_long=True)
            rest, skipping = b"", True
    if rest:
        yield Lines(rest + b"\n", line)


def is_empty(path: Path) -> bool:
    """Whether a file has no byte, packed or not; damaged files are not empty."""
    if path.stat().st_size == 0:
        return True
    try:
        with _opened(path) as stream:
            return not stream.read(1)
    except (OSError, EOFError, zlib.error, pa.ArrowException):
        return False


def says_utf8(path: Path) -> bool:
    """Whether a file begins with the byte order mark of UTF-8."""
    with _opened(path) as stream:
        return stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def _opened(path: Path) -> AbstractContextManager[IO[bytes]]:
    if path.suffix == ".gz":
        return cast("AbstractContextManager[IO[bytes]]", gzip.open(path))
    if path.suffix == ".zst":
        unpacked: AbstractContextManager[IO[bytes]] = closing(
            pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
        )
        return unpacked
    return path.open("rb")


def _chunks(path: Path, encoding: str | None) -> Iterator[bytes]:
    with _opened(path) as stream:
        first = stream.read(BLOCK)
        chunks: Iterator[bytes] = itertools.chain([first], iter(lambda: stream.read(BLOCK), b""))
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            wide = codecs.getincrementaldecoder("utf-16")("replace")
            chunks = (wide.decode(chunk).encode("utf-8", "replace") for chunk in chunks)
        elif encoding == WINDOWS:
            chunks = (codecs.charmap_decode(c, "strict", WINDOWS_TABLE)[0].encode() for c in chunks)
        first = next(chunks).removeprefix(codecs.BOM_UTF8)
        old_mac = b"\n" not in first and b"\r" in first
        for chunk in itertools.chain([first], chunks):
            yield chunk.replace(b"\r", b"\n") if old_mac else chunk
