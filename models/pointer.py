"""The pointer file beside the promoted bundles: which of them is in use."""

import json
from pathlib import Path
from typing import Any

POINTER = "current.json"


def read_pointer(models_dir: Path) -> dict[str, Any]:
    """What the pointer says: `version`, `path` below `models_dir`, `key`; {} where it says nothing.

    A file that is missing or damaged says nothing.
    """
    try:
        found = json.loads((models_dir / POINTER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
