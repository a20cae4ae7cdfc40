"""One thing that was looked at, and what was found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from configs.settings import Settings

Level = Literal["fine", "advice", "refused"]


@dataclass(frozen=True)
class Finding:
    """What was found by one check.

    Attributes
    ----------
    check : short name of what was looked at
    level : `refused` stops a service in production, `advice` does not
    what : one sentence without a full stop
    where : setting, file or environment variable
    fix : what to do, empty where nothing is amiss
    """

    check: str
    level: Level
    what: str
    where: str
    fix: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the five fields."""
        return asdict(self)


@dataclass(frozen=True)
class Circumstances:
    """All that the checks look at.

    Attributes
    ----------
    settings : of the shop
    config : the file that they were read from
    host : address to listen on
    environment : of the process
    versions : installed version of each package with a floor, None where it is not installed
    free_bytes : on the disk of `var`
    now : aware moment
    """

    settings: Settings
    config: Path
    host: str
    environment: Mapping[str, str]
    versions: Mapping[str, str | None]
    free_bytes: int
    now: datetime


def fine(check: str, what: str, where: str) -> Finding:
    """Nothing is amiss."""
    return Finding(check, "fine", what, where)


def advice(check: str, what: str, where: str, fix: str) -> Finding:
    """Worth a change, yet the service may run."""
    return Finding(check, "advice", what, where, fix)


def refused(check: str, what: str, where: str, fix: str) -> Finding:
    """Not fit for production."""
    return Finding(check, "refused", what, where, fix)
