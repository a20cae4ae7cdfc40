"""How a CSV is laid out, told from its head: separator, names of columns, where the rows begin."""

import csv
import io
import re
from dataclasses import dataclass

import numpy as np

from features.errors import UnreadableError
from features.reading.separated import record_pattern
from features.reading.source import PurchaseSource
from features.reading.text_files import Lines, is_utf8

SEPARATORS = (b",", b";", b"\t", b"|")
# Stands for a separator of several bytes while the lines are split.
STAND_IN = b"\x1f"
FIRST_RECORDS = 20
MOST_COLUMNS = 4096
BLANK_LINES = re.compile(rb"(?:[ \r]*+\n)*+")


class NotUtf8Error(Exception):
    """The names of the columns are not UTF-8."""


@dataclass(frozen=True)
class Layout:
    """Separator (one byte) and names of the columns of a CSV."""

    separator: bytes
    names: list[str]


def names_of(fields: list[str], *, header: bool) -> list[str]:
    """Names of the columns, none twice and none `row`; without a header they are numbered.

    Raises
    ------
    UnreadableError
        If they are beyond all measure.
    """
    if len(fields) > MOST_COLUMNS:
        raise UnreadableError(f"its first line has more than {MOST_COLUMNS} fields")
    taken, names = {"row"}, []
    again: dict[str, int] = {}
    for i, field in enumerate(fields):
        plain = (field.strip() if header else "") or f"column{i}"
        name = plain
        while name.lower() in taken:
            again[plain] = again.get(plain, 0) + 1
            name = f"{plain}_{again[plain]}"
        taken.add(name.lower())
        names.append(name)
    return names


def with_one_byte_separator(lines: Lines, source: PurchaseSource) -> Lines:
    """The lines, a declared separator of several bytes replaced by one."""
    declared = (source.separator or "").encode()
    if source.separator == "tab" or len(declared) < 2:
        return lines
    return Lines(lines.data.replace(declared, STAND_IN), lines.first)


def layout_of(lines: Lines, source: PurchaseSource) -> tuple[Layout | None, Lines]:
    """Layout of a file that begins with these lines, and the rows among them.

    Raises
    ------
    NotUtf8Error
    UnreadableError
        If its first line has fields beyond all measure.
    """
    lines = _without_blank_head(lines)
    if not lines.data:
        return None, lines
    separator = _separator(lines, source)
    first = _records(lines.data, record_pattern(separator), 1)[0]
    if source.header and not is_utf8(first):
        raise NotUtf8Error
    if first.count(separator) >= 4 * MOST_COLUMNS:
        raise UnreadableError(f"its first line has more than {MOST_COLUMNS} fields")
    names = names_of(_fields(first, separator), header=source.header)
    if source.header:
        lines = Lines(lines.data[len(first) :], lines.first + first.count(b"\n"))
    return Layout(separator, names), lines


def _separator(lines: Lines, source: PurchaseSource) -> bytes:
    """The declared separator, or that by which the head reads as a table with our columns."""
    if source.separator:
        declared = b"\t" if source.separator == "tab" else source.separator.encode()
        return declared if len(declared) == 1 else STAND_IN
    needed = set(source.needed())

    def fit(separator: bytes) -> tuple[int, float, int]:
        first, *others = _records(lines.data, record_pattern(separator), FIRST_RECORDS)
        if first.count(separator) >= 4 * MOST_COLUMNS:
            return 0, -1.0, 0
        names = _fields(first, separator)
        same = [len(_fields(other, separator)) == len(names) for other in others] or [True]
        known = len(needed & set(names)) if source.header else 0
        return known, float(np.mean(same)) if len(names) > 1 else -1.0, len(names)

    return max(SEPARATORS, key=fit)


def _records(data: bytes, pattern: re.Pattern[bytes], most: int) -> list[bytes]:
    """The first records; a line that is none stands for one."""
    records: list[bytes] = []
    at = 0
    while len(records) < most and at < len(data):
        match = pattern.match(data, at)
        end = match.end() if match else data.index(b"\n", at) + 1
        records.append(data[at:end])
        at = end
    return records


def _fields(record: bytes, separator: bytes) -> list[str]:
    text = record.decode(errors="replace")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator.decode()))
    except csv.Error:
        return text.split(separator.decode())
    return rows[0] if rows and rows[0] else [""]


def _without_blank_head(lines: Lines) -> Lines:
    blank = BLANK_LINES.match(lines.data)
    cut = blank.end() if blank else 0
    return Lines(lines.data[cut:], lines.first + lines.data.count(b"\n", 0, cut))
