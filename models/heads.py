"""Fitted heads: P(no purchase), spend and orders within one window, by model or by rule."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.feature_table import FeatureTable
from models.calibration import Calibrator, within_edges
from models.carry import Carry
from models.inputs import Inputs
from models.link_score import LinkScore
from models.rules import (
    BTYD_MODELS,
    RETURN_RULES,
    RULE_FEATURE,
    SPEND_RULES,
    VALUE_RULES,
    btyd_churn,
    btyd_value,
)
from models.spread import SpendSpread

Float = NDArray[np.float64]
MODEL = "model"
# The buy-till-you-die model that takes part in the model's log odds and in its value.
BTYD_IN_BLEND = "mbg_cnbd_k"
# The feature that a column of a buy-till-you-die model speaks of, by the end of its name: the first
# of these that there is.
SPEAKS_OF = {
    "churn": ("silence_in_gaps", "days_since_last"),
    "orders": ("n_orders", "frequency"),
    "spend": ("average_order_value", "monetary_value"),
}
# What a buy-till-you-die model that is served alone speaks of: what the days since the last
# purchase add, and what is left when that was just now.
SILENCE_AND_ORDERS = ("days_since_last", "n_orders")
# Beyond these logarithms of currency or orders no expectation is served, whatever a score says.
HIGHEST_LOG = 20.0


@dataclass(frozen=True)
class ReturnHead:
    """P(no purchase within a window).

    Attributes
    ----------
    member : "model", or the name of a rule in `models.rules.RETURN_RULES`
    calibrator : from raw score to P(no purchase in the observed window)
    carry : from the observed window to the horizon
    centre : mean at calibration of a rule's raw score, or of the buy-till-you-die model's log odds
        in a blend, from which contributions are counted
    score : log odds of no purchase; None for a rule
    btyd_share : weight of a buy-till-you-die model's log odds beside the score, 0 to 1
    shift : added to the log odds of a rule for the season of the windows to come
    """

    member: str
    calibrator: Calibrator
    carry: Carry
    centre: float = 0.0
    score: LinkScore | None = None
    btyd_share: float = 0.0
    shift: float = 0.0

    def raw(self, inputs: Inputs) -> Float:
        """Uncalibrated score, higher = more likely to churn."""
        if self.score is not None:
            score = self.score.raw(inputs.dense, inputs.linear)
            return self.mixed(score, self._plain(inputs))
        rule = RETURN_RULES[self.member]
        return rule(inputs.joined, self.carry.observed_days)

    def mixed(self, score: Float, plain: Float) -> Float:
        """Weighted mean of two log odds, shape (n,)."""
        return (1 - self.btyd_share) * score + self.btyd_share * plain

    def _plain(self, inputs: Inputs) -> Float:
        """Log odds of the buy-till-you-die model in the blend, with the season's effect."""
        if self.score is None or self.btyd_share == 0:
            return np.zeros(len(inputs))
        return self.score.effect + btyd_churn(inputs.btyd, 0, model=BTYD_IN_BLEND)

    def observed_churn(self, inputs: Inputs) -> Float:
        """P(no purchase) in the observed window, shape (n,)."""
        return self.shifted(self.calibrator.probability(self.raw(inputs)))

    def shifted(self, probability: Float) -> Float:
        """Probabilities with the season's shift, which only rules have beside their score."""
        if self.shift == 0:
            return probability
        return within_edges(expit(logit(probability) + self.shift))

    def churn_probability(self, inputs: Inputs) -> Float:
        """P(no purchase within the horizon), shape (n,)."""
        return self.carry.churn_probability(self.observed_churn(inputs))

    def in_season(self, probability: Float) -> Float:
        """P(no purchase) within the horizon of a past window's share, in the season to come."""
        effect = self.shift if self.score is None else self.score.effect
        moved: Float = expit(logit(within_edges(probability)) + effect)
        return self.carry.churn_probability(moved)

    def contributions(self, inputs: Inputs) -> FeatureTable:
        """What each feature adds to the log odds of churn, one column a feature."""
        if self.score is not None:
            found = self.score.contributions(inputs.dense, inputs.linear, inputs.owners)
            found *= 1 - self.btyd_share
            plain = btyd_churn(inputs.btyd, 0, model=BTYD_IN_BLEND) if self.btyd_share else 0.0
            plain = self.btyd_share * (plain - self.centre) + np.zeros(len(inputs))
            own = _by_feature(found, plain, inputs) * self.calibrator.slope
            return FeatureTable(inputs.preparation.features, own.T)
        raw = self.raw(inputs)
        if self.member in BTYD_MODELS:
            fresh = btyd_churn(inputs.without_silence, 0, model=self.member)
            effects = np.array([raw - fresh, fresh - self.centre])
            return FeatureTable(SILENCE_AND_ORDERS, self.calibrator.slope * effects)
        if self.member not in RULE_FEATURE:
            return FeatureTable((), np.empty((0, len(inputs))))
        effect = self.calibrator.slope * (raw - self.centre)
        return FeatureTable((RULE_FEATURE[self.member],), effect[None])


def _by_feature(found: Float, plain: Float, inputs: Inputs) -> Float:
    """Contributions with those of buy-till-you-die models added to what they speak of.

    The result has the shape (n, n_features).

    Parameters
    ----------
    found : of the columns of `inputs.dense`, shape (n, n_columns)
    plain : of the model's log odds beside the score, shape (n,)
    """
    features, columns = list(inputs.preparation.features), inputs.columns
    own = found[:, : len(features)].copy()

    def add(what: str, effect: Float) -> None:
        spoken = next((name for name in SPEAKS_OF[what] if name in features), None)
        if spoken is not None:
            own[:, features.index(spoken)] += effect

    for place in range(len(features), len(columns)):
        add(columns[place].rsplit("_", 1)[1], found[:, place])
    add("churn", plain)
    return own


@dataclass(frozen=True)
class ValuePrediction:
    """Value within a horizon, currency, each of shape (n,)."""

    mean: Float
    p10: Float
    p50: Float
    p90: Float
    spend_if_return: Float


@dataclass(frozen=True)
class ValueHead:
    """Expected spend within a window and its quantiles, all customers included.

    Attributes
    ----------
    member : "model", or the name of a rule in `models.rules.VALUE_RULES`
    level : factor that brings the sum over held-out customers to what they spent
    spread : quantiles of spend around its expectation, in the observed window
    base : small amount added to a rule, so that nobody's expectation is 0, currency
    spend_level : the same factor as `level` for what is expected of a returning customer
    spend : log of spend given a return; None for a rule
    total : log of spend, whoever returns; None for a rule
    total_share : weight of `total` beside P(return) x spend, 0 to 1
    btyd_share, btyd_level : weight of purchase days expected x Gamma-Gamma's spend, and its factor
    """

    member: str
    level: float
    spread: SpendSpread
    base: float = 0.0
    spend_level: float = 1.0
    spend: LinkScore | None = None
    total: LinkScore | None = None
    total_share: float = 0.0
    btyd_share: float = 0.0
    btyd_level: float = 1.0

    def observed_spend(self, inputs: Inputs, window_days: int) -> Float:
        """Expected spend in the observed window given a return there, currency, shape (n,)."""
        if self.spend is not None:
            return self.spend_level * exp_held(self.spend.raw(inputs.dense, inputs.linear))
        rule = SPEND_RULES[self.member](inputs.joined, window_days)
        return self.spend_level * (rule + self.base)

    def observed_value(
        self, inputs: Inputs, observed_churn: Float, spend: Float, window_days: int
    ) -> Float:
        """Expected spend in the observed window, whoever returns, currency, shape (n,).

        Parameters
        ----------
        observed_churn, spend : P(no purchase) there, and `observed_spend`, shape (n,)
        """
        if self.total is None:
            rule = VALUE_RULES[self.member](inputs.joined, window_days)
            return self.level * (rule + self.base)
        total = exp_held(self.total.raw(inputs.dense, inputs.linear))
        plain = np.zeros(len(inputs))
        if self.btyd_share > 0:
            season = float(exp_held(np.array(self.total.effect)))
            plain = season * btyd_value(inputs.btyd, window_days, model=BTYD_IN_BLEND)
        return self.blend((1 - observed_churn) * spend, total, plain)

    def blend(self, hurdle: Float, total: Float, plain: Float) -> Float:
        """Weighted mean of three expectations, currency, each of shape (n,).

        Parameters
        ----------
        hurdle : P(return) x spend, at its level
        total : exponential of the score `total`
        plain : what the buy-till-you-die models say, times the season
        """
        rest = 1 - self.total_share - self.btyd_share
        mixed = rest * hurdle + self.total_share * self.level * total
        return mixed + self.btyd_share * self.btyd_level * plain

    def from_raw(
        self, churn: Float, spend_raw: Float, total_raw: Float, plain: Float
    ) -> ValuePrediction:
        """The same as `predict` within the observed window, from raw scores of a model."""
        spend = self.spend_level * exp_held(spend_raw)
        mean = self.blend((1 - churn) * spend, exp_held(total_raw), plain)
        p10, p50, p90 = self._quantiles(mean, churn, churn)
        return ValuePrediction(mean, p10, p50, p90, spend)

    def _quantiles(self, mean: Float, observed_churn: Float, churn: Float) -> list[Float]:
        """P10, P50 and P90, placed by the expected value, whoever returns."""
        if_return = mean / (1 - observed_churn)
        return self.spread.value_quantiles((0.1, 0.5, 0.9), churn, if_return)

    def predict(self, inputs: Inputs, returns: ReturnHead) -> ValuePrediction:
        """Expected value, its quantiles, and the expected spend given a return."""
        return self.predicted(inputs, returns.carry, returns.observed_churn(inputs))

    def predicted(self, inputs: Inputs, carry: Carry, observed_churn: Float) -> ValuePrediction:
        """The same where P(no purchase) in the observed window is known already."""
        churn = carry.churn_probability(observed_churn)
        observed = self.observed_spend(inputs, carry.observed_days)
        stretch = (1 - observed_churn) * carry.spend_factor() / (1 - churn)
        mean = self.observed_value(inputs, observed_churn, observed, carry.observed_days)
        p10, p50, p90 = (q * stretch for q in self._quantiles(mean, observed_churn, churn))
        return ValuePrediction(mean * carry.spend_factor(), p10, p50, p90, observed * stretch)


def exp_held(log: Float) -> Float:
    """Exponential of logarithms of currency or orders, none absurd."""
    return np.asarray(np.exp(np.minimum(log, HIGHEST_LOG)), dtype=np.float64)


@dataclass(frozen=True)
class OrdersHead:
    """Expected number of orders within a window.

    Attributes
    ----------
    level : factor that brings the sum over held-out customers to the orders that came
    score : log of orders; None where no model was fitted, and the past rate answers
    """

    level: float
    score: LinkScore | None = None

    def predict(self, inputs: Inputs, returns: ReturnHead) -> Float:
        """Orders expected within the horizon, at least P(return), shape (n,)."""
        return self.predicted(inputs, returns.carry, returns.observed_churn(inputs))

    def predicted(self, inputs: Inputs, carry: Carry, observed_churn: Float) -> Float:
        """The same where P(no purchase) in the observed window is known already."""
        if self.score is not None:
            observed = exp_held(self.score.raw(inputs.dense, inputs.linear))
        else:
            observed = past_orders(inputs.features, carry.observed_days)
        churn = carry.churn_probability(observed_churn)
        return np.maximum(self.level * observed * carry.spend_factor(), 1 - churn)


def past_orders(features: FeatureTable, window_days: int) -> Float:
    """Orders in a window at the past rate, counted over thirty days at least."""
    tenure = np.maximum(np.nan_to_num(features["T"], nan=30.0), 30.0)
    orders = np.nan_to_num(features["n_orders"])
    return np.asarray(orders * window_days / tenure, dtype=np.float64)
