"""The model card's sentences: what a reader who knows no statistics should take from it."""

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from training.backtest_words import drift_sentence, level_is_off
from training.member_names import in_a_sentence, short
from training.results import MODEL, GateDecision, TrainingResult

_QUESTION = {
    "return": "who will not buy again in time",
    "value": "how much each customer will spend",
}
_SEASON_DAYS = 730
_FEW_CUSTOMERS = 2000
_FEW_FOLDS = 3

_ALWAYS = (
    (
        "The probabilities hold while the shop's usual marketing goes on; they do not say what a "
        "contact would change."
    ),
    (
        "Customers with a single order are told apart by little more than the day, the size and "
        "the season of that order."
    ),
    (
        "A change that the log has never seen (a new range, a price rise, a closed channel) is not "
        "foreseen; the level of the predicted value suffers first, the order of customers least."
    ),
    (
        "Made for deciding whom a shop contacts; not for credit, prices for single persons or any "
        "decision with legal effect."
    ),
)


def summary_sentences(result: TrainingResult, mean: dict[str, Any]) -> list[str]:
    """Plain sentences for the top of the card: the data, what is served, how good it is."""
    data = result.data
    sentences = [
        (
            f"Learned from {_count(data.get('orders'))} orders of {_count(data.get('customers'))} "
            f"customers, {data.get('first_day', 'unknown')} to {data.get('last_day', 'unknown')}."
        )
    ]
    sentences += [_served_sentence(gate) for gate in result.gates]
    if not result.folds:
        compared = any(gate.versus for gate in result.gates)
        return [
            *sentences,
            "There was no backtest: how accurate it is from date to date is not known"
            + ("; what the gate compared stands below." if compared else "."),
        ]
    cutoffs = f"In the backtest ({_number(len(result.folds), 'cutoff')})"
    auc = mean["churn"][MODEL]["auc"]
    if math.isfinite(auc):
        sentences.append(
            f"{cutoffs} the model put a customer who left above one who returned in "
            f"{auc:.0%} of the pairs{_best_rule(mean['churn'], 'auc')}."
        )
    bias = mean["value"][MODEL]["bias"]
    if math.isfinite(bias):
        side = "above" if bias >= 0 else "below"
        sentences.append(
            f"{cutoffs} the total value that the model predicted was on average "
            f"{abs(bias):.1%} {side} what came."
        )
    return sentences


def gate_sentences(gate: GateDecision) -> list[str]:
    """Plain sentences of one decision: what is served and each comparison with its interval."""
    sentences = [_served_sentence(gate)]
    for rule, interval in gate.versus.items():
        if interval.above_zero:
            verdict = "perennial's model is better"
        elif interval.below_zero:
            verdict = "perennial's model is worse"
        else:
            verdict = "no difference is shown"
        sentences.append(
            f"Against {in_a_sentence(rule)}: {verdict} (its loss less the model's is "
            f"{interval.mean:+.4g}, interval {interval.low:+.4g} to {interval.high:+.4g}, "
            f"judged {gate.method})."
        )
    return sentences


def known_limits(
    result: TrainingResult,
    levels: Sequence[dict[str, Any]] = (),
    quantiles: Mapping[str, Any] | None = None,
) -> list[str]:
    """What the reader must not expect, from this result's data and in general.

    `levels` and `quantiles` are those of `training.fold_checks` for the result's folds.
    """
    limits = _missed(levels, quantiles or {})
    if any("not by time" in gate.method for gate in result.gates):
        limits.append(
            "Gated by customer, not by time: the log is too short to judge the model at a later "
            "date, so it was judged on other customers at the same dates; expect it to do less "
            "well in life."
        )
    if len(result.folds) < _FEW_FOLDS:
        limits.append(
            f"The backtest has {_number(len(result.folds), 'cutoff')}; how much the accuracy "
            "varies from date to date is not known."
        )
    days = _days_of_log(result.data)
    if days is not None and days < _SEASON_DAYS:
        limits.append(
            f"The log covers {days} days, less than two years: a season that comes once a year "
            "cannot be told from a trend."
        )
    customers = result.data.get("customers")
    if isinstance(customers, Integral) and int(customers) < _FEW_CUSTOMERS:
        limits.append(
            f"Only {int(customers):,} customers were there to learn from; intervals are wide and "
            "small differences between customers mean little."
        )
    return [*limits, *_ALWAYS, *result.notes]


def trained_on(result: TrainingResult) -> list[str]:
    """What the served bundle was fitted on, and what it was judged on, in plain sentences."""
    data = result.data
    sentences = [
        (
            f"Fitted on purchases of {data.get('first_day', 'an unknown day')} to "
            f"{data.get('last_day', 'an unknown day')}: {_count(data.get('orders'))} orders of "
            f"{_count(data.get('customers'))} customers."
        )
    ]
    if result.folds:
        days = ", ".join(str(fold.cutoff) for fold in result.folds)
        sentences.append(
            f"The same recipe was backtested at {days}, each time fitted on what was known before "
            "that day only; what is served was then fitted again on all of the log."
        )
    sentences += [
        f"On {_QUESTION.get(gate.target, gate.target)} it was gated {gate.method}."
        for gate in result.gates
    ]
    return sentences


def _served_sentence(gate: GateDecision) -> str:
    question = _QUESTION.get(gate.target, gate.target)
    reason = gate.reason.rstrip(". ")
    for name in {gate.served, *gate.versus} - {MODEL}:
        reason = re.sub(rf"\b{re.escape(name)}\b", short(name), reason)
    return f"On {question}, {in_a_sentence(gate.served)} is served: {reason}."


def _missed(levels: Sequence[dict[str, Any]], quantiles: Mapping[str, Any]) -> list[str]:
    """Where the backtest itself found the level or a quantile to be off."""
    limits = [drift_sentence(levels, t) for t in ("churn", "value") if level_is_off(levels, t)]
    for name, found in quantiles.items():
        if not (found["holds"] and found["tenths_hold"]):
            words = f"{name.removeprefix('clv_').upper()} of value"
            limits.append(
                f"{words} does not hold: off by {found['violation']:.1%} of all customers and by "
                f"{found['worst_tenth']['violation']:.1%} in the worst tenth."
            )
    return limits


def _best_rule(members: dict[str, dict[str, float]], measure: str) -> str:
    rules = [
        (values[measure], name)
        for name, values in members.items()
        if name != MODEL and math.isfinite(values[measure])
    ]
    if not rules:
        return ""
    best, name = max(rules)
    return f", {in_a_sentence(name)} in {best:.0%}"


def _days_of_log(data: dict[str, Any]) -> int | None:
    """Days from the first to the last line; None unless both are known."""
    first, last = data.get("first_day"), data.get("last_day")
    if not first or not last:
        return None
    return (_day(last) - _day(first)).days + 1


def _day(value: Any) -> datetime.date:
    return datetime.date.fromisoformat(str(value)[:10])


def _count(value: Any) -> str:
    return f"{int(value):,}" if isinstance(value, Integral) else "an unknown number of"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count or 'no'} {noun}s"
