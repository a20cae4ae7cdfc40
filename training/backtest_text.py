"""The backtest's report as text: what wins, then every measure with its interval."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.backtest_words import standing_sentence
from training.comparison import BETTER, MEAN, WORSE
from training.member_names import heading, measure_heading
from training.results import MODEL

MARKS = {BETTER: "▲", WORSE: "▼"}
TITLES = {"churn": "Return (no purchase within the horizon)", "value": "Future value"}


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print a report made by `training.backtest_report.backtest_report`."""
    for sentence in report["summary"]:
        console.print(sentence, markup=False)
    if not report["folds"]:
        return
    mean_of = report["comparison"]["mean_of"]
    groups = [(MEAN, f"mean of {', '.join(mean_of)}")] if len(mean_of) > 1 else []
    groups += [(fold["cutoff"], fold["cutoff"]) for fold in report["folds"]]
    for place, (when, words) in enumerate(groups):
        for target, title in TITLES.items():
            for measures in _columns(report, target, intervals=place == 0):
                console.print(
                    _table(report, when, target, measures, f"{title}, {words}", place == 0)
                )
    console.print(
        "Below a number its 95 % interval, from customers drawn at random. ▲ the model is better "
        "than this one and the interval of the difference leaves out zero, ▼ worse; of twenty "
        "comparisons of equals about one gets a mark by chance. Bias is compared by its size at "
        "each cutoff.",
        markup=False,
    )
    _print_standing(console, report)
    _print_quantiles(console, report["quantiles"])
    for note in report["notes"]:
        console.print(f"note: {note}", markup=False)


def _columns(report: dict[str, Any], target: str, *, intervals: bool) -> list[list[str]]:
    """Measures of each table: with intervals three stand side by side, on a narrow screen too."""
    measures = report["comparison"]["measures"][target]
    width = 3 if intervals else len(measures)
    return [measures[i : i + width] for i in range(0, len(measures), width)]


def _table(
    report: dict[str, Any],
    when: str,
    target: str,
    measures: list[str],
    title: str,
    intervals: bool,
) -> Table:
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("")
    for measure in measures:
        table.add_column(measure_heading(measure), justify="right")
    for member, of in cells_of(report, when, target).items():
        table.add_row(heading(member), *(_cell(of[m], intervals=intervals) for m in measures))
    return table


def cells_of(
    report: dict[str, Any], when: str, target: str
) -> dict[str, dict[str, dict[str, Any]]]:
    """Member -> measure -> record of one cutoff or of the mean, the model first."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for record in report["comparison"]["cells"]:
        if (record["when"], record["target"]) == (when, target):
            found.setdefault(record["member"], {})[record["measure"]] = record
    return dict(sorted(found.items(), key=lambda item: item[0] != MODEL))


def number(value: float | None) -> str:
    """Number for a table: a dash where undefined, three digits after the point where small."""
    if value is None:
        return "–"
    # Adding zero takes the sign from a zero.
    digits = 3 if abs(value) < 10 else 1
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def _cell(record: dict[str, Any], *, intervals: bool) -> str:
    if record["value"] is None:
        return "–"
    mark = MARKS.get(record["verdict"], " ")
    shown = f"{number(record['value'])} {mark}"
    if not intervals or record["low"] is None:
        return shown
    return f"{shown}\n{number(record['low'])} to {number(record['high'])}"


def _print_standing(console: Console, report: dict[str, Any]) -> None:
    for row in report["standing"]:
        words = f"{measure_heading(row['measure'])}: {standing_sentence(row)}"
        console.print(words, markup=False)


def _print_quantiles(console: Console, quantiles: dict[str, Any]) -> None:
    if not quantiles:
        return
    table = Table(title="Quantiles of value, all cutoffs", title_justify="left")
    for name in ("", "came below", "at or below", "off by", "worst tenth off by", "pinball loss"):
        table.add_column(name, justify="right" if name else "left")
    for name, found in quantiles.items():
        table.add_row(
            quantile_heading(name),
            *(f"{found[side]['mean']:.1%}" for side in ("below", "at_or_below")),
            f"{found['violation']:.1%}",
            f"{found['worst_tenth']['violation']:.1%}",
            number(found["pinball"]["mean"]),
        )
    console.print(table)


def quantile_heading(name: str) -> str:
    """P10, P50, P90."""
    return name.removeprefix("clv_").upper()
