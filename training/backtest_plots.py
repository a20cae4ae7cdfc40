"""Pictures of a backtest: how far the model is ahead of each other predictor, and the level."""

import math
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.comparison import BETTER, MEAN, WORSE, Cell, Comparison
from training.fold_checks import levels
from training.member_names import heading, measure_heading
from training.plots import (
    BLUE,
    GREY,
    ORANGE,
    draw_calibration,
    draw_gains,
    draw_value_deciles,
    plain,
    save_png,
)
from training.plots import (
    CAPTIONS as CARD_CAPTIONS,
)
from training.resampled import MEASURES
from training.results import MODEL, FoldOutcome

CAPTIONS = {
    "ahead_churn": "Return: how far perennial's model is ahead, with 95 % intervals",
    "ahead_value": "Value: how far perennial's model is ahead, with 95 % intervals",
    "level": "Level at each cutoff: predicted against actual",
    **{name: CARD_CAPTIONS[name] for name in ("calibration", "gains", "value_deciles")},
}
_COLUMNS = 2
_SAME_FOR_ALL = ("base_rate", "mean_value")


def backtest_plots(folds: list[FoldOutcome], compared: Comparison, out_dir: Path) -> list[Path]:
    """Draw every picture that the backtest has numbers for.

    Returns
    -------
    list of PNG paths in the order of `CAPTIONS`, the stem being its key; without a fold that has a
    model there is none
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    whole = [f for f in folds if MODEL in f.churn_probability and MODEL in f.predicted_clv]
    if not whole:
        return []
    draws: dict[str, tuple[Callable[[Figure], None], float]] = {
        "level": (lambda figure: draw_level(figure, whole), 3.0),
        "calibration": (lambda figure: draw_calibration(figure, whole), 3.4),
        "gains": (lambda figure: draw_gains(figure, whole), 3.4),
        "value_deciles": (lambda figure: draw_value_deciles(figure, whole), 3.0),
    }
    for target in MEASURES:
        rivals = [m for m in compared.at(MEAN, target) if m != MODEL]
        if rivals:
            rows = -(-len(MEASURES[target]) // _COLUMNS)
            height = rows * (0.75 + 0.19 * len(rivals))
            draws[f"ahead_{target}"] = (
                lambda figure, target=target: draw_ahead(figure, compared, target),  # type: ignore[misc]
                height,
            )
    return [save_png(*draws[name], out_dir / f"{name}.png") for name in CAPTIONS if name in draws]


def draw_ahead(figure: Figure, compared: Comparison, target: str) -> None:
    """A panel a measure, a row a predictor: the gain with its interval; an arrow is farther off."""
    measures = MEASURES[target]
    cells = compared.at(MEAN, target)
    rivals = [member for member in cells if member != MODEL][::-1]
    rows = -(-len(measures) // _COLUMNS)
    panels = list(figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False).flat)
    for axes, measure in zip(panels, measures, strict=False):
        axes.axvline(0, color=GREY, linewidth=0.8)
        most = _most(cells, measure)
        for place, member in enumerate(rivals):
            _ahead(axes, cells[member][measure], place, most)
        axes.set_title(measure_heading(measure), fontsize=8, loc="left")
        axes.set_yticks(range(len(rivals)), [heading(m) for m in rivals])
        axes.set_ylim(-0.7, len(rivals) - 0.3)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.tick_params(labelsize=7, length=0)
        plain(axes)
    for axes in panels[len(measures) :]:
        axes.set_visible(False)
    figure.supxlabel("to the right of zero the model is better", fontsize=8, color=GREY)


def _most(cells: dict[str, dict[str, Cell]], measure: str) -> float:
    """Greatest gain to be drawn in full: over those that do not say the same of everybody."""
    gains = [of[measure].gain for member, of in cells.items() if member not in _SAME_FOR_ALL]
    return max((g.high for g in gains if g is not None and g.high > 0), default=math.inf)


def _ahead(axes: Axes, cell: Cell, place: int, most: float) -> None:
    if cell.gain is None:
        axes.text(0, place, " not defined", fontsize=6, va="center", color=GREY)
        return
    colour = {BETTER: BLUE, WORSE: ORANGE}.get(cell.verdict or "", GREY)
    marker = {BETTER: "o", WORSE: "s"}.get(cell.verdict or "", "|")
    if cell.gain.low > most:
        axes.plot(most, place, marker=">", color=colour, markersize=4)
        return
    axes.plot([cell.gain.low, cell.gain.high], [place, place], color=colour, linewidth=1.6)
    axes.plot(cell.gain.mean, place, marker=marker, color=colour, markersize=3.6)


def draw_level(figure: Figure, folds: list[FoldOutcome]) -> None:
    """Share not returning and mean value at each cutoff, predicted and actual."""
    found = levels(folds)
    days = [row["cutoff"] for row in found]
    titles = {"churn": "share not returning", "value": "value a customer"}
    for axes, target in zip(figure.subplots(1, 2), titles, strict=True):
        for side, look in (
            ("predicted", {"color": BLUE, "marker": "o"}),
            ("actual", {"color": ORANGE, "marker": "s", "linestyle": "--"}),
        ):
            axes.plot(days, [row[target][side] for row in found], label=side, **look)
        axes.set_title(titles[target], fontsize=8, loc="left")
        axes.margins(x=0.12, y=0.3)
        axes.tick_params(labelsize=7, length=0)
        axes.tick_params(axis="x", rotation=25)
        axes.yaxis.set_major_locator(MaxNLocator(5))
        if target == "churn":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        plain(axes)
        axes.legend(frameon=False, fontsize=7, loc="best")
