"""The checked, sorted log of a shop on disk: read a source once, then add what is delivered."""

import datetime as dt
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.errors import DataError, EmptyFileError
from features.log.alone import alone
from features.log.deliveries import oddities
from features.log.figures import together
from features.log.manifest import Kept, KeptRange, read_manifest, write_manifest
from features.log.merging import by_range, customers_in, merged, repeats_a_line_id, without_known
from features.log.ranges import read_lines
from features.log.shop_log import Engine, Held, LogFacts, ShopLog, facts_of
from features.log.writing import LINES_A_RANGE, whole_customers, write_ranges
from features.reading.accounting import RowAccount
from features.reading.read import ReadLog, read_purchases
from features.reading.source import PurchaseSource
from features.reading.staging import source_digests
from features.shop_clock import ShopClock
from features.whole_file import write_whole

# A log of up to so many lines is held in memory after it was loaded.
MOST_HELD = 4_000_000
# Folder for what does not fit into memory while files are read.
ROOM = "room"
LISTED = ["file", "row", "column", "reason"]
# How a note on an odd delivery begins.
ODD = "latest delivery: "


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
        update = _Update(
            source, folder, quarantine_folder, described, files, sha256, latest, before
        )
        update.lines_a_range = lines_a_range
        try:
            kept, restated = (None, None) if usable is None else update.added(usable)
            if kept is None:
                kept = update.anew()
            odd = oddities(comparable.days, kept.days) if comparable is not None else []
            if refuse_odd:
                _refuse(source, odd)
        except BaseException:
            update.undo()
            raise
        # One that was taken on purpose is odd no more.
        taken = refuse_odd and not source.check_deliveries
        notes = [] if taken else [f"{ODD}{o}" for o in odd]
        kept = replace(kept, notes=(*kept.notes, *notes))
        # Who has a small log has all of it in memory.
        read_still = before if before is not None and before.facts.lines > MOST_HELD else None
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
    kept = replace(kept, notes=tuple(n for n in kept.notes if not n.startswith(ODD)))
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
    log = ShopLog([Held(s.load()) for s in stored] if held else stored, engine=engine)
    log.__dict__["facts"] = kept.facts
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


class _Update:
    """Reads what is new of a source, and writes ranges beside those that are kept."""

    def __init__(
        self,
        source: PurchaseSource,
        folder: Path,
        quarantine_folder: Path,
        described: str,
        files: tuple[tuple[str, str], ...],
        sha256: str,
        latest: dt.datetime | None,
        before: Kept | None,
    ) -> None:
        self.source, self.folder, self.quarantine_folder = source, folder, quarantine_folder
        self.described, self.files, self.sha256, self.latest = described, files, sha256, latest
        # What is kept is never written over: it stays if this one is refused.
        named = [before.quarantine or "", *(r.file for r in before.ranges)] if before else []
        stem = sha256[:12]
        again = any(n.startswith((f"{stem}-", f"{stem}.")) for n in named)
        self.stem = f"{stem}b" if again else stem
        self.listed = quarantine_folder / f"{self.stem}.csv"
        self.lines_a_range = LINES_A_RANGE

    def anew(self) -> Kept:
        """Read all files."""
        with read_purchases(self.source, latest=self.latest, room=self.folder / ROOM) as read:
            days: Counter[int] = Counter()
            tables = whole_customers(
                _counted(read.batches(), days, self.source.clock), self.lines_a_range
            )
            ranges, facts = self._write(tables, 0)
            return self._kept(
                read.account, read.notes, read.facts, ranges, facts, days,
                self._list(read.quarantine),
            )  # fmt: skip

    def added(self, kept: Kept) -> tuple[Kept | None, tuple[str, ...] | None]:
        """Read the files that were not read before; None where that cannot give the whole log."""
        had = set(kept.files)
        new = [name for name, digest in self.files if (name, digest) not in had]
        digests = [digest for _, digest in self.files]
        if not had <= set(self.files) or not new or len(set(digests)) < len(digests):
            return None, None
        paths = [p for p in self.source.files() if p.name in new]
        if self.source.is_database or len(paths) != len(new):
            return None, None
        try:
            read = read_purchases(
                self.source, latest=self.latest, room=self.folder / ROOM, files=paths
            )
        except EmptyFileError:
            return None, None  # a day without orders is no fault among others
        with read:
            if repeats_a_line_id(self.folder, kept.ranges, read.lines):
                return None, None
            return self._merge(kept, read)

    def _merge(self, kept: Kept, read: ReadLog) -> tuple[Kept, tuple[str, ...]]:
        ranges: list[KeptRange] = list(kept.ranges)
        replaced: dict[int, list[KeptRange]] = {}
        days = Counter(dict(kept.days))
        came: list[pa.Table] = []
        for number, lines in by_range(kept.ranges, read.lines):
            old = read_lines(self.folder / ranges[number].file)
            new = without_known(old, lines)
            if not new.num_rows:
                continue
            came.append(new)
            list(_counted(new.to_batches(), days, self.source.clock))
            table = merged(old, new)
            parts = (
                [table]
                if table.num_rows <= 2 * self.lines_a_range
                else whole_customers(table.to_batches(), self.lines_a_range)
            )
            replaced[number], _ = self._write(parts, number)
        whole = [r for i, one in enumerate(ranges) for r in replaced.get(i, [one])]
        accepted = sum(t.num_rows for t in came)
        told = read.account
        again = told.duplicate + told.accepted - accepted
        account = _sum(kept.account, replace(told, accepted=accepted, duplicate=again))
        log = ShopLog(Kept.stored(replace(kept, ranges=tuple(whole)), self.folder))
        facts = LogFacts()
        for part in log.map(facts_of):
            facts += part
        notes = list(dict.fromkeys([*kept.notes, *read.notes]))
        notes = [n for n in notes if not n.startswith(ODD)]
        figures = together(kept.figures, read.facts)
        listed = self._list(read.quarantine, kept.quarantine)
        result = self._kept(account, notes, figures, whole, facts, days, listed)
        return result, tuple(customers_in(came))

    def _write(self, tables: Iterable[pa.Table], number: int) -> tuple[list[KeptRange], LogFacts]:
        name = f"{self.stem}-{number:05d}"
        firsts: list[str] = []

        def noted() -> Iterator[pa.Table]:
            for table in tables:
                firsts.append(table["customer_id"][0].as_py())
                yield table

        stored, facts = write_ranges(noted(), self.source.clock, self.folder, name)
        return [
            KeptRange(s.path.name, first, s.n_customers, s.n_lines, s.path.stat().st_size)
            for s, first in zip(stored, firsts, strict=True)
        ], facts

    def _list(self, quarantine: pd.DataFrame, earlier: str | None = None) -> str | None:
        """Keep the list of quarantined rows, those of earlier deliveries among them."""
        listed = quarantine[LISTED]
        if earlier is not None and (self.quarantine_folder / earlier).is_file():
            before = pd.read_csv(self.quarantine_folder / earlier, dtype=str, keep_default_na=False)
            listed = pd.concat([before, listed.fillna("")], ignore_index=True)
        if not len(listed):
            return None
        write_whole(self.listed, lambda p: listed.to_csv(p, index=False))
        return self.listed.name

    def _kept(
        self,
        account: RowAccount,
        notes: list[str],
        figures: Mapping[str, Any],
        ranges: list[KeptRange],
        facts: LogFacts,
        days: Mapping[int, int],
        quarantine: str | None,
    ) -> Kept:
        return Kept(
            self.described,
            self.files,
            self.sha256,
            account,
            tuple(notes),
            figures,
            tuple(ranges),
            facts,
            dict(days),
            quarantine,
        )

    def undo(self) -> None:
        """Remove what was written for a log that is not to be."""
        for path in (self.listed, *self.folder.glob(f"{self.stem}-*.parquet")):
            path.unlink(missing_ok=True)


def _counted(
    batches: Iterable[pa.RecordBatch], days: Counter[int], clock: ShopClock
) -> Iterator[pa.RecordBatch]:
    """The same batches, their lines counted by the day of the order."""
    for batch in batches:
        stamps = batch["ordered_at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
        found, counts = np.unique(clock.days_of(stamps), return_counts=True)
        days.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        yield batch


def _sum(one: RowAccount, two: RowAccount) -> RowAccount:
    total = {k: v + getattr(two, k) for k, v in asdict(one).items() if isinstance(v, int)}
    return RowAccount(
        **total,
        reasons=dict(Counter(one.reasons) + Counter(two.reasons)),
        excluded_by=dict(Counter(one.excluded_by) + Counter(two.excluded_by)),
    )
