"""The page of what `bench_features.py` found, as Markdown."""

import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise

from benchmarks.measured import Cost

PACKAGES = ("duckdb", "numba", "numpy", "pandas", "pyarrow")
PEERS = ("duckdb", "duckdb prepared", "pandas", "pandas prepared")


@dataclass(frozen=True)
class Found:
    """Everything measured.

    Attributes
    ----------
    shared : features that all three have and agree on
    cutoffs, horizon : number of cutoffs; days of the labels
    runs : runs of each engine
    built : lines -> reading, checking and sorting
    many, one : engine -> the panel at all cutoffs, and at one
    scan_ours : a bare scan of the columns that perennial reads from its log
    scan_peers : lines -> a bare scan of the columns that the peers read
    scan_all : lines -> a bare scan of all columns
    customer : one customer's snapshot in a warm process
    scaling : lines -> engine -> the panel at one cutoff
    scaling_many : lines -> perennial's panel at all cutoffs
    """

    shared: int
    cutoffs: int
    horizon: int
    runs: dict[str, int]
    built: dict[int, Cost]
    many: dict[str, Cost]
    one: dict[str, Cost]
    scan_ours: Cost
    scan_peers: dict[int, Cost]
    scan_all: dict[int, Cost]
    customer: Cost
    scaling: dict[int, dict[str, Cost]] = field(default_factory=dict)
    scaling_many: dict[int, Cost] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        """Lines of the log on which the engines are compared."""
        return max(self.scaling_many)

    def features(self, engine: str) -> int:
        """Features of an engine; labels are none."""
        return int(self.many["ours" if "ours" in engine else engine].told["features"])

    def rate(self, engine: str) -> float:
        """Features times cutoffs a second."""
        return self.features(engine) * self.cutoffs / self.many[engine].seconds

    def further(self, engine: str) -> float:
        """Cost of each further cutoff as share of the first."""
        first = self.one[engine].seconds
        return (self.many[engine].seconds - first) / (self.cutoffs - 1) / first


def page(found: Found) -> str:
    """The whole page."""
    parts = [_head(found), _speed(found), _bars(found), _reading(found), _scaling(found)]
    return "\n".join(line for part in parts for line in part)


def _head(found: Found) -> list[str]:
    versions = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    runs = ", ".join(f"{_name(engine, found)} {n}" for engine, n in found.runs.items())
    return [
        "# Features: speed and memory",
        "",
        f"{found.lines:,} made lines, {found.cutoffs} monthly cutoffs; from the checked, sorted",
        "log to a panel in Parquet. The peers read the same lines, sorted too. Each run is a",
        "process of its own; the best of so many is quoted:",
        f"{runs}.",
        f"Start-up, imports and loading of compiled code are not in the seconds. {found.shared}",
        "features are shared by all three and agree to 1e-9 on a log of 100,000 lines.",
        "A peer makes every cutoff from the history alone; `prepared` makes its tables of orders",
        "and purchase days once, which is right only where nothing becomes known late.",
        "",
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},",
        f"{versions}.",
        "",
    ]


def _speed(found: Found) -> list[str]:
    heads = ["engine", "features", "one cutoff, s", f"{found.cutoffs} cutoffs, s", "CPU s"]
    heads += ["each further / first", "features × cutoffs / s", "perennial's rate over it"]
    heads += ["its seconds over perennial's", "peak MiB", "panel MB"]
    rows = [
        [
            _name(engine, found),
            str(found.features(engine)),
            f"{found.one[engine].seconds:.2f}",
            f"{cost.seconds:.2f}",
            f"{cost.cpu:.2f}",
            f"{found.further(engine):.0%}",
            f"{found.rate(engine):,.0f}",
            f"{found.rate('ours') / found.rate(engine):.1f}",
            f"{cost.seconds / found.many['ours'].seconds:.1f}",
            f"{cost.peak_mib:,.0f}",
            f"{cost.told['bytes'] / 1e6:,.0f}",
        ]
        for engine, cost in found.many.items()
    ]
    scans = (
        f"A bare scan takes {found.scan_ours.seconds:.2f} s for the columns that perennial reads, "
        f"{found.scan_peers[found.lines].seconds:.2f} s for those of the peers, "
        f"{found.scan_all[found.lines].seconds:.2f} s for all."
    )
    rows_out = f"The panel has {found.many['ours'].told['rows']:,} rows."
    return ["## Panel", "", *_table(heads, rows), "", rows_out, scans, ""]


def _name(engine: str, found: Found) -> str:
    name = engine.replace("ours", "perennial").replace("duckdb", "DuckDB")
    return name.replace("labels", f"labels of {found.horizon} days")


def _bars(found: Found) -> list[str]:
    ours, told = found.many["ours"], found.customer.told
    ratio = {peer: found.rate("ours") / found.rate(peer) for peer in PEERS}
    rows = [
        _bar("rate over the pandas loop", ratio["pandas"], 30, "at least"),
        _bar("rate over the DuckDB loop", ratio["duckdb"], 10, "at least"),
        _bar("features", found.features("ours"), 60, "at least"),
        _bar("each further cutoff, % of the first", 100 * found.further("ours"), 20, "at most"),
        _bar("peak memory, GiB", ours.peak_mib / 1024, 3, "at most"),
        _bar("one customer's snapshot, ms (median)", told["median_ms"], 5, "at most"),
    ]
    for what, exponent in _exponents(found):
        rows.append(_bar(f"exponent of time over lines, {what}", exponent, 1.1, "at most"))
    if len(found.scaling) > 2:
        large = found.scaling[max(found.scaling)]
        faster = large["duckdb"].seconds / large["ours"].seconds
        rows.append(_bar("large log, one cutoff: DuckDB over perennial", faster, 3, "at least"))
        peak = large["ours"].peak_mib / 1024
        rows.append(_bar("large log, peak memory, GiB", peak, 4, "at most"))
    table = _table(["bar", "wanted", "measured", ""], rows)
    one = (
        f"One customer: {told['customers']} customers, {told['lines']:.0f} lines each on average, "
        f"alone in a warm process; the slowest of them {told['slowest_ms']:.1f} ms."
    )
    return ["## Bars", "", *table, "", one, ""]


def _bar(what: str, value: float, bound: float, side: str) -> list[str]:
    met = value >= bound if side == "at least" else value <= bound
    return [what, f"{side} {bound:g}", f"{value:.4g}", "met" if met else "missed"]


def _reading(found: Found) -> list[str]:
    heads = ["lines", "seconds", "peak MiB", "lines / s", "bare scan of all columns, s"]
    rows = [
        [f"{n:,}", *_cells(c), f"{n / c.seconds:,.0f}", f"{found.scan_all[n].seconds:.2f}"]
        for n, c in sorted(found.built.items())
    ]
    note = f"From Parquet in order of time (beyond {found.lines:,} lines: sorted) to the kept log."
    return ["## Reading, checking, sorting", "", note, "", *_table(heads, rows), ""]


def _scaling(found: Found) -> list[str]:
    heads = ["lines", "perennial, one cutoff, s", "peak MiB", "DuckDB, one cutoff, s", "peak MiB"]
    heads += ["DuckDB / perennial", f"perennial, {found.cutoffs} cutoffs, s", "peak MiB"]
    heads += ["bare scan of the peers' columns, s"]
    rows = []
    for lines, costs in sorted(found.scaling.items()):
        ours, peer, many = costs["ours"], costs["duckdb"], found.scaling_many.get(lines)
        rows.append([f"{lines:,}", *_cells(ours), *_cells(peer)])
        rows[-1] += [f"{peer.seconds / ours.seconds:.1f}", *(_cells(many) if many else ["-", "-"])]
        rows[-1].append(f"{found.scan_peers[lines].seconds:.2f}")
    return ["## Scaling", "", *_table(heads, rows), ""]


def _cells(cost: Cost) -> list[str]:
    return [f"{cost.seconds:.2f}", f"{cost.peak_mib:,.0f}"]


def _exponents(found: Found) -> Iterable[tuple[str, float]]:
    """Slopes of log time over log lines between neighbouring sizes."""
    one = {n: c["ours"].seconds for n, c in found.scaling.items()}
    many = {n: c.seconds for n, c in found.scaling_many.items()}
    for how, seconds in (("one cutoff", one), (f"{found.cutoffs} cutoffs", many)):
        sizes = sorted(seconds)
        for small, big in pairwise(sizes):
            slope = math.log(seconds[big] / seconds[small]) / math.log(big / small)
            yield f"{small:,} → {big:,}, {how}", slope


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    aligned = ["---", *["---:"] * (len(heads) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (heads, aligned, *rows)]
