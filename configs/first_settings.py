"""Write a first settings file for a shop that has none."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from configs.checks import folder as checked_folder
from configs.errors import SettingsError
from configs.yaml_file import read_mapping

HEADER = (
    "# Made from the file's header by `perennial quickstart`; edit it and run it again.\n"
    "# docs/settings.md lists every key.\n"
)


def write_settings(
    folder: Path, purchases: dict[str, Any], *, name: str, horizon_days: int | None
) -> Path:
    """Write `folder/NAME.yaml`, unless it is there already, and give its path.

    Parameters
    ----------
    folder : made if it is missing; `var` goes below it
    purchases : the part of that name
    name : any text; what a name may not hold becomes `_`
    horizon_days : for churn and value; default 90

    Raises
    ------
    SettingsError
        If the file is there and describes another source or horizon, or the folder cannot be used.
    """
    safe = safe_name(name)
    path = folder / f"{safe}.yaml"
    if path.exists():
        _refuse_another(path, purchases, horizon_days)
        return path
    try:
        checked_folder(folder)
    except ValueError as error:
        raise SettingsError(f"the folder {folder} {error}, with --out") from None
    days = horizon_days or 90
    settings = {
        "name": safe,
        "var": str(folder.resolve() / "var"),
        "purchases": purchases,
        "horizons": {"churn_days": days, "value_days": days},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = HEADER + yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
        draft = folder / f".{path.name}.{os.getpid()}"
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}; choose another folder with --out"
        ) from error
    return path


def safe_name(text: str) -> str:
    """The text as a name that settings, folders and databases may hold."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip(".")[:64] or "shop"


def _refuse_another(path: Path, purchases: dict[str, Any], horizon_days: int | None) -> None:
    told, _ = read_mapping(path)
    horizons = told.get("horizons")
    if horizon_days and horizons != {"churn_days": horizon_days, "value_days": horizon_days}:
        raise SettingsError(
            f"{path} is there already, and its horizons are not {horizon_days} days; edit them "
            "there, or choose another folder with --out"
        )
    part = told.get("purchases")
    source = part.get("source") if isinstance(part, dict) else None
    if source != purchases["source"]:
        raise SettingsError(
            f"{path} is about another file, {source}; choose another folder with --out"
        )
