"""What a person sees of long work: steps with their times, on stderr; stdout stays clean."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

TERMINAL = Console(stderr=True, highlight=False)


class Steps:
    """Names each step of a command as it is done, with a bar where a terminal watches.

    Parameters
    ----------
    total : number of steps, as far as it is known
    title : what the steps are of
    """

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total = title, total
        self.seconds: dict[str, float] = {}
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=TERMINAL,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> "Steps":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; a line tells of it when it is done."""
        self._bar.update(self._task, description=escape(f"{self.title}: {name}"))
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)
        self._bar.advance(self._task)
        TERMINAL.print(f"  done  {escape(name)} [dim]({self.seconds[name]:.1f} s)[/dim]")

    def detail(self, text: str) -> None:
        """Say what the step is at."""
        self._bar.update(self._task, description=escape(f"{self.title}: {text}"))


def say(text: str) -> None:
    """A line for the person who waits."""
    TERMINAL.print(text, markup=False, soft_wrap=True)
