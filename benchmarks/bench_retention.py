"""Lists, readouts and uplift on shops whose truth is known, and on Hillstrom's e-mail test.

Run by `make bench`; writes `benchmarks/results/retention.md`. What is measured is kept in
`var/bench/retention`, one file a part, so that a part can be done again by itself:
`--parts lists uplift readouts intervals retraining hillstrom`; the page says how many runs it
rests on (`--seeds`, `--readouts`, `--shuffles`). `--quick` does few and small ones and only prints.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))  # a program's own folder is on the path, the one above it is not

from benchmarks import retention_hillstrom as mail  # noqa: E402
from benchmarks.retention_intervals import SIZES, interval_kinds  # noqa: E402
from benchmarks.retention_lists import (  # noqa: E402
    Scale,
    after_three_lists,
    against_oracle,
    retrained,
)
from benchmarks.retention_page import page  # noqa: E402
from benchmarks.retention_readouts import readouts  # noqa: E402
from benchmarks.retention_retraining import retrained_in_full  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "retention.md"
KEPT = ROOT / "var" / "bench" / "retention"
# The learners' parameters were chosen on shops 0 to 3.
FIRST_SEED = 100


@dataclass(frozen=True)
class Runs:
    """How much is run."""

    seeds: int = 20
    readouts: int = 500
    shuffles: int = 50
    scale: Scale = field(default_factory=Scale)

    @property
    def shops(self) -> range:
        """Seeds of the shops."""
        return range(FIRST_SEED, FIRST_SEED + self.seeds)


QUICK = Runs(seeds=3, readouts=40, shuffles=3, scale=Scale(20_000, 4_000))


def lists(runs: Runs) -> dict[str, Any]:
    """Lists against oracles; also where more of a customer is told by no feature."""
    return {
        "usual": [against_oracle(s, runs.scale) for s in runs.shops],
        "hidden": [against_oracle(s, runs.scale, hidden=(0.4, 0.3)) for s in runs.shops],
    }


def uplift(runs: Runs) -> dict[str, Any]:
    """Re-ranking after three randomised lists."""
    return {"x": [after_three_lists(s, runs.scale) for s in runs.shops]}


def many_readouts(runs: Runs) -> dict[str, Any]:
    """Readouts without an effect and with one of 5 points."""
    return {str(points): readouts(points, runs.readouts, runs.scale) for points in (0, 5)}


def intervals(runs: Runs) -> dict[str, Any]:
    """Intervals of skewed profits."""
    return {
        f"{held:,} and {contacted:,}": interval_kinds(held, contacted, 2 * runs.readouts)
        for held, contacted in SIZES
    }


def retraining(runs: Runs) -> dict[str, Any]:
    """Risk told after a successful list: by trees alone, and by the training job's own path."""
    some = runs.shops[: max(1, len(runs.shops) * 2 // 5)]
    return {
        "shops": [retrained(s, runs.scale) for s in runs.shops],
        "customers": runs.scale.listed,
        "in_full": [retrained_in_full(s, runs.scale.listed) for s in some],
    }


def hillstrom(runs: Runs) -> dict[str, Any]:
    """The e-mail test; empty where it is not at hand."""
    frame = mail.hillstrom()
    if frame is None:
        return {}
    told = {
        learner: {arm: mail.halves(frame, name, learner) for arm, name in mail.ARMS.items()}
        for learner in ("x", "t", "class")
    }
    on = [mail.shuffled(frame, "x", seed) for seed in range(runs.shuffles)]
    return {"halves": told, "shuffled_on": int(sum(on)), "shuffles": len(on)}


PARTS: dict[str, Callable[[Runs], dict[str, Any]]] = {
    "lists": lists,
    "uplift": uplift,
    "readouts": many_readouts,
    "intervals": intervals,
    "retraining": retraining,
    "hillstrom": hillstrom,
}


def main() -> None:
    """Measure the parts asked for and write the page of all that is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="*", choices=sorted(PARTS), default=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    for name in ("seeds", "readouts", "shuffles"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Runs(), name))
    asked = parser.parse_args()
    runs = Runs(asked.seeds, asked.readouts, asked.shuffles)
    if not asked.quick:
        KEPT.mkdir(parents=True, exist_ok=True)
        text = measured(asked.parts, runs, KEPT)
        RESULTS.write_text(text, encoding="utf-8")
        sys.stdout.write(text)
        return
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(measured(asked.parts, QUICK, Path(folder)))


def measured(parts: list[str], runs: Runs, folder: Path) -> str:
    """Do the parts, keep what they told, and return the page of all parts kept."""
    for name in parts:
        sys.stderr.write(f"{name}\n")
        told = json.dumps(PARTS[name](runs), indent=1)
        (folder / f"{name}.json").write_text(told + "\n", encoding="utf-8")
    kept = {n: folder / f"{n}.json" for n in PARTS}
    return page({n: json.loads(p.read_text("utf-8")) for n, p in kept.items() if p.is_file()})


if __name__ == "__main__":
    main()
