"""Fitted heads: P(no purchase) and expected spend within one horizon, by model or by rule."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from models.calibration import PlattCalibrator
from models.carry import Carry
from models.rules import RETURN_RULES, RULE_FEATURE, SPEND_RULES, VALUE_RULES
from models.spread import SpendSpread
from models.trees import contributions, predict_margin

Float = NDArray[np.float64]
MODEL = "model"


@dataclass(frozen=True)
class ReturnHead:
    """P(no purchase within a horizon).

    Attributes
    ----------
    member : "model", or the name of a rule in `models.rules.RETURN_RULES`
    calibrator : from raw score to P(no purchase in the observed window)
    carry : from the observed window to the horizon
    centre : mean raw score at calibration, from which a rule's contributions are counted
    booster : trees whose margin is the raw score; None for a rule
    """

    member: str
    calibrator: PlattCalibrator
    carry: Carry
    centre: float = 0.0
    booster: xgb.Booster | None = None

    def raw(self, features: pd.DataFrame) -> Float:
        """Uncalibrated score, higher = more likely to churn."""
        if self.booster is not None:
            return predict_margin(self.booster, features)
        return RETURN_RULES[self.member](features, self.carry.observed_days)

    def observed_churn(self, features: pd.DataFrame) -> Float:
        """P(no purchase) in the observed window, shape (n,)."""
        return self.calibrator.probability(self.raw(features))

    def churn_probability(self, features: pd.DataFrame) -> Float:
        """P(no purchase within the horizon), shape (n,)."""
        return self.carry.churn_probability(self.observed_churn(features))

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to the log odds of churn, one column a feature."""
        if self.booster is not None:
            return contributions(self.booster, features) * self.calibrator.slope
        if self.member not in RULE_FEATURE:
            return pd.DataFrame(index=features.index)
        effect = self.calibrator.slope * (self.raw(features) - self.centre)
        return pd.DataFrame({RULE_FEATURE[self.member]: effect}, index=features.index)


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
    """Expected spend within a horizon and its quantiles, all customers included.

    Attributes
    ----------
    member : "model", or the name of a rule in `models.rules.VALUE_RULES`
    returns : P(no purchase) within the same horizon
    level : factor that brings the sum over held-out customers to what they spent
    spread : quantiles of spend around its expectation, in the observed window
    base : small amount added to a rule, so that nobody's expectation is 0, currency
    spend_level : the same factor for what a rule expects of a returning customer
    booster : trees whose margin is log spend of a returning customer; None for a rule
    """

    member: str
    returns: ReturnHead
    level: float
    spread: SpendSpread
    base: float = 0.0
    spend_level: float = 1.0
    booster: xgb.Booster | None = None

    def observed_spend(self, features: pd.DataFrame) -> Float:
        """Expected spend in the observed window given a return there, currency, shape (n,)."""
        if self.booster is not None:
            return self.level * np.exp(predict_margin(self.booster, features))
        rule = SPEND_RULES[self.member](features, self.returns.carry.observed_days)
        return self.spend_level * (rule + self.base)

    def observed_value(self, features: pd.DataFrame) -> Float:
        """What a rule says of the observed window, whoever returns, currency, shape (n,)."""
        rule = VALUE_RULES[self.member](features, self.returns.carry.observed_days)
        return self.level * (rule + self.base)

    def predict(self, features: pd.DataFrame) -> ValuePrediction:
        """Expected value, its quantiles, and the expected spend given a return."""
        observed_churn = self.returns.observed_churn(features)
        churn = self.returns.carry.churn_probability(observed_churn)
        observed = self.observed_spend(features)
        stretch = (1 - observed_churn) * self.returns.carry.spend_factor() / (1 - churn)
        if_return = observed * stretch
        if self.booster is not None:
            mean = if_return * (1 - churn)
        else:
            mean = self.observed_value(features) * self.returns.carry.spend_factor()
        p10, p50, p90 = (
            self.spread.value_quantile(tau, churn, observed) * stretch for tau in (0.1, 0.5, 0.9)
        )
        return ValuePrediction(mean, p10, p50, p90, if_return)
