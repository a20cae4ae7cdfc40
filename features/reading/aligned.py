"""Split lines of a text into fields at runs of blanks, or at fixed widths."""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.reading.text_files import Lines

BLANKS = " \t\r\n"


def fields_at_blanks(text: pa.StringArray) -> pa.ListArray:
    """Fields of each line between runs of blanks."""
    return pc.utf8_split_whitespace(pc.utf8_trim_whitespace(text))


def fields_at_widths(text: pa.StringArray, widths: tuple[int, ...]) -> pa.ListArray:
    """Trimmed fields of each line, `widths` characters wide; the last one may be cut short.

    A line with characters beyond them has one field more, one that ends before the last field one
    less, so that both are told from whole ones.
    """
    places = [0, *itertools.accumulate(widths)]
    lines = pc.utf8_rtrim(text, BLANKS)
    fields = [
        pc.utf8_trim(pc.utf8_slice_codeunits(lines, start, stop), BLANKS)
        for start, stop in itertools.pairwise(places)
    ]
    length = pc.utf8_length(lines).to_numpy()
    count = np.full(len(lines), len(widths))
    count[length > places[-1]] += 1
    count[length <= places[-2]] -= 1
    wide = pa.concat_arrays([*fields, fields[-1]])
    place = np.arange(len(lines))[:, None] + len(lines) * np.arange(len(widths) + 1)
    there = np.arange(len(widths) + 1) < count[:, None]
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, wide.take(pa.array(place[there])))


def text_of(lines: Lines) -> tuple[pa.StringArray, NDArray[np.int64], NDArray[np.int64]]:
    """Lines as texts with their line numbers, without blank ones; and the lines not in UTF-8."""
    starts, ends = lines.bounds()
    foreign = lines.undecodable()
    offsets = np.append(starts, ends[-1:] + 1).astype(np.int32)
    data = pa.py_buffer(lines.data)
    raw = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), data])
    keep = np.ones(len(ends), bool)
    keep[foreign] = False
    text = raw.filter(pa.array(keep)).cast(pa.string()) if len(foreign) else raw.cast(pa.string())
    filled = pc.not_equal(pc.utf8_trim(text, BLANKS), "")
    rows = np.flatnonzero(keep) + lines.first
    return text.filter(filled), rows[filled.to_numpy(zero_copy_only=False)], foreign + lines.first


def columns_of(
    fields: pa.ListArray, rows: NDArray[np.int64], names: list[str], kept: list[str]
) -> tuple[pa.Table, dict[str, NDArray[np.int64]]]:
    """Text columns `kept` of the lines with the right number of fields; lines of the others."""
    count = pc.list_value_length(fields).to_numpy(zero_copy_only=False)
    whole = count == len(names)
    flat = fields.filter(pa.array(whole)).flatten()
    columns = {"row": pa.array(rows[whole])}
    for i, name in enumerate(names):
        if name in kept:
            columns[name] = flat.take(pa.array(np.arange(i, len(flat), len(names))))
    faults = {
        "missing_columns": rows[count < len(names)],
        "too_many_columns": rows[count > len(names)],
    }
    return pa.table(columns), {reason: where for reason, where in faults.items() if len(where)}
