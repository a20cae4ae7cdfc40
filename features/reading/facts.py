"""Figures of a log that was read, for the data report."""

from typing import Any

from duckdb import DuckDBPyRelation

from features.reading.accounting import RowAccount
from features.reading.notes import quantity_oddities
from features.reading.source import PurchaseSource
from features.reading.staging import StagedFile


def facts_of(
    source: PurchaseSource,
    staged: list[StagedFile],
    accepted: DuckDBPyRelation,
    account: RowAccount,
    filled: dict[str, int],
    met: dict[str, Any],
) -> dict[str, Any]:
    """What the data report says of a log.

    Parameters
    ----------
    accepted : accepted rows of all files, with `file`
    filled : accepted lines with a value, by optional column that a file has
    met : `currencies` and `aware`, as `survey.met` gives them

    Returns
    -------
    dict of
        reasons, excluded_by : rows, as in the account
        cancelled : accepted lines that the shop's rule calls cancelled
        files : list of {file, rows, accepted, first_day, last_day}
        filled : as given
        all_null : our columns that a file has, all of them empty
        unused : the source's columns that nothing reads
        currencies : sorted codes of the column of currencies, where none is converted
        aware : whether stamps have a zone, by column of stamps, of those that tell
        quantity : list of {oddity, category, lines}, most lines first
    """
    used = source.used()
    there = dict.fromkeys(name for one in staged for name in one.types)
    return {
        "reasons": account.reasons,
        "excluded_by": account.excluded_by,
        "cancelled": _cancelled(accepted),
        "files": _by_file(staged, accepted),
        "filled": filled,
        "all_null": [name for name, lines in filled.items() if not lines],
        "unused": [name for name in there if name not in used],
        "currencies": met["currencies"],
        "aware": met["aware"],
        "quantity": [
            {"oddity": oddity, "category": category, "lines": lines}
            for oddity, category, lines in quantity_oddities(accepted)
        ],
    }


def _cancelled(accepted: DuckDBPyRelation) -> int:
    if "cancelled" not in accepted.columns:
        return 0
    [(lines,)] = accepted.aggregate("count(*) FILTER (cancelled) AS n").fetchall()
    return int(lines)


def _by_file(staged: list[StagedFile], accepted: DuckDBPyRelation) -> list[dict[str, Any]]:
    days = accepted.aggregate(
        "file, count(*) AS n, min(ordered_at)::DATE::VARCHAR AS first_day,"
        "max(ordered_at)::DATE::VARCHAR AS last_day",
        "file",
    )
    found = {file: told for file, *told in days.fetchall()}
    lines = [found.get(i, [0, None, None]) for i in range(len(staged))]
    return [
        {"file": s.name, "rows": s.rows + s.misshapen, "accepted": n, "first_day": a, "last_day": z}
        for s, (n, a, z) in zip(staged, lines, strict=True)
    ]
