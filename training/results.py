"""What a training job found: the backtest, the gate's decisions and the bundle they are about.

The training job fills these; plots, model card and tracking only read them.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval
from models.metrics import churn_metrics, value_metrics

MODEL = "model"
"""Name of perennial's own predictions among the members of a fold; the others are rules and
buy-till-you-die models."""

Metrics = dict[str, float]


@dataclass(frozen=True)
class FoldOutcome:
    """One backtest cutoff: what was predicted there and what came.

    All arrays have the shape (n_customers,) and one order of customers, who are not named but have
    their numbers in the log (`customers`), so that those of several folds can be told to be the
    same; `n_orders` and `tenure_days` are those at the cutoff, `formula` is what `simple_clv` says
    of the value horizon (NaN where nothing). The last four may be empty.
    """

    cutoff: datetime.date
    churn_horizon_days: int
    value_horizon_days: int
    churned: NDArray[np.float64]
    future_value: NDArray[np.float64]
    churn_probability: dict[str, NDArray[np.float64]]
    predicted_clv: dict[str, NDArray[np.float64]]
    clv_p10: NDArray[np.float64]
    clv_p50: NDArray[np.float64]
    clv_p90: NDArray[np.float64]
    customers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    n_orders: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    tenure_days: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    formula: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @cached_property
    def measures(self) -> dict[str, dict[str, Metrics]]:
        """What `fold_metrics` gives: card, tracking and terminal all ask for it."""
        medians = {MODEL: self.clv_p50}
        return {
            "churn": {
                member: churn_metrics(self.churned, predicted)
                for member, predicted in self.churn_probability.items()
            },
            "value": {
                member: value_metrics(self.future_value, predicted, medians.get(member))
                for member, predicted in self.predicted_clv.items()
            },
        }


@dataclass(frozen=True)
class GateDecision:
    """What is served for one target, and why.

    `target` is "return" or "value", `served` "model" or a rule's name, `method` "by time" or
    "by customer, not by time". `versus` maps a rule to the interval of (rule's loss - model's
    loss): above zero, the model is better. `reason` is one sentence.
    """

    target: str
    served: str
    method: str
    versus: dict[str, Interval]
    reason: str


@dataclass(frozen=True)
class TrainingResult:
    """Everything that a training job leaves to be shown and recorded; aggregates, no customer.

    `data` counts rows, accepted, duplicate, anonymous, excluded, quarantined, customers, orders,
    and holds first_day, last_day and the log's `sha256`. `importance` maps a feature to its mean
    absolute contribution to the return model. `seconds` says how long each step took.
    """

    name: str
    settings: dict[str, Any]
    data: dict[str, Any]
    folds: list[FoldOutcome]
    gates: list[GateDecision]
    importance: dict[str, float]
    bundle_dir: Path
    version: str
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def fold_metrics(fold: FoldOutcome) -> dict[str, dict[str, Metrics]]:
    """Measures of one fold: `{"churn": {member: measures}, "value": {member: measures}}`."""
    return fold.measures


def mean_metrics(
    per_fold: Iterable[dict[str, dict[str, Metrics]]],
) -> dict[str, dict[str, Metrics]]:
    """Average each measure over the folds in which it is defined; NaN where it never is."""
    collected: dict[str, dict[str, dict[str, list[float]]]] = {"churn": {}, "value": {}}
    for fold in per_fold:
        for target, members in fold.items():
            for member, measures in members.items():
                lists = collected[target].setdefault(member, {})
                for name, value in measures.items():
                    lists.setdefault(name, []).append(value)
    return {
        target: {
            member: {name: _mean(values) for name, values in lists.items()}
            for member, lists in members.items()
        }
        for target, members in collected.items()
    }


def _mean(values: list[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")
