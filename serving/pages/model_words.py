"""The model card in words that need no statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

from serving.pages.members import WORDS, member_words

TARGETS = {"return": "Who will order again", "value": "What each customer will spend"}
# Measure: target in the card, its name there, how it is called, what it means.
MEASURES = (
    (
        "churn",
        "auc",
        "Order of risk (AUC)",
        (
            "Of two customers, one who left and one who ordered: how often the one who left had "
            "the higher risk. 0.5 is a coin, 1 is always."
        ),
    ),
    (
        "churn",
        "log_loss",
        "Error of the probabilities (log loss)",
        "What the probabilities cost when they are sure and wrong; the lower the better.",
    ),
    (
        "churn",
        "ece",
        "Calibration error",
        (
            "By how much the share who left differs from the risk told, on average over the range "
            "of risks. 0.01 is one customer in a hundred."
        ),
    ),
    (
        "value",
        "concordance",
        "Order of value",
        "Of two customers, how often the one who spent more had been predicted more.",
    ),
    (
        "value",
        "bias",
        "Level of value",
        "By which share the sum of all predictions is above what came; below it where negative.",
    ),
)
KINDS = {"score": "score", "feature": "feature"}


def in_words(sentence: str) -> str:
    """The sentence with the names of rules as people say them."""
    for code in sorted(WORDS, key=len, reverse=True):
        if "_" in code:
            sentence = sentence.replace(code, WORDS[code])
    return sentence


def decisions(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is served for each target, in one line, and the sentences of the gate."""
    served = card.get("served") or {}
    gates = {gate["target"]: gate for gate in card.get("gates") or []}
    return [
        {
            "title": title,
            "served": member_words(served[target]),
            "reason": in_words(gates.get(target, {}).get("reason", "")),
            "sentences": gates.get(target, {}).get("sentences", []),
        }
        for target, title in TARGETS.items()
        if target in served
    ]


def measures(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each measure of what is served, with its interval and that of the best simple rule."""
    served = card.get("served") or {}
    compared = card.get("challengers") or {}
    found = []
    for target, name, title, meaning in MEASURES:
        member = served.get("return" if target == "churn" else "value", "")
        cells = compared.get(target) or {}
        cell = (cells.get(member) or {}).get(name)
        if cell is None or cell.get("value") is None:
            continue
        others = [
            {"name": member_words(other), **told[name]}
            for other, told in cells.items()
            if other != member and (told.get(name) or {}).get("value") is not None
        ]
        found.append(
            {
                "title": title,
                "meaning": meaning,
                "cell": cell,
                "nearest": _nearest(others, cell, is_small_better=name in ("log_loss", "ece")),
            }
        )
    return found


def _nearest(
    others: Sequence[Mapping[str, Any]], cell: Mapping[str, Any], *, is_small_better: bool
) -> Mapping[str, Any] | None:
    if not others:
        return None
    if "bias" in cell:
        return min(others, key=lambda other: abs(other["value"]))
    return sorted(others, key=lambda other: other["value"], reverse=not is_small_better)[0]


def formula(card: Mapping[str, Any]) -> dict[str, Any] | None:
    """How far the known formula was off beside what is served; None where it is not told."""
    told = card.get("formula") or []
    if not told:
        return None
    return {"rows": told[::-1], "served": member_words(told[-1]["member"])}


def drift(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Scores and features with their distances and what to make of each; None without facts."""
    if not facts or not facts.get("columns"):
        return None
    limit = facts["limit"]
    rows = [
        {
            "name": column["name"].replace("_", " "),
            "kind": KINDS[column["kind"]],
            "null": column["null"],
            "since_training": column["since_training"],
            "since_batch": column["since_batch"],
            "verdict": _verdict(column, limit),
        }
        for column in facts["columns"]
    ]
    moved = [row["name"] for row in rows if row["verdict"] == "changed"]
    return {"limit": limit, "rows": rows, "moved": moved}


def _verdict(column: Mapping[str, Any], limit: float) -> str:
    told = [d for d in (column["since_training"], column["since_batch"]) if d is not None]
    if not told:
        return "nothing to compare with"
    worst = max(told)
    if worst > limit:
        return "changed"
    return "somewhat changed" if worst > limit / 2 else "as before"


def features(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The features that the return model looks at most, with their share of all attention."""
    told = card.get("top_features") or []
    largest = max((f["share"] or 0.0 for f in told), default=0.0) or 1.0
    return [
        {
            "name": f["feature"].replace("_", " "),
            "share": f["share"] or 0.0,
            "width": 100 * (f["share"] or 0.0) / largest,
        }
        for f in told[:10]
    ]


def segments(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Calibration by segment: what was told, what came, and whether chance explains the rest."""
    return [
        {
            "by": row["by"],
            "name": row["segment"],
            "customers": row["customers"],
            "churn": row["churn"],
            "verdict": _within(row["churn"].get("within")),
        }
        for row in card.get("segments") or []
        if row["churn"].get("actual") is not None
    ]


def _within(within: bool | None) -> str:
    if within is None:
        return "too few to tell"
    return "right, as far as chance lets us tell" if within else "off by more than chance"
