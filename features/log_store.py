"""The checked, sorted log on disk: read a source once, then load what was kept."""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.purchase_log import PurchaseLog, log_from_lines
from features.reading.read import RowAccount, read_purchases
from features.reading.source import PurchaseSource
from features.reading.staging import file_digest
from features.whole_file import write_whole

LINES = "lines.parquet"
ROWS_A_GROUP = 262_144
# The key in the file's own metadata, so that lines and what is said of them cannot fall apart.
ABOUT = b"perennial"
# To be raised when the checks or the kept columns change: what was kept before is then read anew.
READER = 1


@dataclass(frozen=True)
class LoadedLog:
    """A purchase log ready for features.

    Attributes
    ----------
    log : PurchaseLog
    account : what became of each row of the source
    notes : what was noticed while reading
    sha256 : digest over the source's files and the way they are read
    fresh : True where the source was read now, False where the kept log was loaded
    """

    log: PurchaseLog
    account: RowAccount
    notes: list[str]
    sha256: str
    fresh: bool


def load_log(
    source: PurchaseSource,
    folder: Path,
    quarantine_folder: Path,
    *,
    latest: dt.datetime | None = None,
) -> LoadedLog:
    """Load the log of `source`, reading its files only if they or their description changed.

    Parameters
    ----------
    folder : where the sorted log is kept
    quarantine_folder : where rows that cannot be used are listed, by file, row and reason
    latest : naive local moment after which a row is `future_date`

    Raises
    ------
    DataError
        See `features.reading.read.read_purchases`; nothing kept is changed then.
    """
    fingerprint = _fingerprint(source)
    kept = _kept(folder / LINES, fingerprint)
    if kept is not None:
        lines, account, notes = kept
        return LoadedLog(
            log_from_lines(lines, source.clock), account, notes, fingerprint, fresh=False
        )
    read = read_purchases(source, latest=latest)
    if len(read.quarantine):
        listed = read.quarantine[["file", "row", "column", "reason"]]
        write_whole(
            quarantine_folder / f"{fingerprint[:12]}.csv", lambda p: listed.to_csv(p, index=False)
        )
    about = {"sha256": fingerprint, "account": asdict(read.account), "notes": read.notes}
    told = read.lines.replace_schema_metadata({ABOUT: json.dumps(about).encode()})
    write_whole(folder / LINES, lambda p: pq.write_table(told, p, row_group_size=ROWS_A_GROUP))
    log = log_from_lines(read.lines, source.clock)
    return LoadedLog(log, read.account, read.notes, fingerprint, fresh=True)


def _kept(path: Path, fingerprint: str) -> tuple[pa.Table, RowAccount, list[str]] | None:
    """What is kept of the source as it is now; None where that is nothing, or unreadable."""
    try:
        about = json.loads(pq.read_schema(path).metadata[ABOUT])
        account = RowAccount(**about["account"])
        # What lay in the future may have come to pass.
        if about["sha256"] != fingerprint or any(r.startswith("future") for r in account.reasons):
            return None
        return pq.read_table(path), account, about["notes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fingerprint(source: PurchaseSource) -> str:
    described = {**asdict(source), "columns": dict(source.columns), "reader": READER}
    described.pop("source")
    files = [[p.name, file_digest(p)] for p in source.files()]
    text = json.dumps([described, files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
