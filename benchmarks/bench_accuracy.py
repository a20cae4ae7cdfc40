"""How well perennial predicts, against what a user would otherwise pick.

Run by `make bench`; writes `benchmarks/results/accuracy.md`. The peers take hours, so their
predictions are kept in `--room` and made once; perennial is run anew each time.

    python benchmarks/bench_accuracy.py [--tasks NAME ...] [--only-peers|--only-ours|--only-page]

With `--tasks`, names or beginnings of names such as `cdnow` or `small_600@2023-11-15`, the page is
of these alone and is printed instead of written.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))  # a program's own folder is on the path, the one above it is not

from benchmarks.accuracy_page import AIMED, AIMS, Found, Quantiles, page  # noqa: E402
from benchmarks.accuracy_results import (  # noqa: E402
    OURS,
    Interval,
    Judged,
    compare,
    coverage,
    interval,
    judge,
)
from benchmarks.accuracy_stats import DRAWS, QUANTILE  # noqa: E402
from benchmarks.accuracy_tasks import (  # noqa: E402
    Task,
    real_tasks,
    shop_tasks,
    write_settings,
)

RESULTS = ROOT / "benchmarks" / "results" / "accuracy.md"
ROOM = Path(os.environ.get("PERENNIAL_BENCH", ROOT / "var" / "bench")) / "accuracy"


def run_ours(task: Task, room: Path) -> float:
    """Run `perennial evaluate` on a task as a process; give its wall seconds.

    Raises
    ------
    RuntimeError
        If it fails, with the end of what it wrote.
    """
    out = room / "ours" / task.name
    asked = ["--cutoff", str(task.cutoff), "--out", str(out), "--json"]
    program = [str(ROOT / "perennial.py"), "evaluate", "-c", str(write_settings(task, room))]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *program, *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        end = done.stderr[-1500:]
        raise RuntimeError(f"evaluate on {task.name} ended with {done.returncode}: {end}")
    return time.monotonic() - started


def run_peers(tasks: list[Task], room: Path) -> None:
    """Make the predictions of the peers that are not kept."""
    from benchmarks.peers import peers_of

    for task in tasks:
        started = time.monotonic()
        peers_of(task, room)
        print(f"{task.name}: peers, {time.monotonic() - started:.0f} s", flush=True)


def judged_of(task: Task, room: Path) -> Judged | None:
    """A task measured, or None where predictions are missing."""
    ours = room / "ours" / task.name / "predictions.parquet"
    peers = room / "peers" / task.name
    about = peers / "about.json"
    for needed in (ours, about):
        if not needed.exists():
            print(f"{task.name} is left out: there is no {needed}")
            return None
    failed = json.loads(about.read_text(encoding="utf-8"))["failed"]
    return judge(task, room, ours=ours, peers=peers, failed=failed)


def measured(judged: list[Judged], *, draws: int, missing: list[str]) -> Found:
    """Everything of the page."""
    intervals: dict[str, dict[str, Interval]] = {}
    for one in judged:
        if one.task.name in AIMS:
            found = {metric: interval(one, metric, draws=draws) for metric in AIMED}
            intervals[one.task.name] = {m: i for m, i in found.items() if i is not None}
    return Found(
        draws=draws,
        comparisons=compare(judged, draws=draws),
        tables={one.task.name: one.table() for one in judged},
        intervals=intervals,
        quantiles=[quantiles_of(one) for one in judged],
        failed={one.task.name: one.failed for one in judged if one.failed},
        missing=missing,
    )


def quantiles_of(one: Judged) -> Quantiles:
    """Coverage of ours, and of the peer with quantiles and the least sum of pinball losses."""
    table = one.table()
    sums = {
        maker: sum(figures[q] for q in QUANTILE)
        for maker, figures in table.items()
        if maker != OURS and "rmse" in figures and QUANTILE[0] in figures
    }
    peer = min(sums, key=lambda maker: sums[maker], default="")
    return Quantiles(
        one.task.name, coverage(one, OURS), peer, coverage(one, peer) if peer else None
    )


def main() -> None:
    """Run what is asked for and write the page."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    ask.add_argument("--tasks", nargs="*", default=[], help="names or beginnings of names")
    ask.add_argument("--room", type=Path, default=ROOM, help="where predictions are kept")
    ask.add_argument("--draws", type=int, default=DRAWS)
    only = ask.add_mutually_exclusive_group()
    only.add_argument("--only-peers", action="store_true", help="make the peers' predictions")
    only.add_argument("--only-ours", action="store_true", help="run perennial")
    only.add_argument("--only-page", action="store_true", help="measure what is there")
    given = ask.parse_args()
    if importlib.util.find_spec("lifetimes") is None and not (given.only_ours or given.only_page):
        print("the peers need the extra `bench` (lifetimes), which is not installed")
        return
    room = given.room.resolve()
    tasks = [
        task
        for task in [*real_tasks(), *shop_tasks()]
        if not given.tasks or any(task.name.startswith(wanted) for wanted in given.tasks)
    ]
    if not (given.only_ours or given.only_page):
        run_peers(tasks, room)
    if not (given.only_peers or given.only_page):
        for task in tasks:
            print(f"{task.name}: perennial, {run_ours(task, room):.0f} s", flush=True)
    if given.only_peers or given.only_ours:
        return
    judged = [one for one in (judged_of(task, room) for task in tasks) if one is not None]
    missing = [] if os.environ.get("PERENNIAL_DATA") else [NO_JOURNEY]
    text = page(measured(judged, draws=given.draws, missing=missing))
    if given.tasks:
        print(text)
        return
    RESULTS.write_text(text, encoding="utf-8")
    print(f"wrote {RESULTS.relative_to(ROOT)}")


NO_JOURNEY = "The Complete Journey is not measured here: PERENNIAL_DATA names no folder."


if __name__ == "__main__":
    main()
