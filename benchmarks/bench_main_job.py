"""Times and memory of the main job's commands, and how well `evaluate` predicts.

Run by `make bench`; writes `benchmarks/results/main_job.md`. Each command runs as a process of its
own, three times, in a folder of its own; medians are quoted. Complete Journey is measured where
`PERENNIAL_DATA` names its folder.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "main_job.md"
RUNS = 3
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
    """Wall seconds and peak memory of one process."""

    seconds: float
    peak_mib: float


def run(arguments: list[str], folder: Path) -> Cost:
    """Run a command of perennial and give what it cost."""
    program = [sys.executable, "-c", CHILD, *arguments]
    started = time.monotonic()
    done = subprocess.run(
        program, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr[-500:]}")
    return Cost(time.monotonic() - started, float(done.stderr.rsplit("peak", 1)[1]) / 1024)


# Tells its own peak resident memory when the command has ended.
CHILD = """
import resource, sys
import perennial
code = perennial.main(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def median(costs: list[Cost]) -> str:
    """Median seconds and memory as two cells."""
    seconds = statistics.median(c.seconds for c in costs)
    return f"{seconds:.1f} | {statistics.median(c.peak_mib for c in costs):,.0f}"


def settings_in(folder: Path, name: str) -> Path:
    """Copy the settings of a shop, with its log found from anywhere."""
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("configs/data", str(ROOT / "configs" / "data")), encoding="utf-8")
    return path


def main_job_rows(name: str) -> list[str]:
    """Cost of `train` and of `score`."""
    costs: dict[str, list[Cost]] = {"train": [], "score": []}
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as place:
            config = settings_in(Path(place), name)
            for command, list_of in costs.items():
                list_of.append(run([command, "-c", str(config)], Path(place)))
    return [f"| `{command}`, {name} | {median(c)} |" for command, c in costs.items()]


def evaluate_rows(name: str, cutoff: str, days: int) -> tuple[str, dict[str, str]]:
    """Cost of `evaluate`, and its measures."""
    costs = []
    with tempfile.TemporaryDirectory() as place:
        config = settings_in(Path(place), name)
        out = Path(place) / "out"
        for _ in range(RUNS):
            arguments = ["evaluate", "-c", str(config), "--cutoff", cutoff]
            arguments += ["--horizon-days", str(days), "--out", str(out)]
            costs.append(run(arguments, Path(place)))
        found = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    task = f"{name}, {cutoff}, {days} days"
    rows = {}
    for target, measures in MEASURES.items():
        served = found["served"]["return" if target == "churn" else "value"]
        rows[target] = f"| {task} | {served} | {' | '.join(cells(found[target], measures))} |"
    return f"| `evaluate`, {task} | {median(costs)} |", rows


def cells(found: dict[str, float | None], measures: tuple[str, ...]) -> list[str]:
    """Measures to four decimals, `-` where one is not defined."""
    return ["-" if found[m] is None else f"{found[m]:.4f}" for m in measures]


def main() -> None:
    """Measure and write the page."""
    data = bool(os.environ.get("PERENNIAL_DATA"))
    tasks = [t for t in TASKS if data or t[0] == "cdnow"]
    cost_rows = main_job_rows("cdnow")
    tables: dict[str, list[str]] = {target: [] for target in MEASURES}
    for task in tasks:
        cost, rows = evaluate_rows(*task)
        cost_rows.append(cost)
        for target, row in rows.items():
            tables[target].append(row)
    lines = [
        "# The main job: cost and accuracy",
        "",
        f"Medians of {RUNS} runs on {os.cpu_count()} cores, Python {platform.python_version()};",
        "start-up and imports are in the seconds.",
        "",
        "| command | seconds | peak MiB |",
        "| --- | ---: | ---: |",
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
