"""What a reader noticed that a person should know of; nothing of it is a fault."""

from pathlib import Path

from duckdb import DuckDBPyRelation

from features.reading.source import PurchaseSource
from features.reading.staging import StagedFile

MOST_NAMED = 3
SENTENCES = {
    "not_a_count": (
        "lines have a quantity of 100 or more at less than a hundredth of the currency unit each; "
        "that is a weight or a volume, so their quantity counts as not given"
    ),
    "negative_quantity": (
        "lines have a negative quantity and a positive amount, and count as purchases; the amount "
        "must be the line total, negative for a return"
    ),
    "zero_quantity": "lines have an amount and a quantity of zero, and count as no items",
    "many_for_nothing": (
        "lines have a quantity of 1000 or more and an amount of zero; their items count"
    ),
}


def notes_on(
    source: PurchaseSource,
    staged: list[StagedFile],
    rows: DuckDBPyRelation,
    *,
    copies: dict[Path, Path],
    empty: list[Path],
) -> list[str]:
    """Sentences about a log that was read.

    Parameters
    ----------
    staged : files with lines
    rows : accepted rows, as `checking.parse` gives them
    copies : byte-identical copy -> original
    empty : files without lines
    """
    used = source.used()
    ignored = [n for n in staged[0].types if n not in used]
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
    return notes + _doubts(rows)


def quantity_oddities(rows: DuckDBPyRelation) -> list[tuple[str, str | None, int]]:
    """Oddity, category and number of lines, most lines first; see `features.reading.quantity`."""
    if "oddity" not in rows.columns:
        return []
    category = "category" if "category" in rows.columns else "NULL::VARCHAR"
    odd = rows.filter("oddity IS NOT NULL").project(f"oddity, {category} AS category")
    counted = odd.aggregate("oddity, category, count(*) AS lines", "oddity, category")
    return [
        (str(oddity), found, int(lines))
        for oddity, found, lines in counted.order("lines DESC, oddity, category").fetchall()
    ]


def _doubts(rows: DuckDBPyRelation) -> list[str]:
    """What reads as if the amount were not the line total, or the quantity no count."""
    oddities = quantity_oddities(rows)
    return [
        f"{lines} {sentence}{_where(oddities, kind)}"
        for kind, sentence in SENTENCES.items()
        if (lines := sum(n for oddity, _, n in oddities if oddity == kind))
    ]


def _where(oddities: list[tuple[str, str | None, int]], kind: str) -> str:
    """The categories with most of an oddity, if there are categories."""
    named = [(c, n) for oddity, c, n in oddities if oddity == kind and c is not None]
    if not named:
        return ""
    listed = ", ".join(f"{category} ({lines})" for category, lines in named[:MOST_NAMED])
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"; by category: {listed}{more}"
