"""Seconds to fit the buy-till-you-die models to a million customers, and to ask them.

Run by `make bench`; writes `benchmarks/results/btyd.md`. The customers live by the Pareto/NBD story
for up to three years and half of them come back, so that no model is fitted to its own story but
one. Compiled code is loaded before the clock starts; the best of three runs is quoted, in wall
seconds, beside the CPU seconds of all threads.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))  # a program's own folder is on the path, the one above it is not

from models.btyd.counts import counts_of  # noqa: E402
from models.btyd.family import MODELS  # noqa: E402
from models.btyd.gamma_gamma import fit_gamma_gamma  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "btyd.md"
CUSTOMERS, RUNS = 1_000_000, 3
BARS = {"bg_nbd": 2.0, "mbg_nbd": 2.0, "pareto_nbd": 20.0, "mbg_cnbd_k": 20.0, "gamma_gamma": 2.0}
Float = NDArray[np.float64]


@dataclass(frozen=True)
class Spent:
    """The least seconds of a few runs, and what the last of them returned."""

    wall: float
    cpu: float
    result: Any


def customers(count: int) -> tuple[Float, Float, Float, Float]:
    """Return x, t_x, T (days) and mean spend of made customers; NaN without a repeat."""
    rng = np.random.default_rng(0)
    tenure = rng.integers(0, 1096, count).astype(np.float64)
    rate, death = rng.gamma(0.55, 1 / 74.0, count), rng.gamma(0.6, 1 / 300.0, count)
    life = np.minimum(rng.exponential(1.0 / death), tenure)
    x = rng.poisson(rate * life).astype(np.float64)
    # The latest of x purchases at uniform times of the life.
    latest = np.minimum(np.ceil(life * rng.random(count) ** (1 / np.maximum(x, 1.0))), tenure)
    t_x = np.where(x > 0, latest, 0.0)
    x = np.where(t_x > 0, np.minimum(x, t_x), 0.0)
    days = np.maximum(x, 1.0)
    spend = rng.gamma(6.25 * days) / days / rng.gamma(3.74, 1 / 15.44, count)
    return x, t_x, tenure, np.where(x > 0, spend, np.nan)


def best(do: Callable[[], Any], runs: int = RUNS) -> Spent:
    """Do it a few times."""
    spent = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        result = do()
        spent.append((time.perf_counter() - wall, time.process_time() - cpu))
    return Spent(min(w for w, _ in spent), min(c for _, c in spent), result)


def rows_of(count: int) -> list[str]:
    """Return the lines of the table."""
    x, t_x, tenure, spend = customers(count)
    some = slice(0, 2000)
    lines = []
    counting = best(lambda: counts_of(x, t_x, tenure))
    for name, (fit, _) in MODELS.items():
        warm = fit(counts_of(x[some], t_x[some], tenure[some]))
        warm.p_zero(x[some], t_x[some], tenure[some], 90)
        warm.expected_purchases(x[some], t_x[some], tenure[some], 365)
        made = best(lambda fit=fit: fit(counts_of(x, t_x, tenure)))  # type: ignore[misc]
        model = made.result
        zero = best(lambda m=model: m.p_zero(x, t_x, tenure, 90))  # type: ignore[misc]
        more = best(lambda m=model: m.expected_purchases(x, t_x, tenure, 365))  # type: ignore[misc]
        lines.append(line(name, made, f"{zero.wall:.2f}", f"{more.wall:.2f}"))
    fit_gamma_gamma(x[some], spend[some])
    made = best(lambda: fit_gamma_gamma(x, spend))
    worth = best(lambda: made.result.expected_value(x, spend))
    lines.append(line("gamma_gamma", made, "", f"{worth.wall:.2f}"))
    distinct = len(counting.result.weight)
    took = f"counting the {distinct:,} distinct histories takes {counting.wall:.2f} s"
    return [*lines, "", f"Of a fit, {took}; Gamma-Gamma has none to count."]


def line(name: str, made: Spent, zero: str, more: str) -> str:
    """Return one line of the table."""
    found = ", ".join(f"{k} {v:.4g}" for k, v in vars(made.result).items())
    met = "met" if made.wall <= BARS[name] else "missed"
    bar = f"{BARS[name]:.0f}, {met}"
    return f"| {name} | {made.wall:.2f} | {made.cpu:.2f} | {bar} | {zero} | {more} | {found} |"


def page(count: int) -> str:
    """Return the page of results."""
    head = "| model | fit, s | CPU s | bar, s | P(0 in 90 days), s | expected in 365, s | found |"
    versions = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    parts = [
        "# Buy-till-you-die models: seconds for many customers",
        "",
        f"{count:,} made customers, up to three years of history, lives by the Pareto/NBD story",
        "(r 0.55, alpha 74, s 0.6, beta 300; spend p 6.25, q 3.74, v 15.44). The fit includes",
        "counting the distinct histories; the asking is for every customer, for Gamma-Gamma the",
        f"expected spend per purchase day. Best of {RUNS} runs.",
        "",
        head,
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
        *rows_of(count),
        "",
        f"{versions}, numpy {np.__version__}.",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Measure and write the page; with fewer customers, for a quick try, only print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    count = parser.parse_args().customers
    text = page(count)
    if count == CUSTOMERS:
        RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
