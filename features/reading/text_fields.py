"""The fields of a text file as columns of text, with the lines that could not be split."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.reading.aligned import columns_of, fields_at_blanks, fields_at_widths, text_of
from features.reading.separated import fields_of, separate
from features.reading.source import PurchaseSource
from features.reading.text_files import Lines, lines_of
from features.reading.text_layout import (
    Layout,
    layout_of,
    names_of,
    with_one_byte_separator,
)

Faults = dict[str, NDArray[np.int64]]
NOTHING = Lines(b"", 1)


class TextFields:
    """Columns of a text file; iterating gives tables of `row` (a line number) and text columns.

    Attributes
    ----------
    names : columns of the file, known with the first table
    faults : lines that are no row, by reason; complete after the last table
    """

    def __init__(
        self,
        source: PurchaseSource,
        path: Path,
        needed: Callable[[list[str]], list[str]],
        encoding: str | None = None,
    ) -> None:
        """Read `path` as `source` says; `needed` picks the columns to keep, or refuses them."""
        self.source, self.path, self.needed, self.encoding = source, path, needed, encoding
        self.names: list[str] = []
        self._found: dict[str, list[NDArray[np.int64]]] = defaultdict(list)

    @property
    def faults(self) -> Faults:
        """Lines that are no row, by reason."""
        return {reason: np.concatenate(where) for reason, where in self._found.items()}

    def __iter__(self) -> Iterator[pa.Table]:
        """Give the rows, some ten thousand at a time."""
        separator = self.source.separator
        is_text = self.source.kind_of(self.path) == "text"
        if self.source.widths or separator == "whitespace" or (is_text and not separator):
            yield from self._aligned()
        else:
            yield from self._separated()

    def _lines(self) -> Iterator[Lines]:
        for lines in lines_of(self.path, encoding=self.encoding):
            if lines.too_long:
                self._note({"line_too_long": np.array([lines.first])})
            else:
                yield lines

    def _note(self, faults: Faults) -> None:
        for reason, where in faults.items():
            if len(where):
                self._found[reason].append(where)

    def _aligned(self) -> Iterator[pa.Table]:
        kept: list[str] = []
        for lines in self._lines():
            text, rows, foreign = text_of(lines)
            self._note({"invalid_encoding": foreign})
            if not len(text):
                continue
            widths = self.source.widths
            fields = fields_at_widths(text, widths) if widths else fields_at_blanks(text)
            if not self.names:
                self.names = names_of(fields[0].as_py(), header=self.source.header)
                kept = self.needed(self.names)
                if self.source.header:
                    fields, rows = fields[1:], rows[1:]
            table, faults = columns_of(fields, rows, self.names, kept)
            self._note(faults)
            yield table

    def _separated(self) -> Iterator[pa.Table]:
        layout: Layout | None = None
        kept: list[str] = []
        rest = NOTHING
        for block in self._lines():
            lines = with_one_byte_separator(block, self.source)
            if layout is None:
                layout, lines = layout_of(lines, self.source)
                if layout is None:
                    continue
                self.names, kept = layout.names, self.needed(layout.names)
            if rest.data and rest.first + rest.data.count(b"\n") == lines.first:
                lines = Lines(rest.data + lines.data, rest.first)
            elif rest.data:  # a line too long to be read lies between
                yield from self._records(rest, layout, kept, last=True)[0]
            tables, rest = self._records(lines, layout, kept, last=False)
            yield from tables
        if layout is not None and rest.data:
            yield from self._records(rest, layout, kept, last=True)[0]

    def _records(
        self, lines: Lines, layout: Layout, kept: list[str], *, last: bool
    ) -> tuple[list[pa.Table], Lines]:
        found = separate(lines, layout.separator, len(layout.names), last=last)
        self._note(found.faults)
        table = fields_of(found, layout.names, kept, layout.separator)
        return [] if table is None else [table], found.rest
