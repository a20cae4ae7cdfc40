"""The checked, sorted log of a shop on disk: read a source once, then add what is delivered."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from features.errors import DataError
from features.log.alone import alone
from features.log.deliveries import oddities
from features.log.manifest import Kept, read_manifest, write_manifest
from features.log.shop_log import Engine, Held, ShopLog
from features.log.update import ODD, ROOM, Update
from features.log.writing import LINES_A_RANGE
from features.reading.accounting import RowAccount
from features.reading.source import PurchaseSource
from features.reading.staging import source_digests

# A log of up to so many lines is held in memory after it was loaded.
MOST_HELD = 4_000_000


class DeliveryRefused(DataError):  # noqa: N818
    """A new delivery does not look like those before; the log stays as it was."""


@dataclass(frozen=True)
class LoadedLog:
    """A purchase log ready for features.

    Attributes
    ----------
    log : ShopLog
    account : what became of each row of the source
    notes : what was noticed while reading
    figures : figures of the read for a data report, see `features.reading.facts`
    sha256 : digest over the source's files and the way they are read
    fresh : True where something was read now, False where the kept log was loaded
    restated : ids of the customers whose lines changed with a delivery; None where all were read
    days : shop day -> accepted lines
    """

    log: ShopLog
    account: RowAccount
    notes: list[str]
    figures: Mapping[str, Any]
    sha256: str
    fresh: bool
    restated: tuple[str, ...] | None = None
    days: Mapping[int, int] | None = None


def load_log(
    source: PurchaseSource,
    folder: Path,
    quarantine_folder: Path,
    *,
    latest: dt.datetime | None = None,
    refuse_odd: bool = False,
    engine: Engine | None = None,
    lines_a_range: int = LINES_A_RANGE,
) -> LoadedLog:
    """Load the log of `source`, reading only files that were not read before.

    Parameters
    ----------
    folder : where the sorted log is kept
    quarantine_folder : where rows that cannot be used are listed, by file, row and reason
    latest : naive local moment after which a row is `future_date`
    refuse_odd : refuse a delivery with a missing day, or with a volume far from the usual
    engine : where rows of features are made, by default in this process
    lines_a_range : about so many lines stand in a file of the log

    Raises
    ------
    DataError
        See `features.reading.read.read_purchases`; nothing kept is changed then.
    DeliveryRefused
        If `refuse_odd` and a later delivery is odd; nothing kept is changed.
    """
    with alone(folder):
        described = _described(source)
        files = tuple(source_digests(source))
        sha256 = hashlib.sha256(json.dumps([described, files]).encode()).hexdigest()
        before = read_manifest(folder)
        comparable = before if before is not None and before.described == described else None
        usable = None if comparable is None or comparable.may_change_by_itself else comparable
        if usable is not None and usable.sha256 == sha256:
            return _loaded(_again(usable, source, folder, refuse_odd), folder, engine, fresh=False)
        _tidy(folder)
        update = Update(
            source,
            folder,
            quarantine_folder,
            described,
            files,
            sha256,
            latest,
            before,
            lines_a_range,
        )
        try:
            kept, restated = (None, None) if usable is None else update.added(usable)
            if kept is None:
                kept = update.anew()
            odd = oddities(comparable.taken or comparable.days, kept.days) if comparable else []
            if refuse_odd:
                _refuse(source, odd)
        except BaseException:
            update.undo()
            raise
        # One that was taken on purpose is odd no more.
        taken = refuse_odd and not source.check_deliveries
        notes = [] if taken else [f"{ODD}{o}" for o in odd]
        days = kept.days if taken or not odd else (comparable.taken if comparable else {})
        kept = replace(kept, notes=(*kept.notes, *notes), taken=days)
        # Who has a small log has all of it in memory.
        large = before is not None and (before.facts.lines > MOST_HELD or engine is not None)
        read_still = before if large else None
        write_manifest(folder, kept, read_still)
        return _loaded(kept, folder, engine, fresh=True, restated=restated)


def _tidy(folder: Path) -> None:
    """Remove what a process left that was killed while it read."""
    shutil.rmtree(folder / ROOM, ignore_errors=True)
    for draft in folder.glob(".*.parquet.*"):
        draft.unlink(missing_ok=True)


def _again(kept: Kept, source: PurchaseSource, folder: Path, refuse_odd: bool) -> Kept:
    """The kept log; what was odd about it may have been noted by who does not refuse it."""
    odd = [n.removeprefix(ODD) for n in kept.notes if n.startswith(ODD)]
    if not odd or not refuse_odd:
        return kept
    _refuse(source, odd)
    kept = replace(
        kept, notes=tuple(n for n in kept.notes if not n.startswith(ODD)), taken=kept.days
    )
    write_manifest(folder, kept, kept)
    return kept


def _refuse(source: PurchaseSource, odd: list[str]) -> None:
    if odd and source.check_deliveries:
        raise DeliveryRefused(
            f"the latest delivery to {source.label} is unlike those before: {'; '.join(odd)}; "
            "nothing was changed; deliver it again, or set purchases.check_deliveries to false"
        )


def _loaded(
    kept: Kept,
    folder: Path,
    engine: Engine | None,
    *,
    fresh: bool,
    restated: tuple[str, ...] | None = None,
) -> LoadedLog:
    stored = kept.stored(folder)
    held = engine is None and kept.facts.lines <= MOST_HELD
    ranges = [Held(s.load()) for s in stored] if held else stored
    log = ShopLog(ranges, engine=engine, facts=kept.facts)
    return LoadedLog(
        log,
        kept.account,
        list(kept.notes),
        kept.figures,
        kept.sha256,
        fresh,
        restated,
        kept.days,
    )


def _described(source: PurchaseSource) -> str:
    """Digest of all that decides how the source is read."""
    told = {**asdict(source), "columns": dict(source.columns)}
    told.pop("source")
    told.pop("check_deliveries")
    told.pop("refund_lag_days")
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
