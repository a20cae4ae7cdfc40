"""Split lines of a CSV into fields, by separator and quotation marks, and tell which cannot be."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from features.reading.text_files import CARRIAGE_RETURN, LINE_FEED, Lines

QUOTE = 34
# Bytes of the longest record of several lines; a quotation mark open for longer is a fault.
MOST_RECORD = 1 << 20
GOOD, BLANK, PART, DROPPED, FAULTS = 0, 1, 2, 3, 4
REASONS = (
    *("missing_columns", "too_many_columns", "invalid_encoding"),
    *("stray_line_end", "stray_quote", "unclosed_quote"),
)
MISSING, TOO_MANY, ENCODING, STRAY_END, STRAY_QUOTE, UNCLOSED = range(FAULTS, FAULTS + 6)


@dataclass(frozen=True)
class Separated:
    """Records of some lines.

    Attributes
    ----------
    good : bytes of the records that have the right number of fields
    rows : line of the file at which each of them begins
    faults : lines of the file that are no record, by reason
    rest : lines at the end that begin a record which they do not end
    """

    good: bytes
    rows: NDArray[np.int64]
    faults: dict[str, NDArray[np.int64]]
    rest: Lines


def record_pattern(separator: bytes, fields: int | None = None) -> re.Pattern[bytes]:
    """Match one record with its line end; a quotation mark within a bare field is a character."""
    sep = re.escape(separator)
    quoted = rb'"[^"]*+(?:""[^"]*+)*+"'
    bare = rb'[^"%b\r\n][^%b\r\n]*+' % (sep, sep)
    field = rb"(?:%b|%b)?" % (quoted, bare)
    more = b"*" if fields is None else b"{%d}" % (fields - 1)
    return re.compile(rb"%b(?:%b%b)%b\r*+\n" % (field, sep, field, more))


def separate(lines: Lines, separator: bytes, fields: int, *, last: bool) -> Separated:
    """Tell records from faults.

    Parameters
    ----------
    separator : one byte
    fields : how many a record has
    last : whether the file ends with these lines

    Notes
    -----
    A quotation mark that is opened and not closed is the fault of its own line: the next line that
    can be a record is one, and lines that could be rows are never taken for the text of a field.
    Work per byte is NumPy's; only lines with odd quotation marks are looked at one by one.
    """
    data = lines.data
    starts, ends = lines.bounds()
    array = np.frombuffer(data, np.uint8)
    inside, odd = _quoted(array, starts, ends) if b'"' in data else (None, None)
    state = _by_count(array, inside, separator[0], starts, ends, fields)
    whole = state == GOOD
    _mark_blank(data, state, starts, ends)
    _mark_stray_ends(array, inside, state, ends)
    pattern = record_pattern(separator, fields)
    if inside is not None and odd is not None:
        for i in _stray_quotes(array, inside, separator[0], ends).tolist():
            if not odd[i]:
                fine = pattern.fullmatch(data, starts[i], ends[i] + 1)
                state[i] = GOOD if fine else STRAY_QUOTE
    state[lines.undecodable()] = ENCODING
    kept = len(ends)
    if odd is not None and odd.any():
        joined = _Joined(data, state, starts, ends, whole, pattern)
        kept = joined.join(np.flatnonzero(odd).tolist(), last=last)
    return _gather(lines, state[:kept], starts, ends)


def _quoted(
    array: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Per byte, whether an odd number of quotation marks precedes it in its line; odd lines."""
    parity = np.bitwise_xor.accumulate((array == QUOTE).view(np.uint8))
    before = np.zeros(len(ends), np.uint8)
    before[1:] = parity[ends[:-1]]
    odd = parity[ends] != before
    if odd.any():
        parity ^= np.repeat(before, ends - starts + 1)
    return parity, odd


def _by_count(
    array: NDArray[np.uint8],
    inside: NDArray[np.uint8] | None,
    separator: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    fields: int,
) -> NDArray[np.uint8]:
    found = array == separator
    if inside is not None:
        found &= inside == 0
    places, between = np.flatnonzero(found), fields - 1
    state = np.zeros(len(ends), np.uint8)
    if between and len(places) == between * len(ends):
        by_line = places.reshape(-1, between)
        if (by_line[:, 0] >= starts).all() and (by_line[:, -1] < ends).all():
            return state
    count = np.diff(np.searchsorted(places, ends), prepend=0)
    state[count < between] = MISSING
    state[count > between] = TOO_MANY
    return state


def _mark_blank(
    data: bytes, state: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> None:
    short = np.flatnonzero((state == MISSING) | (ends - starts <= 1))
    for i in short.tolist():
        if not data[starts[i] : ends[i]].strip(b" \r"):
            state[i] = BLANK


def _mark_stray_ends(
    array: NDArray[np.uint8],
    inside: NDArray[np.uint8] | None,
    state: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> None:
    """A carriage return alone in a line might end a row or not; within quotes it is text."""
    returns = np.flatnonzero(array == CARRIAGE_RETURN)
    follower = array[returns + 1]
    stray = (follower != LINE_FEED) & (follower != CARRIAGE_RETURN)
    if inside is not None:
        stray &= inside[returns] == 0
    if stray.any():
        state[np.searchsorted(ends, returns[stray])] = STRAY_END


def _stray_quotes(
    array: NDArray[np.uint8], inside: NDArray[np.uint8], separator: int, ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Lines with a quotation mark that neither opens nor closes a whole field."""
    quotes = np.flatnonzero(array == QUOTE)
    opens, closes = np.zeros(256, bool), np.zeros(256, bool)
    opens[[separator, LINE_FEED, QUOTE]] = True
    closes[[separator, LINE_FEED, CARRIAGE_RETURN, QUOTE]] = True
    before = np.where(quotes > 0, array[quotes - 1], LINE_FEED)
    fine = np.where(inside[quotes] == 1, opens[before], closes[array[quotes + 1]])
    return np.unique(np.searchsorted(ends, quotes[~fine]))


@dataclass(frozen=True)
class _Joined:
    """Lines with an odd number of quotation marks, to be joined into records of several lines."""

    data: bytes
    state: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    whole: NDArray[np.bool_]
    pattern: re.Pattern[bytes]

    def join(self, odd: list[int], *, last: bool) -> int:
        """Settle each odd line, alone or with those up to the next; the number of lines settled."""
        starts, ends = self.starts.tolist(), self.ends.tolist()
        wholes = np.cumsum(self.whole).tolist()
        foreign = np.cumsum(self.state == ENCODING).tolist()
        found = self.pattern.fullmatch
        records: list[tuple[int, int, int]] = []
        unclosed, at, settled = [], 0, len(ends)
        while at < len(odd):
            i = odd[at]
            at += 1
            if self.state[i] == ENCODING:
                continue
            if found(self.data, starts[i], ends[i] + 1):
                records.append((i, i, GOOD))
                continue
            if at == len(odd):
                if not last and len(self.data) - starts[i] <= MOST_RECORD:
                    settled = i
                else:
                    unclosed.append(i)
                continue
            # What might be a row is never taken for the text of a field.
            j = odd[at]
            fits = wholes[j] == wholes[i] and ends[j] - starts[i] <= MOST_RECORD
            if fits and found(self.data, starts[i], ends[j] + 1):
                records.append((i, j, ENCODING if foreign[j] > foreign[i] else GOOD))
                at += 1
            else:
                unclosed.append(i)
        self._settle(records, unclosed)
        return settled

    def _settle(self, records: list[tuple[int, int, int]], unclosed: list[int]) -> None:
        self.state[unclosed] = UNCLOSED
        for first, last, state in records:
            self.state[first + 1 : last + 1] = DROPPED if state == ENCODING else PART
            self.state[first] = state


def _gather(
    lines: Lines, state: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> Separated:
    kept, cut = len(state), len(lines.data)
    if kept < len(ends):
        cut = int(starts[kept])
    keep = (state == GOOD) | (state == PART)
    if keep.all():
        good = lines.data[:cut]
    else:
        edges = np.flatnonzero(np.diff(keep, prepend=False, append=False)).reshape(-1, 2)
        spans = zip(starts[edges[:, 0]].tolist(), ends[edges[:, 1] - 1].tolist(), strict=True)
        good = b"".join(lines.data[start : end + 1] for start, end in spans)
    faults = {
        reason: np.flatnonzero(state == FAULTS + i) + lines.first
        for i, reason in enumerate(REASONS)
        if (state == FAULTS + i).any()
    }
    rows = np.flatnonzero(state == GOOD) + lines.first
    return Separated(good, rows, faults, Lines(lines.data[cut:], lines.first + kept))


def fields_of(
    found: Separated, names: list[str], kept: list[str], separator: bytes
) -> pa.Table | None:
    """Text columns `kept` of the records, with `row`; None where there is no record."""
    if not len(found.rows):
        return None
    table = pa_csv.read_csv(
        pa.BufferReader(found.good),
        pa_csv.ReadOptions(column_names=names, block_size=len(found.good) + 1),
        pa_csv.ParseOptions(
            delimiter=separator.decode(), newlines_in_values=True, ignore_empty_lines=True
        ),
        pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=kept,
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return table.add_column(0, "row", pa.array(found.rows))
