"""Each member's measures with intervals, and how far the model is ahead of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval
from training.resampled import DRAWS, MEASURES, Resampled, resample
from training.results import MODEL, FoldOutcome

Floats = NDArray[np.float64]

LEVEL = 0.95
MEAN = "mean"
"""Name of the mean over the cutoffs, where a cutoff's day would stand."""

BETTER, WORSE, OPEN = "model better", "model worse", "no difference shown"
HIGHER_IS_BETTER = ("auc", "pr_auc", "concordance", "norm_gini", "spearman")
_NOT_BELOW_ZERO = (
    "auc",
    "pr_auc",
    "log_loss",
    "brier",
    "ece",
    "concordance",
    "decile_mape",
    "rmse",
)
_NOT_ABOVE_ONE = ("auc", "pr_auc", "brier", "ece", "concordance", "norm_gini", "spearman")


@dataclass(frozen=True)
class Cell:
    """One measure of one member at one cutoff, or its mean over the cutoffs.

    Attributes
    ----------
    when : the cutoff's day, or "mean"
    target : "churn" or "value"
    value : the measure and its interval
    gain : by how much the model is better, in the measure's own unit, above zero where it is;
        None for the model itself, where there is no model, and where either is not defined. The
        bias is compared by its size, the sign left aside.
    """

    when: str
    target: str
    member: str
    measure: str
    value: Interval
    gain: Interval | None

    @property
    def verdict(self) -> str | None:
        """Whether the interval of the gain leaves out zero, and on which side; None without one."""
        if self.gain is None:
            return None
        if self.gain.above_zero:
            return BETTER
        return WORSE if self.gain.below_zero else OPEN


@dataclass(frozen=True)
class Comparison:
    """Cells of every member, measure and cutoff, and of the mean over the cutoffs.

    The mean is over the cutoffs with a model, where there is one at any; `mean_of` tells which.
    """

    cells: list[Cell]
    mean_of: list[str]
    seed: int
    draws: int

    def at(self, when: str, target: str) -> dict[str, dict[str, Cell]]:
        """Member -> measure -> cell, the model first."""
        found: dict[str, dict[str, Cell]] = {}
        for cell in self.cells:
            if (cell.when, cell.target) == (when, target):
                found.setdefault(cell.member, {})[cell.measure] = cell
        return dict(sorted(found.items(), key=lambda item: item[0] != MODEL))


def compare(folds: list[FoldOutcome], *, seed: int = 0, draws: int = DRAWS) -> Comparison:
    """Measure and compare all members by a paired bootstrap over customers.

    Parameters
    ----------
    folds : what a backtest found; without any the comparison has no cell
    seed, draws : of the resampling
    """
    if not folds:
        return Comparison([], [], seed, draws)
    drawn = resample(folds, seed=seed, draws=draws)
    days = [f.cutoff.isoformat() for f in folds]
    modelled = [i for i, f in enumerate(folds) if MODEL in f.churn_probability]
    pooled = modelled or list(range(len(folds)))
    groups = {day: [i] for i, day in enumerate(days)} | {MEAN: pooled}
    cells = [
        cell
        for when, group in groups.items()
        for target in MEASURES
        for cell in _cells(drawn, when, target, group)
    ]
    return Comparison(cells, [days[i] for i in pooled], seed, draws)


def records(comparison: Comparison) -> list[dict[str, Any]]:
    """The cells as flat records, for JSON or a table."""
    return [
        {
            "when": c.when,
            "target": c.target,
            "member": c.member,
            "measure": c.measure,
            **cell_values(c),
        }
        for c in comparison.cells
    ]


def cell_values(cell: Cell) -> dict[str, float | str | None]:
    """The measure, the model's gain, both with their intervals, and the verdict."""
    gain = cell.gain
    return {
        "value": cell.value.mean,
        "low": cell.value.low,
        "high": cell.value.high,
        "gain": None if gain is None else gain.mean,
        "gain_low": None if gain is None else gain.low,
        "gain_high": None if gain is None else gain.high,
        "verdict": cell.verdict,
    }


def _cells(drawn: Resampled, when: str, target: str, group: list[int]) -> list[Cell]:
    members = drawn.members[target]
    points = drawn.points[target][group]
    draws = drawn.draws[target][:, group]
    own = members.index(MODEL) if MODEL in members else None
    found = []
    for m, member in enumerate(members):
        if np.isnan(points[:, m]).all():
            continue
        for k, measure in enumerate(MEASURES[target]):
            value = _interval(points[:, m, k], draws[:, :, m, k], drawn.shrink)
            gain = None
            if own is not None and m != own:
                ahead, ahead_draws = (
                    _goodness(measure, a[..., own, k]) - _goodness(measure, a[..., m, k])
                    for a in (points, draws)
                )
                gain = _interval(ahead, ahead_draws, drawn.shrink)
            shown = None if gain is None or np.isnan(gain.low) else gain
            found.append(Cell(when, target, member, measure, _within(measure, value), shown))
    return found


def _goodness(measure: str, values: Floats) -> Floats:
    if measure == "bias":
        return -np.abs(values)
    return values if measure in HIGHER_IS_BETTER else -values


def _interval(points: Floats, draws: Floats, shrink: float) -> Interval:
    """Mean over folds, and its percentile interval, moved so that it is about the mean.

    A calibration error is greater on every resample than on the customers themselves, so the plain
    percentiles could leave out the very number that they belong to.

    Parameters
    ----------
    points : shape (n_folds,); draws : shape (n_draws, n_folds)
    """
    defined = np.isfinite(points)
    if not defined.any():
        return Interval(np.nan, np.nan, np.nan)
    mean = float(points[defined].mean())
    means = draws[:, defined].mean(axis=1)
    means = means[np.isfinite(means)]
    if len(means) < max(2, len(draws) // 2):
        return Interval(mean, np.nan, np.nan)
    spread = (means - means.mean()) * shrink
    low, high = np.quantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, mean + float(low), mean + float(high))


def _within(measure: str, interval: Interval) -> Interval:
    """The interval without what the measure cannot be."""
    low, high = interval.low, interval.high
    if measure in _NOT_BELOW_ZERO:
        low = max(low, 0.0)
    if measure in _NOT_ABOVE_ONE:
        high = min(high, 1.0)
    return Interval(interval.mean, low, high)
