"""From raw scores to heads: probabilities that hold, sums at the right level, quantiles."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.calibration import fit_platt
from models.carry import Carry
from models.heads import MODEL, ReturnHead, ValueHead
from models.rules import RETURN_RULES, SPEND_RULES, VALUE_RULES
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
        spend = np.exp(raw.log_spend)
        values[MODEL] = _value_model(head, trees, spend, raw.margin, churned, value)
    for name, rule in RETURN_RULES.items():
        score = rule(features, carry.observed_days)
        centre = float(score.mean())
        returns[name] = ReturnHead(name, fit_platt(score, churned), carry, centre)
    for name, rule in VALUE_RULES.items():
        said = rule(features, carry.observed_days)
        spend = SPEND_RULES[name](features, carry.observed_days)
        head = returns.get(MODEL, returns[PLAIN_RETURN])
        values[name] = _value_rule(name, head, said, spend, churned, value)
    return returns, values


def _level(value: Float, expected: Float) -> float:
    total = float(expected.sum())
    return max(float(value.sum()) / total, LOWEST_LEVEL) if total > 0 else LOWEST_LEVEL


def _value_model(
    head: ReturnHead, trees: Trees, spend: Float, raw_margin: Float, churned: Float, value: Float
) -> ValueHead:
    level = _level(value, (1 - head.calibrator.probability(raw_margin)) * spend)
    back = churned == 0
    spread = fit_spread(value[back], level * spend[back])
    return ValueHead(MODEL, head, level, spread, booster=trees.spend)


def _value_rule(
    name: str, head: ReturnHead, said: Float, spend: Float, churned: Float, value: Float
) -> ValueHead:
    base = BASE_SHARE * float(said.mean()) or 1.0
    back = churned == 0
    spend_level = _level(value[back], spend[back] + base)
    return ValueHead(
        name,
        head,
        _level(value, said + base),
        fit_spread(value[back], spend_level * (spend[back] + base)),
        base=base,
        spend_level=spend_level,
    )
