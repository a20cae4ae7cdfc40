"""The data report as text for people: short tables, verdicts, notes."""

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.data_words import account_rows, churn_rows, log_rows, money_rows, table_rows
from training.report import print_note

_LOOK = {"good": "green", "thin": "yellow", "none": "red"}


def print_data_report(console: Console, report: dict[str, Any]) -> None:
    """Print what a person wants to know first; the page has the rest."""
    name = escape(str(report["name"]))
    for title, rows in (
        (f"rows of {name}", account_rows(report)),
        ("the log", log_rows(report)),
        ("money", money_rows(report)),
        (f"churn over {report['churn']['churn_days']:,} days", churn_rows(report)),
        ("tables beside the log", table_rows(report)),
    ):
        if rows:
            console.print(_table(title, rows))
    if report["quarantine_list"]:
        console.print(
            f"each quarantined row is listed in {report['quarantine_list']}",
            markup=False,
            soft_wrap=True,
        )
    console.print(_columns(report["columns"]), markup=False)
    console.print(_verdicts(report["verdicts"]))
    for note in (*report["notes"], *(n for table in report["tables"] for n in table["notes"])):
        print_note(console, note)


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for cells in rows:
        table.add_row(*map(escape, cells))
    return table


def _columns(columns: list[dict[str, Any]]) -> str:
    by_status = {
        status: [c["column"] for c in columns if c["status"] == status]
        for status in ("present", "empty", "absent")
    }
    told = [f"{status}: {', '.join(names)}" for status, names in by_status.items() if names]
    return f"optional columns: {'; '.join(told)}"


def _verdicts(verdicts: list[dict[str, Any]]) -> Table:
    table = Table(
        title="what the log is good for",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_header=False,
    )
    table.add_column()
    table.add_column(overflow="fold")
    for told in verdicts:
        look = _LOOK[told["verdict"]]
        why = escape(told["why"]) + (f"\n[dim]→ {escape(told['add'])}[/dim]" if told["add"] else "")
        table.add_row(f"[{look}]{told['verdict']}[/{look}]", why)
    return table
