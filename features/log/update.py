"""Read what is new of a source, and write its ranges beside those that are kept."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.errors import DataError, TooManyBadError
from features.log.figures import together
from features.log.manifest import Kept, KeptRange
from features.log.merging import by_range, customers_in, merged, repeats_a_line_id, without_known
from features.log.ranges import read_lines
from features.log.shop_log import LogFacts, ShopLog
from features.log.writing import whole_customers, write_ranges
from features.reading.accounting import RowAccount
from features.reading.read import ReadLog, read_purchases
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock
from features.whole_file import write_whole

# So few bad rows may be too many of a small delivery, and are judged among all.
FEW_BAD = 5
# More new lines than this are not held in memory: then everything is read in one go.
MOST_ADDED = 1_000_000
# Folder for what does not fit into memory while files are read.
ROOM = "room"
LISTED = ["file", "row", "column", "reason"]
# How a note on an odd delivery begins.
ODD = "latest delivery: "


class Update:
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
        lines_a_range: int,
    ) -> None:
        self.source, self.folder, self.quarantine_folder = source, folder, quarantine_folder
        self.described, self.files, self.sha256, self.latest = described, files, sha256, latest
        # What is kept is never written over: it stays if this one is refused.
        named = [before.quarantine or "", *(r.file for r in before.ranges)] if before else []
        stem = sha256[:12]
        again = any(n.startswith((f"{stem}-", f"{stem}.")) for n in named)
        self.stem = f"{stem}b" if again else stem
        self.listed = quarantine_folder / f"{self.stem}.csv"
        self.lines_a_range = lines_a_range

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
        except TooManyBadError as error:
            if error.bad > FEW_BAD:
                raise
            return None, None
        except DataError:
            # What is empty alone, or has no customers, may be no fault among the others.
            return None, None
        with read:
            if read.account.accepted > MOST_ADDED or not self._alike(kept, read):
                return None, None
            if repeats_a_line_id(self.folder, kept.ranges, read.lines):
                return None, None
            return self._merge(kept, read)

    def _alike(self, kept: Kept, read: ReadLog) -> bool:
        """Whether what is refused where files differ in it is the same in the new ones."""
        if read.facts.get("currencies") != kept.figures.get("currencies"):
            return False
        before, now = kept.figures.get("aware", {}), read.facts.get("aware", {})
        return all(before[name] == now[name] for name in before.keys() & now.keys())

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
        stored = replace(kept, ranges=tuple(whole)).stored(self.folder)
        facts = ShopLog(stored).facts
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
