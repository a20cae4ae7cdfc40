"""Tables and sentences on a terminal; a table is as wide as its cells, so that nothing is cut."""

from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

# Wider than any table of ours; what it is measured in.
ROOM = 10_000


def print_parts(parts: Iterable[Table | str]) -> None:
    """Print tables and sentences one below the other."""
    console, roomy = Console(highlight=False), Console(highlight=False, width=ROOM)
    for part in parts:
        if isinstance(part, str):
            console.print(part)
        else:
            needed = roomy.measure(part).maximum
            Console(highlight=False, width=max(needed, console.width)).print(part)


def table_of(title: str, columns: Iterable[tuple[str, bool]], rows: Iterable[list[str]]) -> Table:
    """A table whose columns are names and whether they hold text, which stands to the left."""
    table = Table(title=title, title_justify="left")
    for name, is_text in columns:
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def print_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    file: TextIO | None = None,
    width: int | None = None,
) -> None:
    """Print rows under their heads.

    In a terminal what is too wide goes on in the next line of its cell; elsewhere the table is as
    wide as it needs.

    Parameters
    ----------
    file : default stdout
    width : columns of the terminal; default as it says
    """
    console = Console(highlight=False, file=file, width=width)
    if width is None and not console.is_terminal:
        console.width = ROOM
    table = Table()
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table)
