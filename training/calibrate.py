"""From raw scores to heads: probabilities that hold, sums at the right level, quantiles."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from models.btyd_columns import SPEND, churn_column
from models.calibration import fit_platt
from models.calibrators import choose_calibrator
from models.carry import Carry
from models.heads import (
    BTYD_IN_BLEND,
    MODEL,
    OrdersHead,
    ReturnHead,
    ValueHead,
    exp_held,
    past_orders,
)
from models.metrics import log_loss_rows, tweedie_deviance_rows
from models.rules import (
    RETURN_RULES,
    SPEND_RULES,
    btyd_churn,
    btyd_value,
    return_rules,
    value_rules,
)
from models.spread import fit_spread
from training.clustered import gain_error
from training.cross_fit import Scores

Float = NDArray[np.float64]
BASE_SHARE = 0.01
LOWEST_LEVEL = 1e-6
# Standard errors by which other weights must be better than equal ones.
SURE = 2.0
# The share of the loss that they must save besides: a mean of all is steadier over time, which
# customers held out at the same cutoffs cannot show.
WORTH = 0.02
WORTH_IN_ODDS = 0.01
USUAL_BTYD_SHARE = 0.25
# The return rule that a value rule without one of its name leans on.
PLAIN_RETURN = "past_rate"
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARES_OF_TWO = tuple((q, 0.0) for q in QUARTERS)
SHARES = tuple((q, r) for q in QUARTERS for r in QUARTERS if q + r <= 1)


@dataclass(frozen=True)
class Heads:
    """Heads by member, calibrated on the same rows."""

    returns: dict[str, ReturnHead]
    values: dict[str, ValueHead]
    orders: OrdersHead

    def only(self, others: "Heads") -> "Heads":
        """Without the members that the others lack: what cannot be served is not to win."""
        return Heads(
            {n: h for n, h in self.returns.items() if n in others.returns},
            {n: h for n, h in self.values.items() if n in others.values},
            self.orders,
        )


@dataclass(frozen=True)
class HeldOut:
    """Rows that nothing fitted has seen, to calibrate on.

    Attributes
    ----------
    features : with the columns of buy-till-you-die models beside the features
    labels : over the observed window
    customer : number in the log, shape (n,)
    newest : True in the rows of the newest window, shape (n,)
    """

    features: FeatureTable
    labels: pd.DataFrame
    customer: NDArray[np.int64]
    newest: NDArray[np.bool_]

    @property
    def churned(self) -> Float:
        """1 where nothing was bought in the window."""
        return self.labels["churned"].to_numpy()

    @property
    def value(self) -> Float:
        """Net spend in the window, currency."""
        return self.labels["future_value"].to_numpy()


def calibrated_heads(
    held: HeldOut,
    carry: Carry,
    scores: Scores | None,
    *,
    spread_of_rules: bool = True,
    season: tuple[float, float] | None = None,
) -> Heads:
    """Heads by member, calibrated on customers that the scores did not see.

    Parameters
    ----------
    held : rows to calibrate on, over the observed window
    carry : from the observed window to the horizon
    scores : served scores, and raw scores of the rows by those that did not see them; None leaves
        "model" out
    spread_of_rules : False leaves rules without quantiles, where only their means are asked
    season : effects, on log odds and on log value, of the windows that rules are to answer for; by
        default those of the windows to come
    """
    days, features = carry.observed_days, held.features
    returns: dict[str, ReturnHead] = {}
    values: dict[str, ValueHead] = {}
    came = held.labels["future_orders"].to_numpy()
    if scores is not None:
        returns[MODEL] = _return_model(held, carry, scores)
        values[MODEL] = _value_model(held, returns[MODEL], scores)
        expected = exp_held(scores.unseen["orders"])
        orders = OrdersHead(_level(came, expected), scores.served["orders"])
    else:
        orders = OrdersHead(_level(came, past_orders(features, days)))
    odds_shift, log_shift = _season_of_rules(scores, season)
    for name, rule in return_rules(features.names).items():
        score = rule(features, days)
        calibrator = fit_platt(score, held.churned)
        centre = float(score.mean())
        returns[name] = ReturnHead(name, calibrator, carry, centre, shift=odds_shift)
    for name, rule in value_rules(features.names).items():
        said = rule(features, days)
        spend = SPEND_RULES[name](features, days)
        head = returns.get(name, returns[PLAIN_RETURN])
        churn = head.calibrator.probability(RETURN_RULES[head.member](features, days))
        head_of_rule = _value_rule(name, held, said, spend, churn, spread=spread_of_rules)
        values[name] = replace(head_of_rule, level=head_of_rule.level * float(np.exp(log_shift)))
    return Heads(returns, values, orders)


def _season_of_rules(
    scores: Scores | None, season: tuple[float, float] | None
) -> tuple[float, float]:
    """What the season to come adds to a rule calibrated on all windows: log odds, log of value."""
    if scores is None:
        return 0.0, 0.0
    usual_odds = float(scores.effect["return"].mean())
    usual_value = float(np.log(np.exp(scores.effect["total"]).mean()))
    served = scores.served
    odds, value = season or (served["return"].effect, served["total"].effect)
    return odds - usual_odds, value - usual_value


def _level(value: Float, expected: Float) -> float:
    total = float(expected.sum())
    return max(float(value.sum()) / total, LOWEST_LEVEL) if total > 0 else LOWEST_LEVEL


def _return_model(held: HeldOut, carry: Carry, scores: Scores) -> ReturnHead:
    score, plain = scores.unseen["return"], plain_churn(held.features, scores)
    share = _btyd_share(held, score, plain)
    raw = (1 - share) * score + share * plain
    calibrator, _ = choose_calibrator(raw, held.churned, held.newest)
    served = scores.served["return"]
    centre = float((plain - scores.effect["return"]).mean()) if plain.any() else 0.0
    return ReturnHead(MODEL, calibrator, carry, centre, served, share)


def plain_churn(features: FeatureTable, scores: Scores) -> Float:
    """Log odds of the buy-till-you-die model in the blend, with each window's effect; 0 without."""
    if churn_column(BTYD_IN_BLEND) not in features:
        return np.zeros(len(features))
    return scores.effect["return"] + btyd_churn(features, 0, model=BTYD_IN_BLEND)


def _btyd_share(held: HeldOut, score: Float, plain: Float) -> float:
    """Weight of the buy-till-you-die model: a quarter, unless none is surely and clearly better."""
    if not plain.any():
        return 0.0

    def losses(share: float) -> Float:
        raw = (1 - share) * score + share * plain
        calibrated: Float = fit_platt(raw, held.churned).probability(raw)
        return log_loss_rows(held.churned, calibrated)

    usual = losses(USUAL_BTYD_SHARE)
    none_at_all = _surely_better(held, usual, losses(0.0), WORTH_IN_ODDS)
    return 0.0 if none_at_all else USUAL_BTYD_SHARE


def _surely_better(held: HeldOut, usual: Float, other: Float, worth: float) -> bool:
    """Whether other losses are less by two standard errors and by a share worth having."""
    gain = usual - other
    sure = SURE * gain_error(gain, held.customer)
    return bool(gain.mean() > max(sure, worth * usual.mean()))


def plain_value(features: FeatureTable, scores: Scores, days: int) -> Float:
    """What buy-till-you-die models expect of each row, times its window's effect; 0 without them.

    Parameters
    ----------
    features : with the columns of the models beside the features
    scores : of the same rows
    """
    if churn_column(BTYD_IN_BLEND) not in features or SPEND not in features:
        return np.zeros(len(features))
    return exp_held(scores.effect["total"]) * btyd_value(features, days, model=BTYD_IN_BLEND)


def _value_model(held: HeldOut, head: ReturnHead, scores: Scores) -> ValueHead:
    raw = head.mixed(scores.unseen["return"], plain_churn(held.features, scores))
    churn = head.calibrator.probability(raw)
    spend = exp_held(scores.unseen["spend"])
    total = exp_held(scores.unseen["total"])
    plain = plain_value(held.features, scores, head.carry.observed_days)
    spend_level = _level(held.value, (1 - churn) * spend)
    hurdle = (1 - churn) * spend_level * spend
    levels = _level(held.value, total), _level(held.value, plain)
    shares = _shares(held, hurdle, levels[0] * total, levels[1] * plain)
    value = ValueHead(
        MODEL,
        levels[0],
        fit_spread(np.empty(0), np.empty(0)),
        spend_level=spend_level,
        spend=scores.served["spend"],
        total=scores.served["total"],
        total_share=shares[0],
        btyd_share=shares[1],
        btyd_level=levels[1],
    )
    mean = value.blend(hurdle, total, plain)
    spread = fit_spread(held.value, mean / (1 - churn), churn, held.churned == 0)
    return replace(value, spread=spread)


def _shares(held: HeldOut, hurdle: Float, total: Float, plain: Float) -> tuple[float, float]:
    """Weights of `total` and `plain`: thirds, unless others are surely and clearly better.

    Without a buy-till-you-die model the hurdle and the total share alike.
    """
    there = bool(plain.any())
    usual = (1 / 3, 1 / 3) if there else (0.5, 0.0)

    def losses(shares: tuple[float, float]) -> Float:
        rest = 1 - shares[0] - shares[1]
        return tweedie_deviance_rows(
            held.value, rest * hurdle + shares[0] * total + shares[1] * plain
        )

    base = losses(usual)
    best, most = usual, 0.0
    for shares in SHARES if there else SHARES_OF_TWO:
        found = losses(shares)
        gain = float((base - found).mean())
        if gain > most and _surely_better(held, base, found, WORTH):
            best, most = shares, gain
    return best


def _value_rule(
    name: str, held: HeldOut, said: Float, spend: Float, churn: Float, *, spread: bool
) -> ValueHead:
    base = BASE_SHARE * float(said.mean()) or 1.0
    back = held.churned == 0
    spend_level = _level(held.value[back], spend[back] + base)
    rows = held.newest if spread else np.zeros(len(said), bool)
    level = _level(held.value, said + base)
    mean = level * (said[rows] + base)
    return ValueHead(
        name,
        level,
        fit_spread(
            held.value[rows], mean / (1 - churn[rows]), churn[rows], held.churned[rows] == 0
        ),
        base=base,
        spend_level=spend_level,
    )
