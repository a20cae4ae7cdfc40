"""The promotion log: who let which version be served, when and why, one JSON line a move.

The file is only appended to. Each line holds the SHA-256 of the line before it and one of its own,
so that a line changed, removed or put in between is found. A move is logged before the pointer is
turned: none is made that the log does not know, and one that was logged and then interrupted is
told by the pointer, which says what is in use.
"""

import datetime as dt
import fcntl
import getpass
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from configs.errors import SettingsError
from models.manifest import own_digest
from models.pointer import read_pointer
from models.promotions import (
    LOG,
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    Entry,
    Place,
    entry_of,
    parsed,
    read_log,
    whole_lines,
)

__all__ = [
    "LOG",
    "PROMOTED",
    "REFUSED",
    "ROLLED_BACK",
    "Entry",
    "LogWriter",
    "Place",
    "in_use",
    "login",
    "one_line",
    "read_log",
    "verify",
    "ways_back",
    "writing",
]

START = "0" * 64
LONGEST_WHO, LONGEST_WHY = 100, 1000


class LogWriter:
    """Appends lines to the log of a folder that is locked for the time; see `writing`."""

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    def append(
        self, what: str, place: Place, *, why: str, who: str | None = None, forced: bool = False
    ) -> Entry:
        """Add one line and wait until it is on disk.

        Raises
        ------
        SettingsError
            If `who` or `why` says nothing.
        OSError
            If the line cannot be written; the log is then as before.
        """
        now = in_use(self.models_dir)
        entry = Entry(
            when=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            who=one_line("who", who if who is not None else login(), LONGEST_WHO),
            what=what,
            version=place.version,
            path=place.path,
            key=place.key,
            from_version=now.version if now else None,
            from_path=now.path if now else None,
            why=one_line("why", why, LONGEST_WHY),
            forced=forced,
        )
        _append_line(self.models_dir / LOG, asdict(entry))
        return entry


@contextmanager
def writing(models_dir: Path) -> Iterator[LogWriter]:
    """Keep every other promotion out, so that a line and the pointer's turn belong together."""
    models_dir.mkdir(parents=True, exist_ok=True)
    # The folder itself is locked: a lock file would be one more file to explain.
    folder = os.open(models_dir, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield LogWriter(models_dir)
    finally:
        os.close(folder)


def login() -> str:
    """Who runs this: `PERENNIAL_USER`, else the login, else the number of the user."""
    with suppress(OSError, KeyError):
        return os.environ.get("PERENNIAL_USER") or getpass.getuser()
    return f"uid {os.getuid()}"


def one_line(name: str, text: str, longest: int) -> str:
    """Text on one line without control characters, cut at `longest`; refused where it is empty."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not line:
        raise SettingsError(f"`{name}` of a promotion is empty; say it in a few words")
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def in_use(models_dir: Path) -> Place | None:
    """What the pointer names; None where it names nothing."""
    told = read_pointer(models_dir)
    version, path, key = (told.get(name) for name in ("version", "path", "key"))
    if not isinstance(version, str) or not isinstance(path, str):
        return None
    return Place(version, path, key if isinstance(key, str) else "")


def verify(models_dir: Path) -> list[str]:
    """What is wrong with the log, a sentence each; empty where it is as it was written."""
    faults, previous = [], START
    path = models_dir / LOG
    for number, line in enumerate(whole_lines(path), 1):
        told = parsed(line)
        if told is None or entry_of(told) is None or told.get("sha256") != own_digest(told):
            faults.append(f"line {number} of {path} is not as it was written")
        elif told.get("previous") != previous:
            faults.append(f"line {number} of {path} does not follow on the line before it")
        previous = hashlib.sha256(line).hexdigest()
    moves = [entry for entry in read_log(models_dir) if entry.what != REFUSED]
    last, now = moves[-1].path if moves else None, in_use(models_dir)
    if now is not None and now.path != last:
        faults.append(
            f"the model in use is {now.path} and the last move in {path} is to {last or 'none'}: "
            "lines are missing, the pointer was turned by hand, or a promotion was interrupted"
        )
    return faults


def ways_back(entries: list[Entry], now: Place | None) -> list[Place]:
    """What was in use before the present bundle, latest first.

    Promotions pile up and a rollback takes off what it left, so that rolling back twice goes back
    two versions and not to and fro. Where a line and what was in use differ, the latter counts.
    """
    pile: list[Place] = []
    for entry in entries:
        if entry.what == REFUSED:
            continue
        if entry.from_path is not None and entry.from_version is not None:
            _settle(pile, Place(entry.from_version, entry.from_path))
        if entry.what == ROLLED_BACK:
            _settle(pile, entry.place)
        elif not pile or pile[-1].path != entry.path:
            pile.append(entry.place)
        else:
            pile[-1] = entry.place
    if now is not None:
        _settle(pile, now)
        pile.pop()
    found: dict[str, Place] = {}
    for place in reversed(pile):
        if now is None or place.path != now.path:
            found.setdefault(place.path, place)
    return list(found.values())


def _settle(pile: list[Place], now: Place) -> None:
    """Take off what lies above `now`; what is not in the pile comes on top."""
    if all(place.path != now.path for place in pile):
        pile.append(now)
    while pile[-1].path != now.path:
        pile.pop()


def _append_line(path: Path, told: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        # A last line without its end was cut off by a power cut; nobody was told of it.
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines()
        chained = {**told, "previous": hashlib.sha256(lines[-1]).hexdigest() if lines else START}
        line = json.dumps({**chained, "sha256": own_digest(chained)}, sort_keys=True)
        try:
            file.truncate(len(whole))
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, len(whole))
            raise
    if new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
