"""Pictures of a training result: calibration, gains, value deciles, comparison, importance.

Figures are made without pyplot, so nothing global is opened, kept or shown. Colours are those of
Okabe and Ito, which colour-blind readers can tell apart; line styles and markers differ as well.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from models.metrics import decile_sums
from training.results import (
    MODEL,
    FoldOutcome,
    TrainingResult,
    fold_metrics,
    mean_metrics,
)

Floats = NDArray[np.float64]

CAPTIONS = {
    "calibration": "Calibration: of the customers given a probability, how many did not return",
    "gains": "Cumulative gains: share of the lost customers found when the riskiest come first",
    "value_deciles": "Value by predicted tenth of the customers: predicted against what came",
    "comparison": "perennial's model against the simple rules, mean over the backtest",
    "importance": "What the return model looks at most",
}
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
_RULE_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_RULE_LINES = ("--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
_COMPARED = (
    ("churn", "auc", "AUC (higher is better)"),
    ("churn", "log_loss", "log loss (lower is better)"),
    ("value", "concordance", "value concordance (higher is better)"),
    ("value", "decile_mape", "value decile error (lower is better)"),
)
_TOP_FEATURES = 20


def save_plots(result: TrainingResult, out_dir: Path) -> list[Path]:
    """Draw every picture that the result has numbers for.

    Returns
    -------
    list of PNG paths in the order of `CAPTIONS`, the stem being its key; the backtest's pictures
    are left out where there is no fold, the importance where none is known
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    draws: dict[str, Callable[[Figure], None]] = {}
    if result.folds:
        draws = {
            "calibration": lambda figure: _calibration(figure, result.folds),
            "gains": lambda figure: _gains(figure, result.folds),
            "value_deciles": lambda figure: _value_deciles(figure, result.folds),
            "comparison": lambda figure: _comparison(figure, result.folds),
        }
    if result.importance:
        draws["importance"] = lambda figure: _importance(figure, result.importance)
    return [_save(draw, out_dir / f"{name}.png") for name, draw in draws.items()]


def readable(name: str) -> str:
    """Name of a member or feature as a reader sees it."""
    return "perennial's model" if name == MODEL else name.replace("_", " ")


def calibration_curve(
    churned: Floats, churn_probability: Floats, bins: int = 10
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Mean probability, churn rate and customers of equal-width bins; NaN in an empty bin."""
    bin_of = np.minimum((churn_probability * bins).astype(np.int64), bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    sums = [np.bincount(bin_of, weights=w, minlength=bins) for w in (churn_probability, churned)]
    predicted, actual = (
        np.divide(s, counts, out=np.full(bins, np.nan), where=counts > 0) for s in sums
    )
    return predicted, actual, counts


def gains_curve(churned: Floats, churn_probability: Floats, grid: Floats) -> Floats:
    """Share of all churned customers among the first `grid` share of customers, riskiest first."""
    found = np.cumsum(churned[np.argsort(-churn_probability, kind="stable")])
    if not len(found) or found[-1] == 0:
        return np.full(len(grid), np.nan)
    share = np.arange(len(found) + 1) / len(found)
    return np.asarray(np.interp(grid, share, np.concatenate([[0.0], found]) / found[-1]))


def _save(draw: Callable[[Figure], None], path: Path) -> Path:
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    draw(figure)
    # Without a software note the same numbers give the same bytes.
    figure.savefig(path, format="png", dpi=110, metadata={"Software": None})
    return path


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=10, loc="left")


def _calibration(figure: Figure, folds: list[FoldOutcome]) -> None:
    curve, counts_below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    churned = np.concatenate([fold.churned for fold in folds])
    predicted, actual, counts = calibration_curve(
        churned, np.concatenate([fold.churn_probability[MODEL] for fold in folds])
    )
    curve.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="exactly right")
    curve.plot(predicted, actual, color=BLUE, marker="o", label=readable(MODEL))
    curve.set(ylabel="share that did not return", xlim=(0, 1), ylim=(0, 1))
    _title(curve, f"Calibration of the churn probability, {_backtest(folds)}")
    curve.legend(frameon=False)
    counts_below.bar(np.arange(10) / 10 + 0.05, counts, width=0.09, color=BLUE)
    counts_below.set(xlabel="churn probability given", ylabel="customers")
    for axes in (curve, counts_below):
        axes.yaxis.set_major_formatter(PercentFormatter(1.0) if axes is curve else "{x:,.0f}")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        _plain(axes)


def _gains(figure: Figure, folds: list[FoldOutcome]) -> None:
    axes = figure.subplots()
    grid = np.linspace(0, 1, 101)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1, label="at random")
    for index, member in enumerate(_members(folds, "churn")):
        curves = [
            gains_curve(fold.churned, fold.churn_probability[member], grid)
            for fold in folds
            if member in fold.churn_probability
        ]
        defined = [curve for curve in curves if np.isfinite(curve).all()]
        if defined:
            axes.plot(grid, np.mean(defined, axis=0), label=readable(member), **_line(index))
    axes.set(xlabel="customers contacted, riskiest first", ylabel="lost customers among them")
    _title(axes, f"Cumulative gains, {_backtest(folds)}")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(frameon=False, fontsize=8)
    _plain(axes)


def _value_deciles(figure: Figure, folds: list[FoldOutcome]) -> None:
    axes = figure.subplots()
    sums = [decile_sums(fold.future_value, fold.predicted_clv[MODEL]) for fold in folds]
    actual, predicted = (np.sum([pair[side] for pair in sums], axis=0) for side in (0, 1))
    place = np.arange(1, 11)
    axes.bar(place - 0.2, predicted, width=0.4, color=BLUE, label="predicted")
    axes.bar(
        place + 0.2,
        actual,
        width=0.4,
        color=ORANGE,
        hatch="//",
        alpha=0.9,
        label="came",
    )
    axes.set(xlabel="tenth of the customers, highest predicted first", ylabel="total value")
    _title(axes, f"Predicted value against what came, {_backtest(folds)}")
    axes.set_xticks(place)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False)
    _plain(axes)


def _comparison(figure: Figure, folds: list[FoldOutcome]) -> None:
    means = mean_metrics(fold_metrics(fold) for fold in folds)
    for axes, (target, measure, title) in zip(figure.subplots(2, 2).flat, _COMPARED, strict=True):
        members = _members(folds, target)[::-1]
        values = [means[target][member][measure] for member in members]
        for place, (member, value) in enumerate(zip(members, values, strict=True)):
            _point(axes, value, place, own=member == MODEL)
        axes.set_yticks(range(len(members)), [readable(member) for member in members], fontsize=8)
        axes.set_ylim(-0.6, len(members) - 0.4)
        axes.set_title(title, fontsize=9)
        axes.margins(x=0.15)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(axis="x", labelsize=8)
        _plain(axes)
    figure.suptitle(f"Model and simple rules, {_backtest(folds)}", fontsize=10)


def _point(axes: Axes, value: float, place: int, *, own: bool) -> None:
    if not np.isfinite(value):
        return
    colour, marker = (BLUE, "o") if own else (ORANGE, "s")
    axes.plot(value, place, marker=marker, color=colour, markersize=7)
    label: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": 7}
    axes.annotate(f"{value:.4f}", (value, place), xytext=(0, 7), **label)


def _importance(figure: Figure, importance: dict[str, float]) -> None:
    axes = figure.subplots()
    top = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:_TOP_FEATURES][::-1]
    axes.barh([readable(name) for name, _ in top], [value for _, value in top], color=BLUE)
    axes.set(xlabel="mean absolute contribution to the return model")
    _title(axes, "What the return model looks at most")
    axes.tick_params(axis="y", labelsize=8)
    _plain(axes)


def _members(folds: list[FoldOutcome], target: str) -> list[str]:
    """Names in the folds, the model first, rules in the order in which they appear."""
    predictions = [f.churn_probability if target == "churn" else f.predicted_clv for f in folds]
    names = dict.fromkeys(name for fold in predictions for name in fold)
    return sorted(names, key=lambda name: name != MODEL)


def _line(index: int) -> dict[str, Any]:
    if index == 0:
        return {"color": BLUE, "linewidth": 2.4, "zorder": 3}
    look = (index - 1) % len(_RULE_COLOURS)
    return {
        "color": _RULE_COLOURS[look],
        "linestyle": _RULE_LINES[look],
        "linewidth": 1.4,
    }


def _backtest(folds: list[FoldOutcome]) -> str:
    days = [fold.cutoff for fold in folds]
    if len(days) == 1:
        return f"backtest at {days[0]}"
    return f"{len(days)} backtest cutoffs, {min(days)} to {max(days)}"
