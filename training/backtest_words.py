"""The backtest's sentences: who wins at what, and how surely."""

import math
from collections.abc import Sequence
from typing import Any

from training.comparison import BETTER, HIGHER_IS_BETTER, MEAN, WORSE, Cell, Comparison
from training.member_names import in_a_sentence, measure_heading, short
from training.resampled import MEASURES
from training.results import MODEL

# Beyond this share, and surely so, a level is called off.
_LEVEL_OFF = 0.10

NOTHING = (
    "There is nothing to compare: at no past cutoff were there a history of the window's length "
    "and customers enough."
)


def standing(comparison: Comparison) -> list[dict[str, Any]]:
    """Of each measure, on the mean over the cutoffs, how the model stands against the others.

    Returns
    -------
    list of {target, measure, best, model_rank, members, beaten, level_with, beaten_by}: the first
    member by the measure, the model's place among `members` (1 the best, None without a model),
    and the names of those that it is shown to be better than, not told apart from, worse than
    """
    found = []
    for target, measures in MEASURES.items():
        cells = comparison.at(MEAN, target)
        for measure in measures:
            known = {
                member: _rank_value(of[measure], modelled=MODEL in cells)
                for member, of in cells.items()
                if math.isfinite(of[measure].value.mean)
            }
            ranked = sorted(known, key=lambda member: -known[member])
            if not ranked:
                continue
            others = {m: cells[m][measure].verdict for m in ranked if m != MODEL}
            found.append(
                {
                    "target": target,
                    "measure": measure,
                    "best": ranked[0],
                    "model_rank": ranked.index(MODEL) + 1 if MODEL in ranked else None,
                    "members": len(ranked),
                    "beaten": [m for m, verdict in others.items() if verdict == BETTER],
                    "level_with": [m for m, v in others.items() if v not in (BETTER, WORSE)],
                    "beaten_by": [m for m, verdict in others.items() if verdict == WORSE],
                }
            )
    return found


def _rank_value(cell: Cell, *, modelled: bool) -> float:
    """More is better; counted from the model where there is one, as the intervals are."""
    if cell.gain is not None:
        return -cell.gain.mean
    if modelled:
        return 0.0 if cell.member == MODEL else -math.inf
    value = cell.value.mean
    if cell.measure == "bias":
        return -abs(value)
    return value if cell.measure in HIGHER_IS_BETTER else -value


def summary(
    comparison: Comparison, ranked: Sequence[dict[str, Any]], levels: Sequence[dict[str, Any]]
) -> list[str]:
    """Plain sentences for the top of the report."""
    if not comparison.cells:
        return [NOTHING]
    if not any(row["model_rank"] for row in ranked):
        return ["At no cutoff were there customers enough to fit a model; only rules are shown."]
    sentences = [
        sentence
        for target, what in (("churn", "On who does not return"), ("value", "On future value"))
        if (sentence := _verdict(what, [r for r in ranked if r["target"] == target]))
    ]
    return [*sentences, *_drift(levels)]


def standing_sentence(row: dict[str, Any]) -> str:
    """One measure's outcome in words."""
    if row["model_rank"] is None:
        return f"First is {in_a_sentence(row['best'])}; there is no model."
    if row["members"] == 1:
        return "There is nothing to compare the model with."
    if row["model_rank"] == 1:
        start = "The model is first"
    else:
        start = f"First is {in_a_sentence(row['best'])}, the model is number {row['model_rank']}"
    parts = [f"better than {_some(row['beaten'], row['members'] - 1)}"]
    if row["level_with"]:
        parts.append(f"not told apart from {_names(row['level_with'])}")
    if row["beaten_by"]:
        parts.append(f"worse than {_names(row['beaten_by'])}")
    return f"{start}: {', '.join(parts)}."


def _verdict(what: str, rows: list[dict[str, Any]]) -> str | None:
    rows = [r for r in rows if r["model_rank"] is not None and r["members"] > 1]
    if not rows:
        return None
    rivals = rows[0]["members"] - 1
    first = [r for r in rows if r["model_rank"] == 1]
    clear = [r for r in rows if len(r["beaten"]) == r["members"] - 1]
    lost = [r for r in rows if r["beaten_by"]]
    sentence = (
        f"{what}, perennial's model is first by {len(first)} of {len(rows)} measures against "
        f"{rivals} other {'predictor' if rivals == 1 else 'predictors'}"
    )
    sentence += (
        f"; shown to be better than every one of them by {_measures(clear)}"
        if clear
        else "; by none is it shown to be better than every one of them"
    )
    if not lost:
        return f"{sentence}, and shown to be worse than none by any."
    return f"{sentence}; shown to be worse than another by {_lost(lost)}."


def _lost(rows: list[dict[str, Any]]) -> str:
    return "; ".join(f"{measure_heading(r['measure'])} ({_names(r['beaten_by'])})" for r in rows)


def _measures(rows: list[dict[str, Any]]) -> str:
    return _listed([measure_heading(r["measure"]) for r in rows])


def _drift(levels: Sequence[dict[str, Any]]) -> list[str]:
    """The level at the last cutoff, and how it moved since the one before."""
    if not levels:
        return []
    return [drift_sentence(levels, target) for target in ("churn", "value") if _known(levels[-1])]


def _known(level: dict[str, Any]) -> bool:
    return math.isfinite(level["value"]["actual"])


def drift_sentence(levels: Sequence[dict[str, Any]], target: str) -> str:
    """Level of the last cutoff, predicted and actual, beside that of the one before."""
    last = levels[-1]
    now = _level(last[target], target)
    what = "not returning" if target == "churn" else "value a customer"
    sentence = f"Level of {what} at the last cutoff, {last['cutoff']}: {now}"
    if len(levels) > 1:
        before = levels[-2]
        sentence += f"; at the one before, {before['cutoff']}: {_level(before[target], target)}"
    if level_is_off(levels, target):
        side = "too high" if last[target]["ratio"] > 1 else "too low"
        sentence += f". The last was {side} by more than chance explains"
    return f"{sentence}."


def level_is_off(levels: Sequence[dict[str, Any]], target: str) -> bool:
    """Whether the last level is a tenth or more off, and by more than chance explains."""
    if not levels:
        return False
    ratio, gap = levels[-1][target]["ratio"], levels[-1][target]["gap"]
    sure = gap["low"] > 0 or gap["high"] < 0
    return math.isfinite(ratio) and abs(ratio - 1) > _LEVEL_OFF and sure


def _level(level: dict[str, Any], target: str) -> str:
    shown = "{:.1%}" if target == "churn" else "{:,.2f}"
    return f"predicted {shown.format(level['predicted'])}, actual {shown.format(level['actual'])}"


def _some(members: list[str], rivals: int) -> str:
    if not members:
        return "none that can be shown"
    if len(members) == rivals:
        return f"all {rivals} others" if rivals > 1 else "the other"
    return _names(members) if len(members) <= 2 else f"{len(members)} of the {rivals} others"


def _names(members: list[str]) -> str:
    return _listed([short(m) for m in members])


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
