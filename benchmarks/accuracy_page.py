"""The page of what `bench_accuracy.py` found, as Markdown."""

import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.accuracy_results import OURS, Comparison, Coverage, Interval
from benchmarks.accuracy_stats import HIGHER_IS_BETTER, METRICS

PACKAGES = ("lifetimes", "optuna", "scikit-learn", "xgboost-cpu", "numpy", "pandas")
WORDS = {
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "ECE",
    "norm_gini": "norm. Gini",
    "concordance": "concordance",
    "rmse": "RMSE",
    "decile_mape": "decile MAPE",
    "abs_bias": "abs. bias",
    "bias": "bias",
    "pinball_10": "pinball 0.1",
    "pinball_50": "pinball 0.5",
    "pinball_90": "pinball 0.9",
}
AIMED = ("auc", "log_loss", "brier", "ece", "norm_gini", "abs_bias", "decile_mape", "rmse")
# What the best peer of each metric alone reaches in hindsight, and the aim.
AIMS: dict[str, tuple[tuple[float, float], ...]] = {
    "cdnow_273@1997-10-01": (
        *((0.772, 0.774), (0.497, 0.492), (0.161, 0.159), (0.034, 0.020)),
        *((0.724, 0.727), (0.10, 0.05), (0.108, 0.09), (93.0, 92.8)),
    ),
    "cdnow_91@1997-10-01": (
        *((0.779, 0.780), (0.381, 0.380), (0.1161, 0.1158), (0.011, 0.010)),
        *((0.689, 0.692), (0.06, 0.05), (0.082, 0.08), (43.3, 43.2)),
    ),
    "journey_90@2017-09-28": (
        *((0.915, 0.917), (0.147, 0.145), (0.0426, 0.0423), (0.015, 0.013)),
        *((0.873, 0.875), (0.02, 0.02), (0.042, 0.042), (257.0, 255.0)),
    ),
}
SEASON, PLACEBO = "seasonal_retail", "seasonless"
INTRODUCTION = """
perennial runs as a user would run it: `perennial evaluate`, a process a cutoff, with settings that
name only source, format and columns, the clock and the horizons. Its `predictions.parquet` is
measured against what the purchase log says came after the cutoff. Nobody sees anything at or after
the cutoff.

**Peers** are what a user would otherwise pick: simple rules (recency, past rate, no purchase in X
days, each scaled by Platt on the newest closed window; past rate x order value, last-horizon spend
and formula CLV, as they come and at the newest window's level), lifetimes' BG/NBD, MBG/NBD and
Pareto/NBD with exact P(no purchase) and Gamma-Gamma, logistic regression on log features with its
penalty found over folds, ridge on log value, XGBoost as it comes and tuned (30 Optuna trials that
are cut short where they are worse than the median, 3 folds by customer, trees counted by early
stopping, mean of 3 seeds), a hurdle (tuned P(return) x tuned log spend with smearing), Tweedie,
quantile XGBoost, and a fixed blend (mean of logits of logistic regression, tuned XGBoost and
Pareto/NBD; mean amount of hurdle, Tweedie and Pareto/NBD). They get perennial's own features of
purchase history, about sixty, and the trees the BTYD outputs too, over up to three stacked cutoffs,
which makes them as strong as they can be; tuning sees up to 12,000 rows of whole customers. Where
the log closes no window of the horizon they learn windows of a third of the log (91 days for CDNOW
over 273), carried to the horizon by the ratio of BG/NBD expectations. Quantiles of BTYD models,
hurdle and blend are a mass at zero and the residuals of customers who came back.

**Against whom**: per metric and cutoff the peer that is best on the data set's other cutoffs; for a
data set of one cutoff, on CDNOW over 91 days or on the other made shops, by mean rank. So the peer
is not chosen in hindsight, and may be another one for each metric.

**Significance**: paired bootstrap over customers, {draws:,} draws, a customer drawn for all cutoffs
at once; p two-sided, from a normal distribution with the bootstrap's standard error (a thousand
draws alone tell no p below 0.002) and at least twice the smaller share of draws beyond zero; Holm's
correction over all {many} comparisons of this page; 5 %. Intervals are 95 % percentiles of the
draws, uncorrected. A gain is above zero where perennial is better.

The made shops (`benchmarks/shops.py`) are drawn with a seed on which nothing was tuned.
"""


@dataclass(frozen=True)
class Quantiles:
    """Coverage on a task: ours, and that of the peer with the best pinball losses there."""

    task: str
    ours: Coverage | None
    peer: str
    theirs: Coverage | None


@dataclass(frozen=True)
class Found:
    """Everything measured.

    Attributes
    ----------
    draws : bootstrap draws
    comparisons : of every data set and metric
    tables : task -> maker -> metric -> figure
    intervals : task -> metric -> ours, of the tasks with aims
    quantiles : of every task
    failed : task -> peer -> why it gave nothing
    missing : data sets that could not be measured here, and why
    """

    draws: int
    comparisons: list[Comparison]
    tables: dict[str, dict[str, dict[str, float]]]
    intervals: dict[str, dict[str, Interval]]
    quantiles: list[Quantiles]
    failed: dict[str, dict[str, str]]
    missing: list[str]


def page(found: Found) -> str:
    """The whole page."""
    parts = [
        "# Accuracy against the peers",
        "Written by `python benchmarks/bench_accuracy.py`, which is part of `make bench`.",
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        + ".",
        *found.missing,
        INTRODUCTION.strip().format(draws=found.draws, many=len(found.comparisons)),
        "## In short",
        _short(found),
        "## Aims",
        _aims(found),
        "## Season",
        _season(found),
        "## Quantiles",
        _quantiles(found.quantiles),
        "## Data set by data set",
        *_data_sets(found.comparisons),
        "## Every figure of the real logs",
        *_figures(found),
        "## Where lifetimes failed",
        _failed(found.failed),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _short(found: Found) -> str:
    verdicts = [c.verdict for c in found.comparisons]
    rows = [
        [data, *(str(sum(c.verdict == v for c in some)) for v in ("better", "neither", "worse"))]
        for data, some in _by_data(found.comparisons)
    ]
    rows.append(["**all**", *(str(verdicts.count(v)) for v in ("better", "neither", "worse"))])
    ahead = sum(c.gain.gain > 0 for c in found.comparisons)
    worse = [f"{c.data}: {WORDS[c.metric]}" for c in found.comparisons if c.verdict == "worse"]
    told = (
        f"Of {len(verdicts)} comparisons perennial is significantly better in "
        f"{verdicts.count('better')}, significantly worse in {verdicts.count('worse')}, and "
        f"neither in {verdicts.count('neither')}; it is ahead, by however little, in {ahead}."
    )
    goal = "The goal: none worse, at least half better."
    named = f"Worse: {'; '.join(worse)}." if worse else "Worse: none."
    table = _table(["data set", "better", "neither", "worse"], rows)
    return "\n\n".join([f"{told} {goal} {named}", table])


def _aims(found: Found) -> str:
    rows = []
    for task, pairs in AIMS.items():
        ours = found.intervals.get(task)
        if ours is None:
            continue
        for metric, (best, aim) in zip(AIMED, pairs, strict=True):
            if metric not in ours:
                continue
            mine = ours[metric]
            high = metric in HIGHER_IS_BETTER
            reached = [_reaches(mine.value, bar, high) for bar in (best, aim)]
            rows.append(
                [task, WORDS[metric], _number(mine.value), _between(mine.low, mine.high),
                 f"{best:g}", _yes(reached[0]), f"{aim:g}", _yes(reached[1])]
            )  # fmt: skip
    head = ["task", "metric", "perennial", "95 %", "best peer in hindsight", "reached", "aim"]
    told = (
        "The best peer here is that of each metric alone, known only in hindsight (of ECE that of "
        "the best by log loss, of bias that of the best by decile MAPE). "
        f"Of {len(rows)} aims {sum(row[-1] == 'yes' for row in rows)} are reached, of the bars of "
        f"the best peers {sum(row[5] == 'yes' for row in rows)}."
    )
    return f"{told}\n\n{_table([*head, 'reached'], rows)}" if rows else ""


def _season(found: Found) -> str:
    parts = []
    told = {
        SEASON: "Autumn cutoff of a shop with a strong autumn; wanted: |bias| at most 0.10, ECE at "
        "most 0.04.",
        PLACEBO: "The same without any season: what a correction for season costs where there is "
        "none; wanted: at most 2 % in log loss and RMSE against the best peer.",
    }
    for shop, words in told.items():
        tasks = sorted(name for name in found.tables if name.split("@")[0] == shop)
        if tasks:
            parts += [f"**{tasks[-1]}**: {words}", _season_table(found.tables[tasks[-1]])]
    return "\n\n".join(parts)


def _season_table(table: dict[str, dict[str, float]]) -> str:
    shown = ("bias", "ece", "auc", "log_loss", "norm_gini", "rmse")
    kept = {m: t for m, t in table.items() if not m.startswith(("no purchase", "XGBoost default"))}
    rows = [
        [maker, *(_number(figures.get(metric, math.nan)) for metric in shown)]
        for maker, figures in _ours_first(kept)
    ]
    return _table(["", *(WORDS[metric] for metric in shown)], rows)


def _quantiles(quantiles: Sequence[Quantiles]) -> str:
    rows = []
    for q in quantiles:
        if q.ours is None:
            continue
        theirs = [_number(q.theirs.overall), _number(q.theirs.decile)] if q.theirs else ["", ""]
        rows.append(
            [q.task, _number(q.ours.overall), _yes(q.ours.overall <= 0.02), _number(q.ours.decile),
             _yes(q.ours.decile_over <= 0), q.peer, *theirs]
        )  # fmt: skip
    told = (
        "For a level and its quantile q: share(value < q) <= level <= share(value <= q). Shown is "
        "the worst violation of 0.1, 0.5 and 0.9; wanted: at most 2 points over all, and in each "
        "predicted decile at most 5 points or the 99 % band of a right model of its size. The peer "
        "is the one with the least sum of pinball losses there. Pinball losses are compared below."
    )
    head = ["task", "overall", "held", "worst decile", "held", "peer", "its overall"]
    within = f"Held over all on {sum(r[2] == 'yes' for r in rows)} of {len(rows)} tasks, in every "
    within += f"decile on {sum(r[4] == 'yes' for r in rows)}."
    return f"{told} {within}\n\n{_table([*head, 'its worst decile'], rows)}"


def _data_sets(comparisons: Sequence[Comparison]) -> Iterable[str]:
    for data, some in _by_data(comparisons):
        rows = []
        for c in some:
            peers = ", ".join(dict.fromkeys(c.peers.values()))
            g = c.gain
            rows.append(
                [WORDS[c.metric], _number(g.ours), _number(g.theirs), peers, _signed(g.gain),
                 _between(g.low, g.high), f"{c.p_holm:.3f}", c.verdict]
            )  # fmt: skip
        cutoffs = ", ".join(some[0].peers)
        yield f"### {data}\n\nCutoffs: {cutoffs}. Figures are means over them."
        head = ["metric", "perennial", "peers", "which", "gain", "95 %", "p (Holm)", "verdict"]
        yield _table(head, rows)


def _figures(found: Found) -> Iterable[str]:
    for task, table in found.tables.items():
        if not task.startswith(("cdnow", "journey")):
            continue
        shown = (*METRICS[:3], "ece", *METRICS[3:7], "bias", *METRICS[8:])
        rows = [
            [maker, *(_number(figures.get(metric, math.nan)) for metric in shown)]
            for maker, figures in _ours_first(table)
        ]
        yield f"### {task}\n\n" + _table(["", *(WORDS[metric] for metric in shown)], rows)


def _failed(failed: dict[str, dict[str, str]]) -> str:
    rows = [[task, peer, why] for task, some in failed.items() for peer, why in some.items()]
    if not rows:
        return "None: lifetimes converged, with finite outputs, on every task."
    told = (
        "Each was tried with penalties of 0, 0.001 and 0.01. Where it failed the peer is left out."
    )
    return f"{told}\n\n{_table(['task', 'peer', 'why'], rows)}"


def _by_data(comparisons: Sequence[Comparison]) -> list[tuple[str, list[Comparison]]]:
    names = dict.fromkeys(c.data for c in comparisons)
    return [(name, [c for c in comparisons if c.data == name]) for name in names]


def _ours_first(
    table: dict[str, dict[str, float]],
) -> list[tuple[str, dict[str, float]]]:
    return sorted(table.items(), key=lambda item: (item[0] != OURS, item[0].lower()))


def _reaches(value: float, bar: float, high: bool) -> bool:
    """Whether a figure is at least as good as the bar."""
    return value >= bar if high else value <= bar


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + _number(value)


def _between(low: float, high: float) -> str:
    return f"{_number(low)} to {_number(high)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
