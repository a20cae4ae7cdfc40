"""Predictions of perennial and its peers, measured against what came, and compared."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy_stats import (
    HIGHER_IS_BETTER,
    METRICS,
    QUANTILE,
    Gain,
    Measure,
    Truth,
    draws_of,
    gain_of,
    holm,
    measure,
    weights_of,
)
from benchmarks.accuracy_tasks import Task, lines_of, truth_at

Float = NDArray[np.float64]

OURS = "perennial"
SHOWN = (*METRICS, "ece", "bias")
COLUMN = {
    **dict.fromkeys(("auc", "log_loss", "brier", "ece"), "churn_probability"),
    **dict.fromkeys(
        ("norm_gini", "concordance", "rmse", "decile_mape", "abs_bias", "bias"), "predicted_clv"
    ),
    **{name: f"clv_p{name[-2:]}" for name in QUANTILE},
}
LEVELS = {"clv_p10": 0.1, "clv_p50": 0.5, "clv_p90": 0.9}
BAND = 2.576  # 99 % of a normal distribution


@dataclass(frozen=True)
class Judged:
    """A task with its truth and all predictions for it, in one order of customers.

    Attributes
    ----------
    customers : all with a line before the cutoff
    predicted : maker -> column -> array of shape (n,)
    failed : peers that gave nothing, and why
    """

    task: Task
    customers: pd.Index
    truth: Truth
    predicted: dict[str, dict[str, Float]]
    failed: dict[str, str]

    def measure(self, metric: str, maker: str) -> Measure | None:
        """A metric of a maker's prediction; None where the maker does not give it."""
        prediction = self.predicted[maker].get(COLUMN[metric])
        return None if prediction is None else measure(metric, self.truth, prediction)

    def table(self) -> dict[str, dict[str, float]]:
        """Maker -> metric -> figure, of the metrics that a maker gives."""
        equal = np.ones(len(self.customers))
        found: dict[str, dict[str, float]] = {}
        for maker in self.predicted:
            taken = {metric: self.measure(metric, maker) for metric in SHOWN}
            found[maker] = {m: f(equal) for m, f in taken.items() if f is not None}
        return found


def judge(task: Task, room: Path, *, ours: Path, peers: Path, failed: dict[str, str]) -> Judged:
    """Read the predictions of a task and hold them against its log.

    Raises
    ------
    ValueError
        If a maker left out a customer, or predicted what is no number.
    """
    truth = truth_at(lines_of(task.log, room), task.cutoff, task.horizon_days)
    files = {
        OURS: ours,
        **{p.stem.replace("-NBD", "/NBD"): p for p in sorted(peers.glob("*.parquet"))},
    }
    predicted = {maker: _columns(path, truth.index, task) for maker, path in files.items()}
    known = Truth(truth["churned"].to_numpy(float), truth["value"].to_numpy(float))
    return Judged(task, truth.index, known, predicted, failed)


def _columns(path: Path, customers: pd.Index, task: Task) -> dict[str, Float]:
    frame = pd.read_parquet(path)
    frame = frame.set_index(frame["customer_id"].astype(str))
    missing, extra = customers.difference(frame.index), frame.index.difference(customers)
    if len(missing) or len(extra):
        raise ValueError(
            f"{path} lacks {len(missing)} customers of {task.name} and has {len(extra)} others; "
            "make it anew"
        )
    names = [name for name in dict.fromkeys(COLUMN.values()) if name in frame]
    columns = {name: frame.loc[customers, name].to_numpy(float) for name in names}
    for name, values in columns.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{path}: {int((~np.isfinite(values)).sum())} {name} are no numbers")
    return columns


@dataclass(frozen=True)
class Comparison:
    """A metric on a data set: ours against the peers chosen for it.

    Attributes
    ----------
    peers : cutoff -> the peer that was best on the other cutoffs
    p_holm : p corrected for all comparisons
    """

    data: str
    metric: str
    gain: Gain
    peers: dict[str, str]
    p_holm: float = 1.0

    @property
    def verdict(self) -> str:
        """`better`, `worse` or `neither`, at 5 % after Holm's correction."""
        if self.p_holm >= 0.05:
            return "neither"
        return "better" if self.gain.gain > 0 else "worse"


def compare(judged: list[Judged], *, draws: int) -> list[Comparison]:
    """Compare on every data set by every metric, with one Holm correction over all."""
    tables = {one.task.name: one.table() for one in judged}
    by_data: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by_data[one.task.data].append(one)
    found: list[Comparison] = []
    for data, cutoffs in by_data.items():
        weights = weights_of([one.customers for one in cutoffs], draws=draws)
        for metric in METRICS:
            chosen = [best_elsewhere(one, judged, tables, metric) for one in cutoffs]
            ours = [one.measure(metric, OURS) for one in cutoffs]
            theirs = [one.measure(metric, c) for one, c in zip(cutoffs, chosen, strict=True) if c]
            if None in ours or None in theirs or len(theirs) < len(ours):
                continue
            results = [draws_of([m for m in some if m], weights) for some in (ours, theirs)]
            named = {str(one.task.cutoff): c for one, c in zip(cutoffs, chosen, strict=True) if c}
            found.append(Comparison(data, metric, gain_of(metric, *results), named))
            print(f"{data} {metric}", flush=True)
    corrected = holm([c.gain.p for c in found])
    return [
        Comparison(c.data, c.metric, c.gain, c.peers, float(p))
        for c, p in zip(found, corrected, strict=True)
    ]


def best_elsewhere(
    one: Judged, judged: list[Judged], tables: dict[str, dict[str, dict[str, float]]], metric: str
) -> str | None:
    """The peer of a task that is best by a metric where the task is not.

    That is: on the other cutoffs of the data set by the mean of the metric; for a data set of one
    cutoff, on the other tasks of its kind (CDNOW over 91 days for CDNOW over 273; the other made
    shops for a made shop) by the mean of the ranks, since amounts there have other scales.
    """
    others = [o.task for o in judged if o.task.data == one.task.data and o is not one]
    same = bool(others)
    others = others or [o.task for o in judged if _related(o.task, one.task) and o is not one]
    given = [m for m in one.predicted if m != OURS and metric in tables[one.task.name][m]]
    scores: dict[str, Float] = {}
    for maker in given:
        figures = [tables[o.name].get(maker, {}).get(metric, np.nan) for o in others]
        scores[maker] = np.array(figures) * (-1 if metric in HIGHER_IS_BETTER else 1)
    if not others or not scores:
        return None
    frame = pd.DataFrame(scores, index=[o.name for o in others]).replace([np.inf], np.nan)
    frame = frame if same else frame.rank(axis=1)
    # A peer that failed on one of the others is the worst there.
    frame = frame.apply(lambda row: row.fillna(row.max()), axis=1)
    return str(frame.mean().idxmin())


def _related(other: Task, task: Task) -> bool:
    """Whether the peers of a data set of one cutoff may be chosen by another task."""
    if task.log == "cdnow":
        return other.log == "cdnow"
    return other.log not in (task.log, "cdnow", "journey")


@dataclass(frozen=True)
class Interval:
    """A figure of ours with its 95 % interval by bootstrap over customers."""

    value: float
    low: float
    high: float


def interval(one: Judged, metric: str, *, draws: int) -> Interval | None:
    """One metric of ours on one task."""
    found = one.measure(metric, OURS)
    if found is None:
        return None
    drawn = draws_of([found], weights_of([one.customers], draws=draws))
    low, high = np.quantile(drawn[1:], (0.025, 0.975))
    return Interval(float(drawn[0]), float(low), float(high))


@dataclass(frozen=True)
class Coverage:
    """How far quantiles are off.

    Attributes
    ----------
    overall : worst violation of share(value < q) <= level <= share(value <= q), of all customers
    decile : worst violation in a predicted decile
    decile_over : worst excess of a decile's violation over what is allowed there: 5 points, or
        the 99 % band of a right model of its size
    """

    overall: float
    decile: float
    decile_over: float


def coverage(one: Judged, maker: str) -> Coverage | None:
    """Violations of a maker's quantiles."""
    columns = one.predicted[maker]
    if not {*LEVELS, "predicted_clv"} <= set(columns):
        return None
    t = one.truth.value
    everybody = np.arange(len(t))
    tenths = np.array_split(np.argsort(-columns["predicted_clv"], kind="stable"), 10)
    overall, decile, over = 0.0, 0.0, -1.0
    for name, level in LEVELS.items():
        overall = max(overall, _violation(t, columns[name], level, everybody))
        for rows in tenths:
            here = _violation(t, columns[name], level, rows)
            allowed = max(0.05, BAND * float(np.sqrt(level * (1 - level) / len(rows))))
            decile, over = max(decile, here), max(over, here - allowed)
    return Coverage(overall, decile, over)


def _violation(t: Float, q: Float, level: float, rows: NDArray[np.int64]) -> float:
    below, up_to = (t[rows] < q[rows]).mean(), (t[rows] <= q[rows]).mean()
    return float(max(below - level, level - up_to, 0.0))
