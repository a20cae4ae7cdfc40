"""Speed and memory of features: perennial against a pandas loop and a loop of DuckDB's SQL.

Run by `make bench` on 10 million made lines, and by `make bench-large` on 100 million too; writes
`benchmarks/results/features.md`. Each measured thing is a process of its own, the engines take
turns, and the best of a few runs is quoted. Before that the features of all three are compared on a
small log; where one differs, nothing is measured. With `--lines N`, for a quick try, the page goes
to the room.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))  # a program's own folder is on the path, the one above it is not

from benchmarks.features_page import Found, page  # noqa: E402
from benchmarks.measured import Cost, best, measure  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "features.md"
LINES = 10_000_000
CUTOFFS = [f"{2023 + (9 + m) // 12}-{1 + (9 + m) % 12:02d}-01" for m in range(12)]
HORIZON = 90
RUNS = {"ours": 5, "ours with labels": 2, "duckdb": 5, "duckdb prepared": 2}
RUNS |= {"pandas": 2, "pandas prepared": 2}
LARGE_RUNS = 2
PEER_COLUMNS = ["customer_id", "ordered_at", "amount", "order_id", "quantity"]


@dataclass(frozen=True)
class Made:
    """Where one made log and what is measured on it stand."""

    lines: int
    room: Path
    warm: str = field(default="")

    @property
    def parquet(self) -> str:
        """The sorted log, read by the peers."""
        return str(self.room / f"{self.lines}.parquet")

    @property
    def by_time(self) -> str:
        """The same lines in order of time, as a shop would deliver them."""
        return str(self.room / f"{self.lines}_by_time.parquet")

    @property
    def log(self) -> str:
        """The log that perennial keeps."""
        return str(self.room / f"log_{self.lines}")

    def panel(self, engine: str, cutoffs: Sequence[str]) -> Cost:
        """Make the panel with one engine, once."""
        out = str(self.room / "panel")
        name, _, how = engine.partition(" ")
        if name == "ours":
            return measure(
                "ours_panel",
                folder=self.log,
                warm=self.warm,
                cutoffs=cutoffs,
                horizons=[HORIZON] if how else [],
                out=out,
            )
        peer = {"peer": name, "prepared": bool(how), "parquet": self.parquet}
        return measure("peer_panel", **peer, cutoffs=cutoffs, out=out)

    def panels(self, cutoffs: Sequence[str], runs: dict[str, int]) -> dict[str, Cost]:
        """Best of the runs of each engine; they take turns, so that all see the same machine."""
        costs: dict[str, list[Cost]] = {engine: [] for engine in runs}
        for turn in range(max(runs.values())):
            for engine in (e for e, n in runs.items() if turn < n):
                costs[engine].append(self.panel(engine, cutoffs))
                say(f"{self.lines:,} lines, {len(cutoffs)} cutoffs, {engine}", costs[engine][-1])
        return {engine: best(found) for engine, found in costs.items()}

    def scan(self, columns: list[str]) -> Cost:
        """Best of three bare scans of the sorted log."""
        found = [measure("scan", files=[self.parquet], columns=columns) for _ in range(3)]
        return best(found)


def say(what: str, cost: Cost) -> None:
    """Tell what was just measured."""
    print(
        f"{what}: {cost.seconds:.2f} s, CPU {cost.cpu:.2f} s, {cost.peak_mib:,.0f} MiB {cost.told}",
        flush=True,
    )


def prepare(made: Made, *, by_time: bool = True) -> Cost:
    """Make the log where it is not there yet; give what reading, checking and sorting it cost."""
    wanted = [made.parquet, made.by_time] if by_time else [made.parquet]
    if not all(Path(p).exists() for p in wanted):
        later = made.by_time if by_time else ""
        say(
            f"making {made.lines:,} lines",
            measure("make", parquet=made.parquet, by_time=later, lines=made.lines),
        )
    built = measure("ours_build", parquet=wanted[-1], folder=made.log)
    say(f"{made.lines:,} lines read, checked, sorted", built)
    return built


def measured(lines: int, room: Path) -> Found:
    """Measure everything there is on the page but the large log."""
    say("same features", checked := measure("check", room=str(room / "check"), cutoffs=CUTOFFS))
    warm = str(room / "check" / "log")
    main, tenth = Made(lines, room, warm), Made(lines // 10, room, warm)
    built = {main.lines: prepare(main), tenth.lines: prepare(tenth)}
    first = CUTOFFS[:1]
    found = Found(
        shared=checked.told["shared"],
        cutoffs=len(CUTOFFS),
        horizon=HORIZON,
        runs=RUNS,
        built=built,
        many=main.panels(CUTOFFS, RUNS),
        one=main.panels(first, RUNS),
        scan_ours=best([measure("ours_scan", folder=main.log) for _ in range(3)]),
        scan_peers={m.lines: m.scan(PEER_COLUMNS) for m in (main, tenth)},
        scan_all={m.lines: m.scan([]) for m in (main, tenth)},
        customer=measure(
            "ours_one", parquet=main.parquet, cutoff=CUTOFFS[-1], customers=100, repeats=5
        ),
    )
    runs = {"ours": RUNS["ours"], "duckdb": LARGE_RUNS}
    found.scaling[tenth.lines] = tenth.panels(first, runs)
    found.scaling[main.lines] = {e: found.one[e] for e in runs}
    found.scaling_many[tenth.lines] = tenth.panels(CUTOFFS, {"ours": RUNS["ours"]})["ours"]
    found.scaling_many[main.lines] = found.many["ours"]
    return found


def measure_large(found: Found, lines: int, room: Path) -> None:
    """Add ten times the lines, at one cutoff, to what was found."""
    whole = Made(lines * 10, room, str(room / "check" / "log"))
    found.built[whole.lines] = prepare(whole, by_time=False)
    runs = {"ours": LARGE_RUNS, "duckdb": LARGE_RUNS}
    found.scaling[whole.lines] = whole.panels(CUTOFFS[:1], runs)
    found.scan_peers[whole.lines] = whole.scan(PEER_COLUMNS)
    found.scan_all[whole.lines] = whole.scan([])


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--large", action="store_true", help="ten times the lines too")
    parser.add_argument("--room", type=Path, default=ROOT / "var" / "bench", help="folder for data")
    told = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load {load:.1f} on {os.cpu_count()} cores; figures to keep want a quiet machine")
    room = told.room.absolute()
    room.mkdir(parents=True, exist_ok=True)
    out = RESULTS if told.lines == LINES else room / "features.md"
    out.parent.mkdir(exist_ok=True)
    found = measured(told.lines, room)
    out.write_text(page(found), encoding="utf-8")
    if told.large:
        measure_large(found, told.lines, room)
        out.write_text(page(found), encoding="utf-8")
    print(out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
