"""The page of the service's bench."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

from benchmarks.serving_load import Measured

PACKAGES = ("bentoml", "mlflow", "orjson", "sqlalchemy", "starlette", "uvicorn", "uvloop")


class Found(Protocol):
    """Several turns of one server."""

    def median(self, name: str) -> float:
        """Return the median of a measure."""

    @property
    def bad(self) -> int:
        """Answers that were not 2xx."""


@dataclass(frozen=True)
class Bar:
    """A figure that is wanted and the one that was found."""

    what: str
    wanted: float
    found: float
    at_most: bool = False

    @property
    def row(self) -> str:
        """Return the row of the table."""
        met = self.found <= self.wanted if self.at_most else self.found >= self.wanted
        side = "at most" if self.at_most else "at least"
        word = "met" if met else "missed"
        return f"| {self.what} | {side} {self.wanted:g} | {self.found:.3g} | {word} |"


def page(
    customers: int,
    turns: int,
    bare: Mapping[int, Mapping[str, Found]],
    others: Mapping[str, Found],
    swapped: Measured,
    published: Measured,
    bars: list[Bar],
) -> str:
    """Return the page as Markdown."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    lines = [
        "# The service: speed",
        "",
        f"{customers:,} customers in an SQLite store; one worker. The load comes from another",
        f"process on the same cores; servers take turns, medians of {turns} turns are quoted. The",
        "bare app is Starlette under uvicorn (uvloop, httptools) with the same SQL by SQLAlchemy",
        "Core and orjson: no token, no limits, no metrics. MLflow's scoring server holds a model",
        "of 300 trees on 40 features that it is sent: no features to make, and no reasons.",
        "Connections take turns with two tokens, for one has four requests in work at most.",
        "",
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()};",
        f"{packages}. Load average at the end: {load}.",
        "",
        "## One customer's scores",
        "",
        "| server | connections | answers / s | p50, ms | p99, ms | not 2xx |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_row(name, n, each) for n, found in bare.items() for name, each in found.items()),
        "",
        "## Other routes",
        "",
        "| what | connections | answers / s | p50, ms | p99, ms | not 2xx |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_row(name, 1 if name in ONE_CONNECTION else 8, each) for name, each in others.items()),
        "",
        "## Look-ups while something happens, 8 connections",
        "",
        "| what | answers | p50, ms | p99, ms | longest, ms | not 2xx |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        _long("the champion is loaded anew 20 times", swapped),
        _long("a batch of all customers is published", published),
        "",
        "## Bars",
        "",
        "| bar | wanted | measured |  |",
        "| --- | ---: | ---: | ---: |",
        *(bar.row for bar in bars),
        "",
    ]
    return "\n".join(lines)


ONE_CONNECTION = ("thousand", "predict alone")


def _row(name: str, connections: int, found: Found) -> str:
    rate, p50, p99 = (found.median(each) for each in ("rate", "p50", "p99"))
    return f"| {name} | {connections} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | {found.bad} |"


def _long(what: str, found: Measured) -> str:
    bad = sum(found.bad.values())
    return (
        f"| {what} | {found.answers:,} | {found.p50:.2f} | {found.p99:.2f} | {found.worst:.0f} "
        f"| {bad} |"
    )
