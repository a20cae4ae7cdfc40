"""Try a bundle before it is served, in a process that may crash, hang or run out of memory."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from models.errors import BundleError
from models.manifest import read_verified

MOST_SECONDS = 30.0
START_SECONDS = 120.0
MOST_MEMORY = 2 << 30
MOST_BYTES = 512 << 20
MOST_CUSTOMERS = 10_000
ROOT = Path(__file__).parents[1]


class PromotionRefused(BundleError):  # noqa: N818 - it names a state
    """A version is not to be served; the message says why, and the one in use stays."""

    exit_code = 3


def checked(
    folder: Path,
    features: pd.DataFrame | None = None,
    *,
    seconds: float = MOST_SECONDS,
    most_memory: int = MOST_MEMORY,
    most_bytes: int = MOST_BYTES,
) -> str:
    """Version of a sealed bundle that loads whole and predicts numbers in range.

    Parameters
    ----------
    features : customers to try it on, of whom `MOST_CUSTOMERS` are taken; None for made ones
    seconds, most_memory : after which, or beyond which (bytes), the trial is ended
    most_bytes : of all files together

    Raises
    ------
    PromotionRefused
        If it is missing, changed, too large, predicts nonsense, crashes or does not end.
    """
    size = sum(p.lstat().st_size for p in folder.rglob("*")) if folder.is_dir() else 0
    if size > most_bytes:
        raise PromotionRefused(
            f"the bundle in {folder} has {size:,} bytes, more than {most_bytes:,}; it is not "
            "promoted, the one in use stays: train again"
        )
    _refuse_unsealed(folder)
    with tempfile.TemporaryDirectory(prefix="perennial-check-") as room:
        words = [str(most_memory), str(seconds), str(folder.absolute())]
        if features is not None:
            words.append(str(_saved(features, Path(room) / "customers.npz")))
        return _told(folder, _run(folder, words, seconds), seconds)


def _refuse_unsealed(folder: Path) -> None:
    """Compare digests here, which runs nothing of the bundle, before a process is started."""
    try:
        read_verified(folder)
    except BundleError as error:
        raise PromotionRefused(_refusal(folder, str(error))) from error


def _refusal(folder: Path, fault: str) -> str:
    return f"version {folder.name} is not promoted, the one in use stays: {fault}"


def _saved(features: pd.DataFrame, path: Path) -> Path:
    rows = np.linspace(0, len(features) - 1, min(len(features), MOST_CUSTOMERS), dtype=int)
    values = features.iloc[rows].to_numpy(float)
    np.savez(path, columns=np.array(list(features.columns), dtype=str), values=values)
    return path


def _run(folder: Path, words: list[str], seconds: float) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    # Threads of a numerical library reserve memory of their own.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    try:
        return subprocess.run(  # noqa: S603 - this Python and our own module
            [sys.executable, "-P", "-m", "training.bundle_child", *words],
            env={**os.environ, **threads, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_SECONDS + seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise _late(folder, START_SECONDS + seconds) from error


def _late(folder: Path, seconds: float) -> PromotionRefused:
    return PromotionRefused(
        f"the bundle in {folder} did not load and predict within {seconds:g} seconds; it is not "
        "promoted, the one in use stays: train again"
    )


def _told(folder: Path, done: "subprocess.CompletedProcess[str]", seconds: float) -> str:
    """The version, if that is what the process told."""
    if done.returncode == -signal.SIGALRM:
        raise _late(folder, seconds)
    if done.returncode < 0:
        raise PromotionRefused(
            f"the bundle in {folder} ended its trial by {signal.Signals(-done.returncode).name}; "
            "it is not promoted, the one in use stays: train again"
        )
    try:
        told = json.loads(done.stdout.splitlines()[-1])
        if done.returncode == 0:
            return str(told["version"])
        # XGBoost adds where in its own code it was.
        fault = str(told["fault"]).split("\\n")[0].splitlines()[0][:400]
    except (IndexError, KeyError, TypeError, ValueError):
        fault = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
    raise PromotionRefused(_refusal(folder, fault))
