"""The promotion log as it is read: one line for each move of the pointer, oldest first."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

LOG = "promotions.jsonl"
PROMOTED, ROLLED_BACK, REFUSED = "promoted", "rolled_back", "refused"


@dataclass(frozen=True)
class Place:
    """A bundle's version, its folder below `models_dir`, and the key of what it was made from."""

    version: str
    path: str
    key: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes
    ----------
    when : UTC, ISO 8601
    who : login of the person or the job
    what : "promoted", "rolled_back", or "refused" for a challenger that is kept and not served
    version, path, key : the bundle that it is about, as in `Place`
    from_version, from_path : what was in use until then; None where nothing was
    why : one sentence
    forced : whether the gate's refusal was overridden
    """

    when: str
    who: str
    what: str
    version: str
    path: str
    key: str
    from_version: str | None
    from_path: str | None
    why: str
    forced: bool

    @property
    def place(self) -> Place:
        """The bundle that the line is about."""
        return Place(self.version, self.path, self.key)


def read_log(models_dir: Path) -> list[Entry]:
    """Every line that can be read, oldest first; `verify` says whether they are as written."""
    told = (parsed(line) for line in whole_lines(models_dir / LOG))
    entries = (entry_of(line) for line in told if line is not None)
    return [entry for entry in entries if entry is not None]


def whole_lines(path: Path) -> list[bytes]:
    """Lines of a file that were written to their end; none where there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return content[: content.rfind(b"\n") + 1].splitlines()


def parsed(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is no JSON object."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def entry_of(told: dict[str, Any]) -> Entry | None:
    """The move that a line tells of; None where it is not one of ours."""
    names = [field.name for field in fields(Entry)]
    texts = [name for name in names if name not in ("forced", "from_version", "from_path")]
    kinds = [isinstance(told.get(name), str) for name in texts]
    kinds += [isinstance(told.get(n, 0), str | None) for n in ("from_version", "from_path")]
    if not all(kinds) or not isinstance(told.get("forced"), bool):
        return None
    # A path that leads out of the models' folder was not written by us.
    if Path(told["path"]).name != told["path"]:
        return None
    return Entry(**{name: told[name] for name in names})
