"""Learners of the effect of contact: T, X and class transformation, on small boosted trees.

T and X: Künzel, Sekhon, Bickel & Yu (2019), PNAS 116(10), 4156-4165. Class transformation:
Jaskowski & Jaroszewicz (2012), ICML workshop; with unequal arms, rows are weighted by the inverse
chance of their arm.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import expit, logit

from retention.uplift.rows import UpliftRows

Float = NDArray[np.float64]


class EffectModel(Protocol):
    """Something that tells the effect of contact."""

    def effect(self, features: Float, start: Float) -> Float:
        """Effect on the outcome, contacted less held out, shape (n,)."""


@dataclass(frozen=True)
class UpliftParameters:
    """How the trees are grown: few, shallow and slow, for an effect is small beside its noise.

    Attributes
    ----------
    rounds, effect_rounds : trees for an outcome, and for an effect
    leaf_share, leaf : least share of the rows in a leaf, and least number of them
    """

    max_depth: int = 2
    learning_rate: float = 0.05
    rounds: int = 40
    effect_rounds: int = 40
    leaf_share: float = 0.03
    leaf: int = 50
    reg_lambda: float = 10.0
    subsample: float = 0.7
    seed: int = 0


@dataclass(frozen=True)
class Grown:
    """Boosted trees that add to a start: base + scale x start, log odds where `logistic`."""

    booster: xgb.Booster
    base: float
    scale: float
    logistic: bool

    def mean(self, features: Float, start: Float) -> Float:
        """Expected target, shape (n,)."""
        matrix = np.asarray(features, np.float32)
        told = self.booster.inplace_predict(matrix, predict_type="margin").astype(np.float64)
        margin = told + self.base + self.scale * start
        return np.asarray(expit(margin) if self.logistic else margin, np.float64)


@dataclass(frozen=True)
class TwoModels:
    """T-learner: a model of each arm."""

    treated: Grown
    control: Grown

    def effect(self, features: Float, start: Float) -> Float:
        """Difference of the two expected outcomes, shape (n,)."""
        return self.treated.mean(features, start) - self.control.mean(features, start)


@dataclass(frozen=True)
class CrossModels:
    """X-learner: effects imputed in each arm with the other arm's model, then learned."""

    of_treated: Grown
    of_control: Grown
    share: float

    def effect(self, features: Float, start: Float) -> Float:
        """The control arm's effect by the share contacted, the treated arm's by the rest, (n,)."""
        one, zero = (m.mean(features, start) for m in (self.of_treated, self.of_control))
        return self.share * zero + (1 - self.share) * one


@dataclass(frozen=True)
class Transformed:
    """Class transformation: P(outcome agrees with the arm) tells the effect."""

    agrees: Grown

    def effect(self, features: Float, start: Float) -> Float:
        """2 P - 1, shape (n,)."""
        return 2 * self.agrees.mean(features, start) - 1


def fit_t(rows: UpliftRows, parameters: UpliftParameters) -> TwoModels:
    """A model of the outcome in each arm."""
    rows.require_both_arms()
    treated, control = (
        _grow(rows.at(arm), rows.outcome[arm], parameters, parameters.rounds)
        for arm in (rows.treated, ~rows.treated)
    )
    return TwoModels(treated, control)


def fit_x(rows: UpliftRows, parameters: UpliftParameters) -> CrossModels:
    """Effects imputed in each arm, learned with trees that begin from their start."""
    both = fit_t(rows, parameters)
    one, zero = rows.at(rows.treated), rows.at(~rows.treated)
    of_one = one.outcome - both.control.mean(one.features, one.start)
    of_zero = both.treated.mean(zero.features, zero.start) - zero.outcome
    rounds = parameters.effect_rounds
    return CrossModels(
        _grow(one, of_one, parameters, rounds),
        _grow(zero, of_zero, parameters, rounds),
        float(np.average(rows.propensity, weights=rows.weight)),
    )


def fit_class(rows: UpliftRows, parameters: UpliftParameters) -> Transformed:
    """A model of agreement between outcome and arm.

    Raises
    ------
    ValueError
        If the outcome is not 0 or 1.
    """
    if not _yes_or_no(rows.outcome):
        raise ValueError(
            "class transformation needs an outcome of 0 or 1; for amounts use `t` or `x`"
        )
    rows.require_both_arms()
    agrees = np.where(rows.treated, rows.outcome, 1 - rows.outcome)
    weight = rows.weight * np.abs(rows.inverse)
    even = replace(rows, weight=weight * (rows.weight.sum() / weight.sum()))
    return Transformed(_grow(even, agrees, parameters, parameters.effect_rounds))


Learner = Callable[[UpliftRows, UpliftParameters], EffectModel]
LEARNERS: dict[str, Learner] = {"t": fit_t, "x": fit_x, "class": fit_class}


def _yes_or_no(values: Float) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _grow(rows: UpliftRows, target: Float, parameters: UpliftParameters, rounds: int) -> Grown:
    """Trees from a line in the start; one thread, so that results are the same anywhere."""
    logistic = _yes_or_no(target)
    base, scale = _line(rows.start, target, rows.weight, logistic)
    spread = float(np.average((target - np.average(target, weights=rows.weight)) ** 2))
    # The hessian of a yes-or-no outcome is p (1 - p) a row, of an amount 1.
    unit = float(rows.weight.mean()) * (max(spread, 1e-3) if logistic else 1.0)
    told: dict[str, Any] = {
        "objective": "binary:logistic" if logistic else "reg:squarederror",
        "max_depth": parameters.max_depth,
        "learning_rate": parameters.learning_rate,
        "min_child_weight": max(parameters.leaf, parameters.leaf_share * len(rows)) * unit,
        "reg_lambda": parameters.reg_lambda * unit,
        "subsample": parameters.subsample,
        "tree_method": "hist",
        "max_bin": 64,
        "nthread": 1,
        "seed": parameters.seed,
        # The margin that XGBoost takes as its own start, so that a sum of leaves starts from 0.
        "base_score": 0.5 if logistic else 0.0,
    }
    matrix = xgb.DMatrix(
        np.asarray(rows.features, np.float32),
        label=target,
        weight=rows.weight,
        base_margin=base + scale * rows.start,
    )
    return Grown(xgb.train(told, matrix, num_boost_round=rounds), base, scale, logistic)


def _line(start: Float, target: Float, weight: Float, logistic: bool) -> tuple[float, float]:
    """Level and slope of the target in its start, as margin; no slope where the start is flat."""
    mean = float(np.average(target, weights=weight))
    level = float(logit(min(max(mean, 1e-6), 1 - 1e-6))) if logistic else mean
    middle = float(np.average(start, weights=weight))
    spread = float(np.average((start - middle) ** 2, weights=weight))
    if spread < 1e-12:
        return level, 0.0
    slope = float(np.average((start - middle) * (target - mean), weights=weight)) / spread
    # One step of Newton from the mean: log odds move by the slope over p (1 - p).
    slope /= max(mean * (1 - mean), 1e-6) if logistic else 1.0
    return level - slope * middle, slope
