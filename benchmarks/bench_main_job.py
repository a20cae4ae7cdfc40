"""Times and memory of the main job's commands, and how well `evaluate` predicts.

Run by `make bench`; writes `benchmarks/results/main_job.md`. Each command runs as a process of its
own in a folder of its own, that of `--runs` with the least CPU is quoted; CPU is that of the
process and of those that it starts. Complete Journey is measured where `PERENNIAL_DATA` names its
folder.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "main_job.md"
# Seconds that a command may take on two cores.
BARS = {
    ("train", "cdnow"): 120,
    ("train", "complete_journey"): 300,
    ("backtest", "cdnow"): 900,
    ("backtest", "complete_journey"): 900,
}
TASKS = (
    ("cdnow", "1997-10-01", 91),
    ("cdnow", "1997-10-01", 273),
    ("complete_journey", "2017-09-28", 90),
)
MEASURES = {
    "churn": ("auc", "log_loss", "brier", "ece"),
    "value": ("spearman", "norm_gini", "concordance", "rmse", "bias", "decile_mape"),
}


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds and peak memory of one process."""

    seconds: float
    cpu: float
    peak_mib: float


def run(arguments: list[str], folder: Path) -> Cost:
    """Run a command of perennial and give what it cost."""
    program = [sys.executable, "-c", CHILD, *arguments]
    started = time.monotonic()
    done = subprocess.run(
        program, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - started
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr[-500:]}")
    cpu, peak = done.stderr.rsplit("spent", 1)[1].split()
    return Cost(seconds, float(cpu), float(peak) / 1024)


# Tells its CPU and its peak resident memory when the command has ended.
CHILD = """
import resource, sys
import perennial
code = perennial.main(sys.argv[1:])
used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print("spent", sum(u.ru_utime + u.ru_stime for u in used), used[0].ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def cells_of(costs: list[Cost], bar: int | None = None) -> str:
    """Seconds, CPU seconds, memory and the bar as cells, of the run with the least CPU."""
    cost = min(costs, key=lambda c: c.cpu)
    said = "" if bar is None else f"{bar}, {'met' if cost.seconds <= bar else 'missed'}"
    return f"{cost.seconds:.1f} | {cost.cpu:.1f} | {cost.peak_mib:,.0f} | {said}"


def settings_in(folder: Path, name: str) -> Path:
    """Copy the settings of a shop, with its log found from anywhere."""
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("configs/data", str(ROOT / "configs" / "data")), encoding="utf-8")
    return path


def main_job_rows(name: str, runs: int) -> list[str]:
    """Cost of `train`, `score` and `backtest`."""
    costs: dict[str, list[Cost]] = {"train": [], "score": [], "backtest": []}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as place:
            config = settings_in(Path(place), name)
            for command, list_of in costs.items():
                list_of.append(run([command, "-c", str(config)], Path(place)))
    return [
        f"| `{command}`, {name} | {cells_of(c, BARS.get((command, name)))} |"
        for command, c in costs.items()
    ]


def evaluate_rows(name: str, cutoff: str, days: int, runs: int) -> tuple[str, dict[str, str]]:
    """Cost of `evaluate`, and its measures."""
    costs = []
    with tempfile.TemporaryDirectory() as place:
        config = settings_in(Path(place), name)
        out = Path(place) / "out"
        for _ in range(runs):
            arguments = ["evaluate", "-c", str(config), "--cutoff", cutoff]
            arguments += ["--horizon-days", str(days), "--out", str(out)]
            costs.append(run(arguments, Path(place)))
        found = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    task = f"{name}, {cutoff}, {days} days"
    rows = {}
    for target, measures in MEASURES.items():
        served = found["served"]["return" if target == "churn" else "value"]
        rows[target] = f"| {task} | {served} | {' | '.join(cells(found[target], measures))} |"
    return f"| `evaluate`, {task} | {cells_of(costs)} |", rows


def cells(found: dict[str, float | None], measures: tuple[str, ...]) -> list[str]:
    """Measures to four decimals, `-` where one is not defined."""
    return ["-" if found[m] is None else f"{found[m]:.4f}" for m in measures]


def main() -> None:
    """Measure and write the page."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    asked.add_argument("--runs", type=int, default=2)
    runs = asked.parse_args().runs
    data = bool(os.environ.get("PERENNIAL_DATA"))
    shops = ["cdnow", "complete_journey"] if data else ["cdnow"]
    cost_rows = [row for shop in shops for row in main_job_rows(shop, runs)]
    tables: dict[str, list[str]] = {target: [] for target in MEASURES}
    for name, cutoff, days in (t for t in TASKS if t[0] in shops):
        cost, rows = evaluate_rows(name, cutoff, days, runs)
        cost_rows.append(cost)
        for target, row in rows.items():
            tables[target].append(row)
    lines = [
        "# The main job: cost and accuracy",
        "",
        f"The best of {runs} runs by CPU, {os.cpu_count()} cores, Python",
        f"{platform.python_version()}; start-up and imports are in the seconds. `train` makes the",
        "model from nothing: the log is read, MLflow's tables are made. `backtest` holds all",
        "simple rules and buy-till-you-die models against the model. The bar is in seconds.",
        "",
        "| command | s | CPU s | peak MiB | bar |",
        "| --- | ---: | ---: | ---: | --- |",
        *cost_rows,
        "",
    ]
    for target, measures in MEASURES.items():
        lines += [
            f"## {target}",
            "",
            f"| task | served | {' | '.join(m.replace('_', ' ') for m in measures)} |",
            f"| --- | --- | {' | '.join('---:' for _ in measures)} |",
            *tables[target],
            "",
        ]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
