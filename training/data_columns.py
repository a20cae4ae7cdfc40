"""Optional columns of a log: which are there, which features they bring, which are missed."""

from collections.abc import Mapping
from typing import Any

from features.catalogue import FEATURES
from features.log.purchase_log import CODED
from features.reading.guess import NAMES
from features.reading.source import OPTIONAL_COLUMNS, PurchaseSource
from features.rows import features_with
from training.data_verdicts import GOOD, LOW_SHARE, NONE, THIN, Verdict
from training.data_words import percent

PRESENT, EMPTY, ABSENT = "present", "empty", "absent"
# Column -> output that lives on it, and what it is.
_OUTPUTS = {
    "order_id": ("orders", "orders"),
    "product_id": ("products", "features of products"),
    "quantity": ("items", "features of items"),
    "category": ("categories", "features of categories"),
    "discount": ("discounts", "features of discounts"),
    "cost": ("margin", "margin and contribution"),
    "channel": ("channels", "features of channels"),
}


def columns_of(
    source: PurchaseSource, figures: Mapping[str, Any], accepted: int
) -> list[dict[str, Any]]:
    """Each optional column: what it is called there, and how many accepted lines give it.

    Returns
    -------
    list of {column, source, status, lines, share, features}, with status `present`, `empty` or
    `absent` and the number of features that need the column
    """
    filled = figures.get("filled", {})
    empty = figures.get("all_null", [])
    found = []
    for name in OPTIONAL_COLUMNS:
        if name == "currency":
            continue
        lines = int(filled.get(name, 0))
        status = PRESENT if lines else EMPTY if name in empty else ABSENT
        found.append(
            {
                "column": name,
                "source": source.theirs(name),
                "status": status,
                "lines": lines,
                "share": round(lines / accepted, 4) if accepted else 0.0,
                "features": sum(f.needs == _in_log(name) for f in FEATURES),
            }
        )
    return found


def features_of(columns: frozenset[str]) -> dict[str, Any]:
    """Features that a log with these columns (as the log names them) has, and those it lacks.

    Returns
    -------
    dict of `present` (number) and `absent` (column -> names of the features that need it)
    """
    there = set(features_with(columns))
    absent: dict[str, list[str]] = {}
    for one in FEATURES:
        if one.name not in there and one.needs is not None:
            absent.setdefault(_in_source(one.needs), []).append(one.name)
    return {"present": len(there), "absent": absent}


def column_verdicts(columns: list[dict[str, Any]], unused: list[str]) -> list[Verdict]:
    """Verdicts on what optional columns decide; `unused` are the source's other columns."""
    told = {c["column"]: c for c in columns}
    return [_verdict(told[name], *_OUTPUTS[name], unused) for name in _OUTPUTS]


def _verdict(column: dict[str, Any], output: str, name: str, unused: list[str]) -> Verdict:
    ours, share = column["column"], column["share"]
    if column["status"] == PRESENT:
        why = f"{name}: {percent(share)} of the lines have `{ours}`"
        if share >= LOW_SHARE:
            return Verdict(output, GOOD, why)
        return Verdict(output, THIN, why, f"deliver `{ours}` for more lines")
    lacking = "is empty" if column["status"] == EMPTY else "is not in the log"
    if ours == "order_id":
        return Verdict(
            output,
            THIN,
            f"{name}: `{ours}` {lacking}, so all that a customer buys on one day is one order",
            _map(column, unused),
        )
    without = f"{column['features']} features are absent" if column["features"] else "none is told"
    return Verdict(output, NONE, f"{name}: `{ours}` {lacking}; {without}", _map(column, unused))


def _map(column: dict[str, Any], unused: list[str]) -> str:
    """What to do for a column that is missing, naming a column that looks like it."""
    ours = column["column"]
    if column["status"] == EMPTY:
        return f"fill the column `{column['source']}`, or map `{ours}` to another"
    usual = NAMES.get(ours, ())
    alike = [n for n in unused if n.lower().replace(" ", "_").replace("-", "_") in usual]
    where = f", perhaps to the unused column `{alike[0]}`" if alike else ""
    return f"map `{ours}` in `purchases.columns`{where}"


def _in_log(ours: str) -> str:
    return CODED.get(ours, ours)


def _in_source(needed: str) -> str:
    return {log: ours for ours, log in CODED.items()}.get(needed, needed)
