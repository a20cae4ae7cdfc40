"""One measured thing, done in a process of its own, so that its memory is fresh and its own.

`measure` starts `python -m benchmarks.measured NAME ARGUMENTS`, which imports what it needs, warms
up what is compiled, and only then takes the time. Peak memory is that of the whole process.
"""

import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOT_FEATURES = ("customer_id", "cutoff")
CHECKED_LINES = 100_000
# What is summed of a column to make sure that it is decoded; the column itself if not said here.
SUMS = {
    "VARCHAR": "sum(strlen({}))",
    "TIMESTAMP": "sum(epoch_us({}))",
    "DATE": "sum(year({}))",
    "BOOLEAN": "count_if({})",
}
Task = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds, peak memory of the process, and what the task told besides."""

    seconds: float
    cpu: float
    peak_mib: float
    told: dict[str, Any]


def measure(name: str, **arguments: Any) -> Cost:
    """Do a task of this file in a new process.

    Raises
    ------
    RuntimeError
        If the process fails, with the end of what it wrote.
    """
    # The parent stays small: a child's peak begins with what it was started from.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measured", name, json.dumps(arguments, default=str)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr[-1500:]}")
    return Cost(**json.loads(done.stdout.rsplit("\n", 2)[-2]))


def best(costs: list[Cost]) -> Cost:
    """The least seconds of either kind, with the most memory of all runs."""
    return Cost(
        seconds=min(c.seconds for c in costs),
        cpu=min(c.cpu for c in costs),
        peak_mib=max(c.peak_mib for c in costs),
        told=costs[-1].told,
    )


def timed(do: Callable[[], object]) -> dict[str, Any]:
    """Wall seconds of a call, and CPU seconds of all its threads."""
    started, worked = time.perf_counter(), time.process_time()
    do()
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - worked}


def make(parquet: str, by_time: str, lines: int) -> dict[str, Any]:
    """Make the log, and the same in order of time alone, as a shop would deliver it."""
    import duckdb

    from benchmarks.made_lines import write_lines

    spent = timed(lambda: write_lines(Path(parquet), lines=lines))
    if by_time:
        draft = f"{by_time}.draft"
        ordered = f"FROM read_parquet('{parquet}') ORDER BY ordered_at"
        duckdb.connect().execute(f"COPY ({ordered}) TO '{draft}' (FORMAT parquet)")
        Path(draft).replace(by_time)
    return spent


def scan(files: list[str], columns: list[str]) -> dict[str, Any]:
    """Decode columns of Parquet files into one sum each: the least that any engine has to do.

    DuckDB does it, whose reader of Parquet was the fastest tried. Without `columns`, all are read.
    """
    import duckdb

    with duckdb.connect() as con:
        lines = con.read_parquet(files)
        types = {c: str(t) for c, t in zip(lines.columns, lines.types, strict=True)}
        sums = [SUMS.get(types[c], "sum({})").format(c) for c in columns or types if c in types]
        return timed(lambda: lines.aggregate(", ".join(sums)).fetchall())


def ours_build(parquet: str, folder: str) -> dict[str, Any]:
    """Read, check and sort with perennial."""
    from benchmarks import ours

    shutil.rmtree(folder, ignore_errors=True)
    return timed(lambda: ours.build_log(Path(parquet), Path(folder)))


def ours_scan(folder: str) -> dict[str, Any]:
    """Decode the columns of the kept log that the panel needs."""
    from benchmarks import ours

    files = [str(p) for p in ours.log_files(Path(folder))]
    return scan(files, list(ours.COLUMNS))


def ours_panel(
    folder: str, warm: str, cutoffs: list[str], horizons: list[int], out: str
) -> dict[str, Any]:
    """Make the panel with perennial; `warm` is a small log on which compiled code is loaded."""
    from benchmarks import ours

    days = [dt.date.fromisoformat(c) for c in cutoffs]
    ours.panel_to_parquet(Path(warm), days[:2], horizons, _empty(f"{out}.warm"))
    shutil.rmtree(f"{out}.warm")
    place = _empty(out)
    spent = timed(lambda: ours.panel_to_parquet(Path(folder), days, horizons, place))
    return {**spent, **_written(place)}


def ours_one(parquet: str, cutoff: str, customers: int, repeats: int) -> dict[str, Any]:
    """Snapshots of single customers in a warm process."""
    import pyarrow.parquet as pq

    from benchmarks import ours

    day = dt.date.fromisoformat(cutoff)
    lines = pq.ParquetFile(parquet).read_row_group(0).to_pandas()
    lines = lines[lines["ordered_at"] < cutoff]
    lines = lines[lines["customer_id"].isin(lines["customer_id"].unique()[:customers])]
    one = lines[lines["customer_id"] == lines["customer_id"].iloc[0]]
    ours.one_snapshot_ms(one, day, repeats=3)
    found: list[float] = []
    spent = timed(lambda: found.extend(ours.one_snapshot_ms(lines, day, repeats=repeats)))
    found.sort()
    return {
        **spent,
        "customers": len(found),
        "lines": len(lines) / len(found),
        "median_ms": found[len(found) // 2],
        "slowest_ms": found[-1],
    }


def peer_panel(
    peer: str, parquet: str, cutoffs: list[str], prepared: bool, out: str
) -> dict[str, Any]:
    """Make the panel with `pandas` or `duckdb`."""
    make_panel = _peer(peer)
    place, days = _empty(out), [dt.date.fromisoformat(c) for c in cutoffs]
    spent = timed(lambda: make_panel(Path(parquet), days, place, prepared=prepared))
    return {**spent, **_written(place)}


def check(room: str, cutoffs: list[str]) -> dict[str, Any]:
    """Hold both peers against perennial, customer by customer, on a small log at two cutoffs."""
    import pandas as pd

    from benchmarks import ours
    from benchmarks.made_lines import write_lines
    from benchmarks.same_features import check_equal

    here = _empty(room)
    write_lines(here / "lines.parquet", lines=CHECKED_LINES, seed=1)
    days = [dt.date.fromisoformat(cutoffs[0]), dt.date.fromisoformat(cutoffs[-1])]
    ours.build_log(here / "lines.parquet", here / "log")
    shared: list[str] = []
    for peer in ("pandas", "duckdb"):
        for prepared in (False, True):
            place = here / f"{peer}{prepared}"
            _peer(peer)(here / "lines.parquet", days, place, prepared=prepared)
            for day in days:
                theirs = pd.read_parquet(place / f"{day}.parquet")
                theirs = theirs if "customer_id" not in theirs else theirs.set_index("customer_id")
                shared = check_equal(ours.features_at(here / "log", day), theirs)
    return {"shared": len(shared)}


def _peer(name: str) -> Callable[..., None]:
    from benchmarks import peer_duckdb, peer_pandas

    peer = {"duckdb": peer_duckdb.panel_to_parquet, "pandas": peer_pandas.panel_to_parquet}
    return peer[name]


def _empty(folder: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)


def _written(out: Path) -> dict[str, Any]:
    """Features, rows and bytes of a written panel, which is then deleted."""
    import pyarrow.parquet as pq

    files = [pq.ParquetFile(p) for p in sorted(out.rglob("*.parquet"))]
    size = sum(p.stat().st_size for p in out.rglob("*.parquet"))
    names = [n for n in files[0].schema_arrow.names if n not in NOT_FEATURES]
    rows = sum(f.metadata.num_rows for f in files)
    shutil.rmtree(out)
    return {"features": len(names), "rows": rows, "bytes": size}


TASKS: dict[str, Task] = {
    f.__name__: f
    for f in (make, scan, ours_build, ours_scan, ours_panel, ours_one, peer_panel, check)
}


def main() -> None:
    """Do the task that the command line names and print its cost as a line of JSON."""
    told = TASKS[sys.argv[1]](**json.loads(sys.argv[2]))
    spent = {"seconds": told.pop("seconds", 0.0), "cpu": told.pop("cpu", 0.0)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**spent, "peak_mib": peak, "told": told}))


if __name__ == "__main__":
    main()
