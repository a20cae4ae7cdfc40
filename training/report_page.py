"""What the pages of model card and backtest share: how numbers, names and pictures are shown."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2

from training.backtest_text import number, quantile_heading
from training.backtest_words import standing_sentence
from training.member_names import heading, measure_heading

_TEMPLATES = Path(__file__).parent / "templates"


def page_template(name: str) -> jinja2.Template:
    """A page's template with the filters that the shared parts use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "figure": figure,
        "member": heading,
        "measure": measure_heading,
        "percent": percent,
        "quantile": quantile_heading,
        "short": number,
        "signed": signed,
        "standing": standing_sentence,
        "whole": whole,
    }
    environment.filters |= filters
    return environment.get_template(name)


def pictures(paths: Sequence[Path], captions: dict[str, str]) -> list[tuple[str, str]]:
    """Caption and data address of each PNG, its stem being the caption's key."""
    return [(captions.get(path.stem, path.stem), _data_uri(path)) for path in paths]


def figure(value: Any) -> str:
    """Number as a reader wants it: a dash where undefined, thousands grouped, four digits."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"


def percent(value: float | None) -> str:
    """A share as a percentage with one digit after the point."""
    return "–" if value is None else f"{value:.1%}"


def signed(value: float | None) -> str:
    """A difference with its sign."""
    if value is None:
        return "–"
    digits = 4 if abs(value) < 1 else 2
    return f"{round(value, digits) + 0.0:+,.{digits}f}"


def whole(value: float | None) -> str:
    """A number without a fraction, thousands grouped."""
    return "–" if value is None else f"{value:,.0f}"


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
