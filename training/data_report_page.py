"""The data report as one HTML page that needs no other file and runs no script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from features.whole_file import write_whole
from training.data_plots import CAPTIONS, data_plots
from training.data_words import (
    account_rows,
    churn_rows,
    log_rows,
    money_rows,
    number,
    percent,
    quantity_rows,
    table_rows,
)

_TEMPLATES = Path(__file__).parent / "templates"
_MARKS = {"good": "✓", "thin": "~", "none": "✗"}
_MOST_FILES = 50


def data_report_html(report: dict[str, Any]) -> str:
    """The page of a report, see `training.data_report.data_report`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {"number": number, "percent": percent, "code": _code}
    environment.filters |= filters
    return environment.get_template("data_report.html.j2").render(
        report=report,
        account=account_rows(report),
        log=log_rows(report),
        money=money_rows(report),
        churn=churn_rows(report),
        quantity=quantity_rows(report),
        tables=table_rows(report),
        marks=_MARKS,
        files=report["files"][:_MOST_FILES],
        more_files=max(0, len(report["files"]) - _MOST_FILES),
        # Drawn here of numbers and constants alone, so it needs no escaping.
        plots={name: Markup(svg) for name, svg in data_plots(report).items()},  # noqa: S704
        captions=CAPTIONS,
    )


def save_data_report(report: dict[str, Any], folder: Path) -> Path:
    """Write `report.html` into a folder and give its path."""
    path = folder / "report.html"
    page = data_report_html(report)
    write_whole(path, lambda draft: draft.write_text(page, encoding="utf-8"))
    return path


def _code(sentence: str) -> Markup:
    """A sentence with what stands in backticks shown as code."""
    parts = sentence.split("`")
    shown = [
        Markup("<code>{}</code>").format(part)
        if i % 2 and i < len(parts) - 1
        else Markup.escape(part)
        for i, part in enumerate(parts)
    ]
    return Markup().join(shown)
