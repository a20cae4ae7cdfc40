"""What became of every row of a source, and the list of those that cannot be used."""

from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd
from duckdb import DuckDBPyRelation

from features.errors import DataError, TooManyBadError
from features.reading.source import PurchaseSource
from features.reading.staging import StagedFile

COLUMN_OF_REASON = {
    "id_too_long": "customer_id",
    "bad_customer_id": "customer_id",
    "bad_date": "ordered_at",
    "future_date": "ordered_at",
    "future_known_at": "known_at",
    "bad_amount": "amount",
    "bad_quantity": "quantity",
    "bad_known_at": "known_at",
    "bad_discount": "discount",
    "bad_cost": "cost",
    "bad_currency": "currency",
}
ADVICE = {
    "bad_date": "the date cannot be read; say how it is written in purchases.format.date_format",
    "bad_amount": "the amount is not a number, or beyond all measure",
    "bad_quantity": "the quantity is not a number",
    "bad_discount": "the discount is not a number, or beyond all measure",
    "bad_cost": "the cost is not a number, or beyond all measure",
    "bad_currency": "the currency has no rate on that day; add it to the file of rates",
    "bad_known_at": "the time known cannot be read",
    "future_date": "the date lies in the future",
    "future_known_at": "the time known lies in the future",
    "missing_columns": "too few fields",
    "too_many_columns": "too many fields",
    "invalid_encoding": "the row is not UTF-8 text",
    "unclosed_quote": "a quotation mark is opened and not closed",
    "stray_quote": "a quotation mark stands within a quoted field",
    "stray_line_end": "a carriage return stands within the line",
    "line_too_long": "the line is too long",
    "id_too_long": "the customer id is longer than 128 characters",
    "bad_customer_id": "the customer id holds control characters",
}
LEFT_OUT = "('anonymous', 'excluded')"


@dataclass(frozen=True)
class RowAccount:
    """What became of each row: rows = accepted + duplicate + anonymous + excluded + quarantined.

    Attributes
    ----------
    reasons : quarantined rows by reason code
    excluded_by : excluded rows by what the settings say why
    """

    rows: int
    accepted: int
    duplicate: int
    anonymous: int
    excluded: int
    quarantined: int
    reasons: dict[str, int] = field(default_factory=dict)
    excluded_by: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Counts by name, quarantined rows by reason code, excluded rows by why."""
        return asdict(self)


def account_of(typed: DuckDBPyRelation, staged: list[StagedFile], copied: int) -> RowAccount:
    """Count what became of each row.

    Parameters
    ----------
    typed : rows with `reason`, `duplicate` and, where rows are excluded, `why`
    copied : rows of byte-identical copies of files
    """
    counted = dict(
        typed.aggregate(
            "CASE WHEN duplicate THEN 'duplicate' ELSE coalesce(reason, 'accepted') END AS what,"
            "count(*) AS n",
            "what",
        ).fetchall()
    )
    reasons = dict(counted)
    kinds = {k: reasons.pop(k, 0) for k in ("accepted", "duplicate", "anonymous", "excluded")}
    for one in staged:
        for reason, lines in one.faults.items():
            reasons[reason] = reasons.get(reason, 0) + len(lines)
    excluded_by = {}
    if kinds["excluded"] and "why" in typed.columns:
        left = typed.filter("reason = 'excluded'").aggregate("why, count(*) AS n", "why")
        excluded_by = {str(why): int(n) for why, n in left.order("n DESC, why").fetchall()}
    return RowAccount(
        rows=sum(s.rows + s.misshapen for s in staged) + copied,
        accepted=kinds["accepted"],
        duplicate=kinds["duplicate"] + copied,
        anonymous=kinds["anonymous"],
        excluded=kinds["excluded"],
        quarantined=sum(reasons.values()),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        excluded_by=excluded_by,
    )


def quarantine_of(typed: DuckDBPyRelation, staged: list[StagedFile]) -> pd.DataFrame:
    """Rows that cannot be used: file, row (line), column, reason code; nothing of their content."""
    bad = typed.filter(f"reason NOT IN {LEFT_OUT}").project("file, row, reason").fetchnumpy()
    files = [np.asarray(bad["file"], np.int64)]
    rows = [np.asarray(bad["row"], np.int64)]
    reasons = [np.asarray(bad["reason"], object)]
    for i, one in enumerate(staged):
        for reason, lines in one.faults.items():
            files.append(np.full(len(lines), i))
            rows.append(lines)
            reasons.append(np.full(len(lines), reason, object))
    whole = pd.DataFrame(
        {
            "at": np.concatenate(files),
            "row": np.concatenate(rows),
            "reason": np.concatenate(reasons),
        }
    ).sort_values(["at", "row"], ignore_index=True)
    names = np.array([s.name for s in staged], object)
    whole["file"] = names[whole["at"].to_numpy()]
    whole["column"] = whole["reason"].map(COLUMN_OF_REASON).astype(object)
    return whole[["file", "row", "column", "reason"]]


def refuse_too_many_bad(
    source: PurchaseSource, account: RowAccount, typed: DuckDBPyRelation, staged: list[StagedFile]
) -> None:
    """Raise DataError if more rows are bad than the settings allow, or none is good."""
    if account.quarantined > source.max_bad_rows * account.rows:
        raise TooManyBadError(
            f"{account.quarantined} of {account.rows} rows of {source.label} cannot be used "
            f"({_first_bad(source, typed, staged)}), more than "
            f"purchases.max_bad_rows = {source.max_bad_rows:g} allows; mend the file or the "
            "settings of its format",
            account.quarantined,
        )
    if not account.accepted:
        parts = [f"{account.anonymous} have no customer"]
        parts += [f"{account.excluded} are excluded by rule"] if account.excluded else []
        parts += [f"{account.quarantined} cannot be used"]
        bad = f" ({_first_bad(source, typed, staged)})" if account.quarantined else ""
        raise DataError(
            f"{source.label} has no usable purchase: of {account.rows} rows "
            f"{', '.join(parts[:-1])} and {parts[-1]}{bad}; check purchases.columns"
        )


def _first_bad(source: PurchaseSource, typed: DuckDBPyRelation, staged: list[StagedFile]) -> str:
    bad = typed.filter(f"reason NOT IN {LEFT_OUT}").project("file, row, reason")
    found: list[tuple[int, int, str]] = bad.order("file, row").limit(1).fetchall()
    for i, one in enumerate(staged):
        found += [(i, int(lines[0]), reason) for reason, lines in one.faults.items()]
    at, row, reason = min(found)
    ours = COLUMN_OF_REASON.get(reason)
    where = f"{staged[at].name}, row {row}"
    where += f", column `{_theirs(source, ours)}`" if ours and _is_column(source, ours) else ""
    return f"first: {where}: {ADVICE.get(reason, reason)}"


def _theirs(source: PurchaseSource, ours: str) -> str:
    if ours == "currency" and source.currency:
        return source.currency.column
    return source.theirs(ours)


def _is_column(source: PurchaseSource, ours: str) -> bool:
    return ours != "amount" or source.amount is None
