"""What a user would otherwise pick: every peer's predictions for a task, kept as Parquet.

    python -m benchmarks.peers [--room FOLDER] [--tasks NAME ...] [--trials N]

The peers run with public libraries (lifetimes, scikit-learn, XGBoost, Optuna) on perennial's own
features, which makes them as strong as they can be. They see nothing at or after the cutoff.
"""

import argparse
import datetime as dt
import json
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy_tasks import Task, digest_of, real_tasks, shop_tasks
from benchmarks.peer_btyd import Btyd, Fits, fit_btyd
from benchmarks.peer_learned import Learned, hurdle_quantiles, learn
from benchmarks.peer_quantiles import Quantiles, spread_of, with_mass_at_zero
from benchmarks.peer_rows import Lesson, lesson_of
from benchmarks.peer_rules import rule_churn, rule_value
from benchmarks.peer_trees import TRIALS

Float = NDArray[np.float64]

ROOM = Path("var/bench/accuracy")
LIBRARIES = ("lifetimes", "scikit-learn", "xgboost-cpu", "optuna", "numpy", "pandas")
_LEARNED: dict[tuple[str, dt.date, int, int], Learned] = {}
QUANTILE_COLUMNS = ("clv_p10", "clv_p50", "clv_p90")


def peers_of(task: Task, room: Path, *, trials: int = TRIALS) -> Path:
    """Predict for a task with every peer, or take what is kept.

    Returns
    -------
    Path
        Folder with `PEER.parquet` files (`customer_id`, and of `churn_probability`,
        `predicted_clv`, `clv_p10`, `clv_p50`, `clv_p90` what the peer gives) and `about.json`
    """
    folder = room / "peers" / task.name
    log = digest_of(task.log, room)
    kept = folder / "about.json"
    if kept.exists() and json.loads(kept.read_text(encoding="utf-8"))["log"] == log:
        return folder
    kept.unlink(missing_ok=True)
    started = time.process_time()
    folder.mkdir(parents=True, exist_ok=True)
    lesson = lesson_of(task, room)
    fits = _fits(lesson.now, lesson, lesson.horizon_days, {})
    then = [_fits(rows.features, lesson, lesson.observed_days, fits.failed) for rows in lesson.past]
    key = (task.log, task.cutoff, lesson.observed_days, trials)
    if key not in _LEARNED:  # the same windows teach two horizons where the longer is not closed
        _LEARNED[key] = learn(lesson, fits.columns(), [f.columns() for f in then], trials=trials)
    learned = _LEARNED[key]
    for name, columns in _predictions(lesson, fits, then[0], learned).items():
        frame = pd.DataFrame(columns, index=lesson.now.index).reset_index()
        frame.to_parquet(folder / f"{name.replace('/', '-')}.parquet", index=False)
    about = {
        "log": log,
        "failed": fits.failed,
        "observed_days": lesson.observed_days,
        "cutoffs": len(lesson.past),
        "rows": sum(len(rows.churned) for rows in lesson.past),
        "features": lesson.now.shape[1],
        "trials": trials,
        "cpu_seconds": round(time.process_time() - started),
        "versions": {name: version(name) for name in LIBRARIES},
    }
    kept.write_text(json.dumps(about, indent=1), encoding="utf-8")
    return folder


def _fits(
    features: pd.DataFrame, lesson: Lesson, horizon_days: int, failed: dict[str, str]
) -> Fits:
    observed = lesson.observed_days
    return fit_btyd(features, horizon_days=horizon_days, observed_days=observed, failed=failed)


def _predictions(
    lesson: Lesson, fits: Fits, then: Fits, learned: Learned
) -> dict[str, dict[str, Float]]:
    """Columns by peer; churn and value of different kinds are different peers."""
    ahead = Ahead(fits, lesson)
    found: dict[str, dict[str, Float]] = {}

    def give(name: str, **columns: Float) -> None:
        found.setdefault(name, {}).update(columns)

    def give_quantiles(name: str, quantiles: Quantiles) -> None:
        trio = (quantiles.p10, quantiles.p50, quantiles.p90)
        give(name, **dict(zip(QUANTILE_COLUMNS, trio, strict=True)))

    for name, p in {**rule_churn(lesson), **learned.churn}.items():
        give(name, churn_probability=ahead.churn(p))
    for name, v in rule_value(lesson).items():
        give(name, predicted_clv=v)
    for name, v in learned.value.items():
        give(name, predicted_clv=ahead.value(v))
    spreads = {name: _btyd_spread(one, lesson) for name, one in then.found.items()}
    for name, one in fits.found.items():
        give(name, churn_probability=one.nothing)
        if fits.mean_spend is not None:
            give(name, predicted_clv=one.value)
            if name in spreads:
                give_quantiles(name, _mass(one.nothing, one.value, spreads[name]))
    churn = found["XGBoost tuned"]["churn_probability"]
    hurdle = found["hurdle"]["predicted_clv"]
    give_quantiles("hurdle", hurdle_quantiles(learned, churn, hurdle / np.maximum(1 - churn, 1e-6)))
    q = learned.quantiles
    give_quantiles("quantile XGBoost", Quantiles(*(ahead.value(v) for v in (q.p10, q.p50, q.p90))))
    _blend(found, fits, learned)
    return found


class Ahead:
    """Carries what was learned over the observed days to the asked horizon.

    Where both are equal nothing is done. Else the ratio of expected purchases by BG/NBD (by
    another BTYD model where it failed, by the days where all did) multiplies value and -log of
    the churn probability.
    """

    def __init__(self, fits: Fits, lesson: Lesson) -> None:
        first = next((fits.found[n] for n in ("BG/NBD", "MBG/NBD") if n in fits.found), None)
        first = first or next(iter(fits.found.values()), None)
        days = lesson.horizon_days / lesson.observed_days
        self._same = lesson.horizon_days == lesson.observed_days
        self._ratio: Float = np.full(len(lesson.now), days)
        if first is not None:
            least = np.maximum(first.orders_observed, 1e-9)
            self._ratio = np.clip(first.orders / least, 1.0, days)

    def churn(self, probability: Float) -> Float:
        """Churn probability over the asked horizon."""
        return probability if self._same else np.clip(probability, 1e-9, 1.0) ** self._ratio

    def value(self, amount: Float) -> Float:
        """Value over the asked horizon."""
        return amount if self._same else amount * self._ratio


def _btyd_spread(one: Btyd, lesson: Lesson) -> Float:
    """Ratios of actual to expected spend of those who came back in the newest window."""
    newest = lesson.past[0]
    back = (newest.churned == 0) & (newest.value > 0)
    expected = one.value / np.maximum(1 - one.nothing, 1e-6)
    return spread_of(newest.value[back], expected[back])


def _mass(churn: Float, value: Float, spread: Float) -> Quantiles:
    return with_mass_at_zero(churn, value / np.maximum(1 - churn, 1e-6), spread)


def _blend(found: dict[str, dict[str, Float]], fits: Fits, learned: Learned) -> None:
    """The fixed blend: means of logits and of amounts, without chosen weights."""
    names = [n for n in ("Pareto/NBD", "MBG/NBD", "BG/NBD") if n in fits.found][:1]
    parts = [found[n]["churn_probability"] for n in ("logistic rich", "XGBoost tuned", *names)]
    clipped = [np.clip(p, 1e-4, 1 - 1e-4) for p in parts]
    logit = np.mean([np.log(p / (1 - p)) for p in clipped], axis=0)
    churn = 1 / (1 + np.exp(-logit))
    spends = [n for n in names if "predicted_clv" in found[n]]
    value = np.mean([found[n]["predicted_clv"] for n in ("hurdle", "Tweedie", *spends)], axis=0)
    q = hurdle_quantiles(learned, churn, value / np.maximum(1 - churn, 1e-6))
    found["blend"] = {
        "churn_probability": churn,
        "predicted_clv": value,
        **dict(zip(QUANTILE_COLUMNS, (q.p10, q.p50, q.p90), strict=True)),
    }


def main() -> None:
    """Compute what is missing."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--room", type=Path, default=ROOM)
    ask.add_argument("--tasks", nargs="*", default=[])
    ask.add_argument("--trials", type=int, default=TRIALS)
    given = ask.parse_args()
    tasks = {task.name: task for task in [*real_tasks(), *shop_tasks()]}
    for name, task in tasks.items():
        if not given.tasks or any(name.startswith(wanted) for wanted in given.tasks):
            print(name, flush=True)
            peers_of(task, given.room.resolve(), trials=given.trials)


if __name__ == "__main__":
    main()
