"""What a reader noticed that a person should know of; nothing of it is a fault."""

from pathlib import Path

import pyarrow as pa

from features.reading.source import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, PurchaseSource
from features.reading.staging import StagedFile


def notes_on(
    source: PurchaseSource,
    staged: list[StagedFile],
    lines: pa.Table,
    *,
    copies: dict[Path, Path],
    empty: list[Path],
) -> list[str]:
    """Sentences about a log that was read.

    Parameters
    ----------
    staged : files with lines
    lines : accepted lines
    copies : byte-identical copy -> original
    empty : files without lines
    """
    mapped = {source.theirs(c) for c in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)}
    ignored = [n for n in staged[0].types if n not in mapped]
    ids = {source.theirs("order_id"), source.theirs("line_id")}
    notes = [f"columns not used: {', '.join(ignored)}"] if ignored else []
    if source.clock.timezone == "UTC":
        notes.append("time zone UTC assumed for stamps without one and for the shop's days")
    if len(staged) > 1 and not ids & set(staged[0].types):
        notes.append(
            "several files without order_id and line_id: a line that two of them hold counts twice"
        )
    notes += [f"{c.name} is a byte-identical copy of {o.name}" for c, o in copies.items()]
    notes += [f"{path.name} holds no lines" for path in empty]
    return notes + _doubts(lines)


def _doubts(lines: pa.Table) -> list[str]:
    """What reads as if the amount were not the line total."""
    if "quantity" not in lines.column_names:
        return []
    returned = lines["quantity"].to_numpy() < 0
    odd = int((returned & (lines["amount"].to_numpy() > 0)).sum())
    if not odd:
        return []
    sentence = (
        f"{odd} lines have a negative quantity and a positive amount, and count as purchases; the "
        "amount must be the line total, negative for a return"
    )
    return [sentence]
