"""From raw scores to heads: probabilities that hold, sums at the right level, quantiles."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.calibration import fit_platt
from models.carry import Carry
from models.heads import MODEL, ReturnHead, ValueHead
from models.rules import RETURN_RULES, VALUE_RULES
from models.spread import fit_spread
from training.grow import RawScores, Trees

Float = NDArray[np.float64]
BASE_SHARE = 0.01
LOWEST_LEVEL = 1e-6
# The return rule that a value rule leans on where no model could be fitted.
PLAIN_RETURN = "past_rate"

Heads = tuple[dict[str, ReturnHead], dict[str, ValueHead]]


def calibrated_heads(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    carry: Carry,
    *,
    trees: Trees | None,
    raw: RawScores | None,
) -> Heads:
    """Heads by member, calibrated on customers that the trees did not see.

    Parameters
    ----------
    features, labels : rows to calibrate on, over the observed window
    carry : from the observed window to the horizon
    trees : served trees; None leaves "model" out
    raw : raw scores of the rows, by trees that did not see them; None where `trees` is
    """
    churned = labels["churned"].to_numpy()
    value = labels["future_value"].to_numpy()
    returns: dict[str, ReturnHead] = {}
    values: dict[str, ValueHead] = {}
    if trees is not None and raw is not None:
        head = ReturnHead(MODEL, fit_platt(raw.margin, churned), carry, booster=trees.returns)
        returns[MODEL] = head
        churn = head.calibrator.probability(raw.margin)
        values[MODEL] = _value_model(head, trees, np.exp(raw.log_spend), churn, value)
    for name, rule in RETURN_RULES.items():
        score = rule(features, carry.observed_days)
        centre = float(score.mean())
        returns[name] = ReturnHead(name, fit_platt(score, churned), carry, centre)
    base_head = returns.get(MODEL, returns[PLAIN_RETURN])
    base_raw = raw.margin if raw is not None else base_head.raw(features)
    churn = base_head.calibrator.probability(base_raw)
    for name, rule in VALUE_RULES.items():
        values[name] = _value_rule(
            name, base_head, rule(features, carry.observed_days), churn, value
        )
    return returns, values


def _level(value: Float, expected: Float) -> float:
    total = float(expected.sum())
    return max(float(value.sum()) / total, LOWEST_LEVEL) if total > 0 else LOWEST_LEVEL


def _value_model(
    head: ReturnHead, trees: Trees, spend: Float, churn: Float, value: Float
) -> ValueHead:
    level = _level(value, (1 - churn) * spend)
    back = value != 0
    spread = fit_spread(value[back], level * spend[back])
    return ValueHead(MODEL, head, level, spread, booster=trees.spend)


def _value_rule(name: str, head: ReturnHead, rule: Float, churn: Float, value: Float) -> ValueHead:
    base = BASE_SHARE * float(rule.mean()) or 1.0
    level = _level(value, rule + base)
    back = value != 0
    expected = level * (rule + base) / (1 - churn)
    return ValueHead(name, head, level, fit_spread(value[back], expected[back]), base=base)
