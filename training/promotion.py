"""Put a sealed bundle where the service finds it: a folder a version, and one pointer file."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from features.whole_file import write_whole
from models.bundle import Bundle, load_bundle
from models.errors import BundleError
from models.manifest import MANIFEST
from models.pointer import POINTER, read_pointer
from training.promotion_log import PROMOTED, REFUSED, Entry, Place, writing

STAGING = ".staging-"
DAY_SECONDS = 86_400


@contextmanager
def staging(models_dir: Path) -> Iterator[Path]:
    """A folder to build a bundle in, beside the promoted ones; gone at the end.

    What a killed job left behind a day ago or longer goes as well.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    for left in models_dir.glob(f"{STAGING}*"):
        if time.time() - left.stat().st_mtime > DAY_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=STAGING, dir=models_dir))
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
    explained = bundle.churn.contributions(features).to_numpy(float)
    dates = bundle.value.next_order
    days = np.zeros(1) if dates is None else np.array(dates.quantiles(features))
    if not (np.isfinite(explained).all() and np.isfinite(days).all() and (days >= 0).all()):
        raise BundleError(
            "the fitted bundle's reasons or dates are not finite; it is not promoted, the one in "
            "use stays"
        )
    for outlook in bundle.predict(features):
        value = outlook.value
        positive = np.concatenate([value.mean, value.spend_if_return, outlook.orders])
        quantiles = np.array([value.p10, value.p50, value.p90])
        in_range = np.all((outlook.churn > 0) & (outlook.churn < 1)) and np.all(positive >= 0)
        ordered = np.all(quantiles[:-1] <= quantiles[1:])
        finite = np.all(np.isfinite(positive)) and np.all(np.isfinite(quantiles))
        if not (in_range and ordered and finite):
            raise BundleError(
                "the fitted bundle predicts values that are not finite or out of range; it is not "
                "promoted, the one in use stays"
            )
    return bundle


def promote(
    folder: Path,
    models_dir: Path,
    version: str,
    *,
    key: str,
    why: str = "training",
    who: str | None = None,
    forced: bool = False,
) -> Path:
    """Move a sealed bundle beside the others, log it, and point to it in one atomic step.

    A folder that was promoted is never moved or changed: the same heads with another card go to a
    folder of their own, `VERSION-2` and so on.

    Parameters
    ----------
    key : digest of what the bundle was made from, by which an unchanged run is known
    why, who, forced : for the promotion log; `who` is by default the login
    """
    with writing(models_dir) as log:
        target = _placed(folder, models_dir, version)
        place = Place(version, target.name, key)
        log.append(PROMOTED, place, why=why, who=who, forced=forced)
        _point(models_dir, place)
    return target


def keep(
    folder: Path, models_dir: Path, version: str, *, why: str, who: str | None = None, key: str = ""
) -> Path:
    """Move a sealed bundle that was refused beside the others, and log why; it is not pointed to.

    Parameters
    ----------
    why : the reason of the refusal
    key : as in `promote`, for the day on which it is promoted all the same
    """
    with writing(models_dir) as log:
        target = _placed(folder, models_dir, version)
        log.append(REFUSED, Place(version, target.name, key), why=why, who=who)
    return target


def move(
    models_dir: Path,
    place: Place,
    what: str,
    *,
    why: str,
    who: str | None = None,
    forced: bool = False,
) -> Entry:
    """Log and point to a bundle that stands in `models_dir` already; `what` is as in the log."""
    with writing(models_dir) as log:
        entry = log.append(what, place, why=why, who=who, forced=forced)
        _point(models_dir, place)
    return entry


def _point(models_dir: Path, place: Place) -> None:
    named = {"version": place.version, "path": place.path, "key": place.key}
    write_whole(models_dir / POINTER, lambda p: p.write_text(json.dumps(named) + "\n", "utf-8"))


def _placed(folder: Path, models_dir: Path, version: str) -> Path:
    target = _place(folder, models_dir, version)
    if not target.exists():
        folder.replace(target)
    return target


def _place(folder: Path, models_dir: Path, version: str) -> Path:
    """Where the bundle is already, byte for byte and whole; else a folder not yet taken."""
    number = 1
    while True:
        place = models_dir / (version if number == 1 else f"{version}-{number}")
        if not place.exists() or _same(folder, place):
            return place
        number += 1


def _same(folder: Path, target: Path) -> bool:
    """Whether both are the same bundle, the second one whole."""
    try:
        load_bundle(target)
        return (folder / MANIFEST).read_bytes() == (target / MANIFEST).read_bytes()
    except (OSError, BundleError):
        return False


def intact(models_dir: Path) -> bool:
    """Whether the bundle in use can be loaded."""
    try:
        load_bundle(models_dir / read_pointer(models_dir)["path"])
    except (KeyError, TypeError, BundleError):
        return False
    return True
