"""Files of assignments on disk: one writer at a time, whole, each with what it was made of."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd

from features.whole_file import write_whole

LOCK = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let nobody else, of this process or another, read for and write files of a folder."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    file = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def is_made_of(path: Path, state: str) -> bool:
    """Whether a file is as it was written, and was made of this state of the store."""
    try:
        told = _beside(path).read_text("utf-8")
        return told == _told(state, path)
    except FileNotFoundError:
        return False


def write_made_of(path: Path, table: pd.DataFrame, state: str) -> None:
    """Write a table as CSV for its owner alone, then what it was made of; call it `alone`."""
    write_whole(path, partial(_privately, table.to_csv(index=False, lineterminator="\n")))
    write_whole(_beside(path), partial(_privately, _told(state, path)))


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.stem}.made")


def _told(state: str, path: Path) -> str:
    with path.open("rb") as file:
        return f"{state} {hashlib.file_digest(file, 'sha256').hexdigest()}\n"


def _privately(text: str, path: Path) -> None:
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
