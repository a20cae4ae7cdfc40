"""What is kept of a log: which files hold it, what they were made from, and what was told then."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from features.log.ranges import Stored
from features.log.shop_log import LogFacts
from features.reading.accounting import RowAccount
from features.whole_file import write_whole

MANIFEST = "log.json"
# To be raised when the checks or the kept columns change: what was kept before is then read anew.
READER = 3


@dataclass(frozen=True)
class KeptRange:
    """A file of the log: its name, its first customer, how much it holds, and its size in bytes."""

    file: str
    first: str
    customers: int
    lines: int
    size: int


@dataclass(frozen=True)
class Kept:
    """A checked, sorted log on disk.

    Attributes
    ----------
    described : digest of how the source is read
    files : name and digest of each file that was read
    sha256 : digest over both
    account, notes, figures : what became of the rows, what was noticed, figures for a report
    ranges : files of the log, customers ascending
    facts : counts over the log
    days : shop day -> accepted lines
    quarantine : name of the list of quarantined rows, if there are any
    taken : as `days`, when nothing odd was about the log, or it was taken all the same
    """

    described: str
    files: tuple[tuple[str, str], ...]
    sha256: str
    account: RowAccount
    notes: tuple[str, ...]
    figures: Mapping[str, Any]
    ranges: tuple[KeptRange, ...]
    facts: LogFacts
    days: Mapping[int, int]
    quarantine: str | None = None
    taken: Mapping[int, int] = field(default_factory=dict)
    reader: int = field(default=READER)

    def stored(self, folder: Path) -> list[Stored]:
        """The ranges as files below `folder`."""
        return [Stored(folder / r.file, r.customers, r.lines) for r in self.ranges]

    @property
    def may_change_by_itself(self) -> bool:
        """Whether a row was refused for lying in the future, which may have come to pass."""
        return any(reason.startswith("future") for reason in self.account.reasons)


def write_manifest(folder: Path, kept: Kept, before: Kept | None) -> None:
    """Make `kept` the log of `folder`; files of neither it nor the one before are removed.

    Those of the one before stay for who reads them still.
    """
    document = asdict(kept)
    text = json.dumps(document, sort_keys=True, indent=1)
    write_whole(folder / MANIFEST, lambda p: p.write_text(text, encoding="utf-8"))
    named = {r.file for one in (kept, before) if one is not None for r in one.ranges}
    for path in folder.glob("*.parquet"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def read_manifest(folder: Path) -> Kept | None:
    """The log that is kept in `folder`; None where that is nothing, unreadable, or incomplete."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if told["reader"] != READER:
            return None
        facts = told.pop("facts")
        kept = Kept(
            **{
                **told,
                "files": tuple((str(name), str(digest)) for name, digest in told["files"]),
                "account": RowAccount(**told["account"]),
                "notes": tuple(told["notes"]),
                "ranges": tuple(KeptRange(**r) for r in told["ranges"]),
                "facts": LogFacts(**{**facts, "refund_delays": tuple(facts["refund_delays"])}),
                "days": {int(day): int(n) for day, n in told["days"].items()},
                "taken": {int(day): int(n) for day, n in told["taken"].items()},
            }
        )
        # Of a range cut short the rest would be missed only where it is read.
        whole = all((folder / r.file).stat().st_size == r.size for r in kept.ranges)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return kept if whole else None
