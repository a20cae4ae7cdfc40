"""Speed and memory of batch scoring: a million customers with intervals and reasons.

Run by `make bench`; writes `benchmarks/results/scoring.md`. The customers are CDNOW's, many times
over, each copy with other amounts, scored by the bundle that the default settings fit to CDNOW's
own. The peer is what XGBoost alone takes for the same trees and rows: the four `inplace_predict`
and the `pred_contribs` of return, on features that stand ready in memory. Both take turns in one
process, on two threads. `--customers N` is for a quick try; the page then goes to the screen alone.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))  # a program's own folder is on the path, the one above it is not

RESULTS = ROOT / "benchmarks" / "results" / "scoring.md"
CUSTOMERS = 1_000_000
BAR = 20_000
RUNS = 2
THREADS = 2
PEER_ROWS = 20_000  # a thread's share of work, as a range of customers is


@dataclass(frozen=True)
class Spent:
    """Wall and CPU seconds of a piece of work."""

    wall: float
    cpu: float


def write_lines(path: Path, customers: int) -> None:
    """CDNOW's purchases, as often as makes so many customers, each copy 1 % dearer."""
    import pandas as pd

    names = ["customer_id", "date", "cds", "amount"]
    source = ROOT / "configs" / "data" / "cdnow_master.txt.gz"
    lines = pd.read_csv(source, sep=r"\s+", header=0, names=names, dtype={"customer_id": str})
    day = pd.to_datetime(lines["date"].astype(str), format="%Y%m%d")
    copies = -(-customers // lines["customer_id"].nunique())
    parts = [
        pa.table(
            {
                "customer_id": pa.array(lines["customer_id"] + f"-{k:03d}", pa.string()),
                "ordered_at": pa.array(day),
                "quantity": pa.array(lines["cds"].astype(float)),
                "amount": pa.array((lines["amount"] * 1.01**k).round(2)),
            }
        )
        for k in range(copies)
    ]
    pq.write_table(pa.concat_tables(parts), path)


def fit_bundle(folder: Path) -> None:
    """Fit what the default settings would serve of CDNOW, and seal it into `folder`."""
    from configs.settings import load_settings
    from models.bundle import save_parts, seal
    from training.inputs import clock_of, horizons_of, limits_of, load, recipe_of

    settings = load_settings(folder.parent / "cdnow.yaml")
    log = load(settings).log
    fitted = recipe_of(settings, log).bundle(
        log.last_day + 1,
        horizons_of(settings),
        clock=clock_of(settings),
        risk_limits=limits_of(settings),
    )
    seal(folder, save_parts(fitted.bundle, folder), {})


def measure(room: Path) -> dict[str, Any]:
    """Score the log with and without silence dates, and let the bare trees take their turn."""
    from features.log.store import load_log
    from features.panel import snapshot
    from features.reading.source import PurchaseSource
    from models.bundle import load_bundle
    from retention.batch_job import score_shop
    from retention.scores import Eligibility

    source = PurchaseSource(str(room / "lines.parquet"))
    log = load_log(source, room / "log", room / "quarantine").log
    bundle, end = load_bundle(room / "bundle"), log.last_day + 1

    def scored(silence: bool) -> None:
        score_shop(
            log, room / "bundle", end, batch_id="bench", eligibility=Eligibility(), silence=silence
        )

    scored(True)  # what is compiled is compiled now, and what is read stands in memory
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    dense = bundle.churn.inputs(snapshot(log, end).features.reindex(columns=bundle.features)).dense
    found: dict[str, list[Spent]] = {"rows": [], "peer": [], "silence": []}
    for turn in range(RUNS):
        found["rows"].append(spent(lambda: scored(False)))
        found["peer"].append(spent(lambda: bare_trees(bundle, dense)))
        if turn == 0:
            found["silence"].append(spent(lambda: scored(True)))
    return {
        "customers": len(dense),
        "lines": log.n_lines,
        "columns": dense.shape[1],
        "rounds": [score.booster.num_boosted_rounds() for score in scores_of(bundle)],
        "peak": peak,
        **{name: vars(min(of, key=lambda s: s.cpu)) for name, of in found.items()},
    }


def spent(do: Callable[[], None]) -> Spent:
    """Do it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    do()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def scores_of(bundle: Any) -> list[Any]:
    """The scores with trees that are served within the churn horizon."""
    model = bundle.churn
    found = [model.returns.score, model.value.spend, model.value.total, model.orders.score]
    return [score for score in found if score is not None]


def bare_trees(bundle: Any, dense: Any) -> None:
    """What XGBoost takes for the same trees: every margin, and what each feature adds to return."""
    import xgboost as xgb

    boosters = [score.booster for score in scores_of(bundle)]

    def one(start: int) -> None:
        rows = dense[start : start + PEER_ROWS]
        for booster in boosters:
            booster.inplace_predict(rows, predict_type="margin", validate_features=False)
        matrix = xgb.DMatrix(rows, nthread=1)
        boosters[0].predict(matrix, pred_contribs=True, validate_features=False)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(0, len(dense), PEER_ROWS)))


def page(found: dict[str, Any]) -> str:
    """The page of results."""
    n = found["customers"]
    rows = {
        "scores, intervals and reasons": found["rows"],
        "the same and silence dates": found["silence"],
        "XGBoost alone, the same trees": found["peer"],
    }
    rate = n / found["rows"]["wall"]
    met = "met" if rate >= BAR else "missed"
    ratio = found["rows"]["cpu"] / found["peer"]["cpu"]
    versions = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        "# Batch scoring: seconds for many customers",
        "",
        f"{n:,} customers with {found['lines']:,} purchase lines (CDNOW's, many times over, each",
        "copy with other amounts), scored by the bundle that the default settings fit to CDNOW:",
        f"{found['columns']} columns, trees of {', '.join(map(str, found['rounds']))} rounds.",
        "From the kept log to a frame of score rows: features, probabilities, values and their",
        "quantiles, dates of the next order, tiers, five reasons in sentences. The best of",
        f"{RUNS} runs by CPU ({versions}, two threads); silence dates once.",
        "",
        "| work | s | CPU s | customers/s | customers a CPU s |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {cost['wall']:.1f} | {cost['cpu']:.1f} | {n / cost['wall']:,.0f} | "
            f"{n / cost['cpu']:,.0f} |"
            for name, cost in rows.items()
        ),
        "",
        f"The bar is {BAR:,} customers/s with intervals and reasons on two cores: {met}. All of it",
        f"takes {ratio:.1f} times the CPU of the bare trees, `inplace_predict` of each and",
        "`pred_contribs` of return on rows that stand ready. Peak memory of the process that",
        f"scores is {found['peak']:,.0f} MiB, the held log and the frame of rows included.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure in a process of its own, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    asked.add_argument("--customers", type=int, default=CUSTOMERS)
    asked.add_argument("--in", dest="room", type=Path, help="a folder that was prepared by a run")
    told = asked.parse_args()
    if told.room:
        print(json.dumps(measure(told.room)))
        return
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        settings = (ROOT / "configs" / "cdnow.yaml").read_text(encoding="utf-8")
        shipped = settings.replace("configs/data", str(ROOT / "configs" / "data"))
        (room / "cdnow.yaml").write_text(shipped, encoding="utf-8")
        write_lines(room / "lines.parquet", told.customers)
        fit_bundle(room / "bundle")
        done = subprocess.run(
            [sys.executable, __file__, "--in", str(room)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"scoring ended with {done.returncode}: {done.stderr[-1500:]}")
        text = page(json.loads(done.stdout.splitlines()[-1]))
    print(text)
    if told.customers == CUSTOMERS:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
