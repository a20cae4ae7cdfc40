"""Put a sealed bundle where the service finds it: a folder a version, and one pointer file."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.bundle import Bundle, load_bundle
from models.errors import BundleError
from models.manifest import MANIFEST

POINTER = "current.json"


@contextmanager
def staging(models_dir: Path) -> Iterator[Path]:
    """A folder to build a bundle in, beside the promoted ones; gone at the end."""
    models_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=models_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def verified(folder: Path, features: pd.DataFrame) -> Bundle:
    """Load a sealed bundle and try it on customers.

    Raises
    ------
    BundleError
        If it cannot be loaded, or a prediction is not a finite number in its range.
    """
    bundle = load_bundle(folder)
    churn = bundle.churn.churn_probability(features)
    value = bundle.value.predict(features)
    in_range = np.all((churn > 0) & (churn < 1))
    ordered = np.all((value.p10 <= value.p50) & (value.p50 <= value.p90))
    if not (in_range and ordered and np.all(np.isfinite(value.mean)) and np.all(value.mean >= 0)):
        raise BundleError(
            "the fitted bundle predicts values that are not finite or out of range; it is not "
            "promoted, the one in use stays"
        )
    return bundle


def promote(folder: Path, models_dir: Path, version: str, *, key: str) -> Path:
    """Move a sealed bundle to `models_dir/version` and point to it, in one atomic step.

    Parameters
    ----------
    key : digest of what the bundle was made from, by which an unchanged run is known
    """
    target = models_dir / version
    if not target.exists():
        folder.replace(target)
    elif not _same(folder, target):
        # The same version has the same heads; its card may tell of another run.
        _exchange(folder, target)
    pointer = {"version": version, "path": version, "key": key}
    draft = models_dir / f".{POINTER}.{os.getpid()}"
    draft.write_text(json.dumps(pointer) + "\n", encoding="utf-8")
    draft.replace(models_dir / POINTER)
    return target


def _same(folder: Path, target: Path) -> bool:
    """Whether the bundle is there already, byte for byte and whole; then nothing is touched."""
    try:
        load_bundle(target)
        return (folder / MANIFEST).read_bytes() == (target / MANIFEST).read_bytes()
    except (OSError, BundleError):
        return False


def _exchange(folder: Path, target: Path) -> None:
    old = target.with_name(f".old-{target.name}-{os.getpid()}")
    target.replace(old)
    folder.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def pointer(models_dir: Path) -> dict[str, Any]:
    """What the pointer file says; empty before the first promotion."""
    try:
        found: dict[str, Any] = json.loads((models_dir / POINTER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def intact(models_dir: Path) -> bool:
    """Whether the bundle in use can be loaded."""
    try:
        load_bundle(models_dir / pointer(models_dir)["path"])
    except (KeyError, TypeError, BundleError):
        return False
    return True
