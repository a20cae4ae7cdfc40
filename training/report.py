"""What the training commands tell a person: short tables, and plain sentences."""

from typing import Any

from rich.console import Console
from rich.table import Table

from training.member_names import heading, measure_heading
from training.results import MODEL, FoldOutcome, GateDecision, fold_metrics, mean_metrics

CHURN_COLUMNS = ("auc", "pr_auc", "log_loss", "brier", "ece")
VALUE_COLUMNS = ("norm_gini", "concordance", "rmse", "bias", "decile_mape")


def members_table(
    title: str, members: dict[str, dict[str, float]], columns: tuple[str, ...]
) -> Table:
    """One row a member, the model first."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(measure_heading(name), justify="right")
    for member in sorted(members, key=lambda m: (m != MODEL, m)):
        cells = (members[member].get(name) for name in columns)
        table.add_row(heading(member), *("-" if c is None else f"{c:.4g}" for c in cells))
    return table


def print_backtest(console: Console, folds: list[FoldOutcome]) -> None:
    """Mean measures of every member over the backtest's cutoffs."""
    if not folds:
        console.print(
            "no backtest of a model: at no cutoff were there a history of the window's length and "
            "customers enough"
        )
        return
    mean = mean_metrics(fold_metrics(f) for f in folds)
    days = ", ".join(str(f.cutoff) for f in folds)
    first = folds[0]
    for target, columns, horizon in (
        ("churn", CHURN_COLUMNS, first.churn_horizon_days),
        ("value", VALUE_COLUMNS, first.value_horizon_days),
    ):
        title = f"{target} over {horizon} days, mean of the cutoffs {days}"
        console.print(members_table(title, mean[target], columns))


def print_gates(console: Console, gates: list[GateDecision]) -> None:
    """What is served, and why."""
    for gate in gates:
        console.print(f"{gate.target}: served is [bold]{gate.served}[/bold]; {gate.reason}")


def print_note(console: Console, note: str) -> None:
    """One note; it may name columns with brackets, which are no markup."""
    console.print(f"note: {note}", markup=False)


def print_measures(console: Console, metrics: dict[str, Any]) -> None:
    """The measures of one evaluation."""
    console.print(
        f"{metrics['customers']:,} customers at {metrics['cutoff']}; served: "
        + ", ".join(f"{k} by {v}" for k, v in metrics["served"].items())
    )
    for target, why in metrics["gate"].items():
        console.print(f"{target}: {why}", markup=False)
    for target in ("churn", "value"):
        found = metrics[target]
        if found is None:
            console.print(f"{target}: its window has not closed in the log, so nothing to measure")
            continue
        table = Table(title=target, title_justify="left")
        for name in found:
            table.add_column(name.replace("_", " "), justify="right")
        table.add_row(*("-" if v is None else f"{v:.4g}" for v in found.values()))
        console.print(table)
    for note in metrics["notes"]:
        print_note(console, note)
