"""Pictures of a training result: calibration, gains, value deciles, comparison, importance.

Figures are made without pyplot, so nothing global is opened, kept or shown. Colours are those of
Okabe and Ito, which colour-blind readers can tell apart; line styles and markers differ as well.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from models.metrics import decile_sums
from training.comparison import MEAN, Cell, Comparison, compare
from training.member_names import heading
from training.results import MODEL, FoldOutcome, TrainingResult

Floats = NDArray[np.float64]

CAPTIONS = {
    "calibration": "Calibration: of the customers given a probability, how many did not return",
    "gains": "Cumulative gains: share of the lost customers found when the riskiest come first",
    "value_deciles": "Value by predicted tenth of the customers: predicted against what came",
    "comparison": "Perennial's model and the challengers, mean over the backtest",
    "importance": "What the return model looks at most",
}
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
_RULE_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_RULE_LINES = ("--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
_COMPARED = (
    ("churn", "auc", "AUC, right is better"),
    ("churn", "log_loss", "log loss, left is better"),
    ("value", "concordance", "concordance, right is better"),
    ("value", "decile_mape", "decile MAPE, left is better"),
)
_TOP_FEATURES = 20
_MOST_CURVES = 5
_WIDTH = 4.6


def save_plots(
    result: TrainingResult, out_dir: Path, *, comparison: Comparison | None = None
) -> list[Path]:
    """Draw every picture that the result has numbers for.

    Parameters
    ----------
    result : TrainingResult
    out_dir : made if it is not there
    comparison : of the result's folds; made here where it is not given

    Returns
    -------
    list of PNG paths in the order of `CAPTIONS`, the stem being its key; the backtest's pictures
    are left out where there is no fold, the importance where none is known
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    draws: dict[str, tuple[Callable[[Figure], None], float]] = {}
    folds = result.folds
    if folds:
        compared = comparison or compare(folds)
        rows = max(len(compared.at(MEAN, target)) for target in ("churn", "value"))
        draws = {
            "calibration": (lambda figure: draw_calibration(figure, folds), 3.4),
            "gains": (lambda figure: draw_gains(figure, folds), 3.4),
            "value_deciles": (lambda figure: draw_value_deciles(figure, folds), 3.0),
            "comparison": (
                lambda figure: draw_comparison(figure, compared),
                2 * (0.8 + 0.19 * rows),
            ),
        }
    if result.importance:
        height = 0.8 + 0.18 * min(len(result.importance), _TOP_FEATURES)
        draws["importance"] = (lambda figure: _importance(figure, result.importance), height)
    return [save_png(*draws[name], out_dir / f"{name}.png") for name in CAPTIONS if name in draws]


def readable(name: str) -> str:
    """Name of a feature as a reader sees it."""
    return name.replace("_", " ")


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


def save_png(draw: Callable[[Figure], None], height: float, path: Path) -> Path:
    """Draw a picture that is `height` inches high, small enough to be read on a phone."""
    with mpl.rc_context({"font.size": 8}):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure)
        # Without a software note the same numbers give the same bytes.
        figure.savefig(path, format="png", dpi=180, metadata={"Software": None})
    return path


def plain(axes: Axes) -> None:
    """Take away the frame above and to the right, and draw the grid below everything."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def draw_calibration(figure: Figure, folds: list[FoldOutcome]) -> None:
    """Churn rate by probability given, and how many customers were given it."""
    curve, counts_below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    churned = np.concatenate([fold.churned for fold in folds])
    predicted, actual, counts = calibration_curve(
        churned, np.concatenate([fold.churn_probability[MODEL] for fold in folds])
    )
    curve.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="exactly right")
    curve.plot(predicted, actual, color=BLUE, marker="o", label=heading(MODEL))
    curve.set(ylabel="share that did not return", xlim=(0, 1), ylim=(0, 1))
    curve.legend(frameon=False)
    counts_below.bar(np.arange(10) / 10 + 0.05, counts, width=0.09, color=BLUE)
    counts_below.set(xlabel="churn probability given", ylabel="customers")
    for axes in (curve, counts_below):
        axes.yaxis.set_major_formatter(PercentFormatter(1.0) if axes is curve else "{x:,.0f}")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        plain(axes)


def draw_gains(figure: Figure, folds: list[FoldOutcome]) -> None:
    """Lost customers found among those contacted, by the model and the nearest challengers."""
    axes = figure.subplots()
    grid = np.linspace(0, 1, 101)
    curves = {}
    for member in dict.fromkeys(m for fold in folds for m in fold.churn_probability):
        found = [
            gains_curve(fold.churned, fold.churn_probability[member], grid)
            for fold in folds
            if member in fold.churn_probability
        ]
        defined = [curve for curve in found if np.isfinite(curve).all()]
        if defined:
            curves[member] = np.mean(defined, axis=0)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1, label="at random")
    ranked = sorted(curves, key=lambda m: (m != MODEL, -float(curves[m].mean())))
    for index, member in enumerate(ranked[:_MOST_CURVES]):
        look = _line(index if MODEL in curves else index + 1)
        axes.plot(grid, curves[member], label=heading(member), **look)
    axes.set(xlabel="customers contacted, riskiest first", ylabel="lost customers among them")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(frameon=False, fontsize=7)
    plain(axes)


def draw_value_deciles(figure: Figure, folds: list[FoldOutcome]) -> None:
    """Sum predicted and sum that came, by tenth of the customers."""
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
    axes.set_xticks(place)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False)
    plain(axes)


def draw_comparison(figure: Figure, compared: Comparison) -> None:
    """Four measures of every member with their intervals."""
    panels = figure.subplots(2, 2, sharey="row").flat
    for axes, (target, measure, title) in zip(panels, _COMPARED, strict=True):
        cells = compared.at(MEAN, target)
        members = list(cells)[::-1]
        for place, member in enumerate(members):
            _point(axes, cells[member][measure], place)
        axes.set_yticks(range(len(members)), [heading(m) for m in members], fontsize=7)
        axes.set_ylim(-0.6, len(members) - 0.4)
        axes.set_title(title, fontsize=7, loc="left")
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.tick_params(labelsize=7, length=0)
        plain(axes)


def _point(axes: Axes, cell: Cell, place: int) -> None:
    value = cell.value
    if not np.isfinite(value.mean):
        return
    colour, marker = (BLUE, "o") if cell.member == MODEL else (ORANGE, "s")
    axes.plot([value.low, value.high], [place, place], color=colour, linewidth=1.4)
    axes.plot(value.mean, place, marker=marker, color=colour, markersize=4)


def _importance(figure: Figure, importance: dict[str, float]) -> None:
    axes = figure.subplots()
    top = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:_TOP_FEATURES][::-1]
    axes.barh([readable(name) for name, _ in top], [value for _, value in top], color=BLUE)
    axes.set(xlabel="mean absolute contribution to the return model")
    axes.tick_params(axis="y", labelsize=7)
    plain(axes)


def _line(index: int) -> dict[str, Any]:
    if index == 0:
        return {"color": BLUE, "linewidth": 2.4, "zorder": 3}
    look = (index - 1) % len(_RULE_COLOURS)
    return {
        "color": _RULE_COLOURS[look],
        "linestyle": _RULE_LINES[look],
        "linewidth": 1.4,
    }
