"""The backtest's report as one HTML page that needs no other file and runs no script."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.whole_file import write_whole
from training.backtest_plots import CAPTIONS, backtest_plots
from training.backtest_report import backtest_report
from training.backtest_text import cells_of
from training.comparison import Comparison, compare
from training.report_page import page_template, pictures
from training.results import FoldOutcome


@dataclass(frozen=True)
class SavedBacktest:
    """A report and the files it stands in."""

    report: dict[str, Any]
    page: Path
    document: Path
    plots: list[Path]


def backtest_html(report: dict[str, Any], plots: Sequence[Path]) -> str:
    """The page of a report; `plots` are PNGs and go inside it."""
    return page_template("backtest.html.j2").render(
        report=report,
        plots=pictures(plots, CAPTIONS),
        cells=lambda when, target: cells_of(report, when, target),
    )


def save_backtest(
    folds: list[FoldOutcome],
    folder: Path,
    *,
    name: str,
    seed: int = 0,
    comparison: Comparison | None = None,
    notes: Sequence[str] = (),
) -> SavedBacktest:
    """Write `backtest.json`, `backtest.html` and `plots/*.png` into a folder.

    Parameters
    ----------
    folds : what the backtest found; may be empty
    folder : made if it is not there
    name : of the shop
    seed : of the bootstrap over customers
    comparison : of these folds, where it has been made already
    notes : sentences to be shown with it
    """
    folder.mkdir(parents=True, exist_ok=True)
    compared = comparison or compare(folds, seed=seed)
    report = backtest_report(folds, name=name, comparison=compared, notes=notes)
    plots = backtest_plots(folds, compared, folder / "plots")
    page, document = folder / "backtest.html", folder / "backtest.json"
    html = backtest_html(report, plots)
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(page, lambda draft: draft.write_text(html, encoding="utf-8"))
    write_whole(document, lambda draft: draft.write_text(text, encoding="utf-8"))
    return SavedBacktest(report, page, document, plots)
