"""Options that several commands share; imports nothing that takes time."""

import re
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def day(text: str) -> date:
    """Read a day that an option names.

    Raises
    ------
    typer.BadParameter
        If it is not written as YYYY-MM-DD, or no calendar has it.
    """
    with suppress(ValueError):  # a day that no calendar has is refused like any other text
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    raise typer.BadParameter(f"{text!r} is no date; write it as YYYY-MM-DD")


def before_action(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="YAML file of the shop's settings.  [required]"),
    ] = None,
) -> None:
    """Keep the settings file that stands before the action: `perennial list -c CONFIG show`."""
    # Required, but asked for only by the commands, so that their --help needs no settings.
    context.obj = config


def config_of(context: typer.Context) -> Path:
    """Return the settings file that `before_action` kept.

    Raises
    ------
    typer.BadParameter
        If none was named.
    """
    if not isinstance(context.obj, Path):
        above = context.parent.info_name if context.parent else "token"
        raise typer.BadParameter(
            f"name the settings before the action: perennial {above} -c CONFIG"
        )
    return context.obj
