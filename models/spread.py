"""How widely spend scatters around its expectation, and the quantiles of value that follow.

Value is 0 with P(no return); otherwise it is the expected spend of a returning customer times a
factor. The factor's quantiles are those seen on held-out customers, apart for low and high
predicted values, so nothing is assumed about the shape of the distribution. Refunds and returns
that cost nothing have shares of their own. Last, `models.spread_ranks` moves the level that is
asked for to the one at which the share of held-out customers below was right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.calibration import row_weights
from models.spread_curves import (
    LEVELS,
    TINY,
    Between,
    between,
    factor_curves,
    knots_of,
    weighted_quantiles,
)
from models.spread_ranks import fit_ranks

Float = NDArray[np.float64]
Groups = NDArray[np.int64]
ROWS_A_KNOT = 100
MAX_KNOTS = 10
STRENGTH = 20.0
LEAST_FACTOR, MOST_FACTOR = 1e-4, 1e4
KEEP_LEVELS = np.array([[0.0, 1.0]])
NO_SHARES = np.zeros((1, 3))


@dataclass(frozen=True)
class SpendSpread:
    """Quantiles of value around expected spend, zero and refunds included.

    Attributes
    ----------
    knots : shape (k,), rising: predicted values (currency) at which `factors` are held, where
        `by_value`; else expected spends. Empty with a single curve
    factors : shape (k, 101), quantiles 0, 0.01, ... 1 of spend over expected spend of customers
        who return and spend more than 0
    by_value : knots are of (1 - churn probability) x expected spend
    zero_knots : shape (j,), the same for `shares` and `ranks`
    shares : shape (j, 3): P(value < 0) without a return, P(value < 0) and P(value = 0) with one
    refunds : shape (101,), quantiles of value below 0 over expected spend, from the lowest
    ranks : shape (j, m): level to look up for each asked level of an even grid from 0 to 1
    """

    knots: Float
    factors: Float
    by_value: bool = False
    zero_knots: Float = field(default_factory=lambda: np.ones(1))
    shares: Float = field(default_factory=NO_SHARES.copy)
    refunds: Float = field(default_factory=lambda: np.zeros(len(LEVELS)))
    ranks: Float = field(default_factory=KEEP_LEVELS.copy)

    def value_quantile(self, tau: float, churn_probability: Float, expected_spend: Float) -> Float:
        """Quantile `tau` of value, shape (n,), below 0 only where refunds were seen.

        Parameters
        ----------
        churn_probability : P(no purchase in the horizon), shape (n,)
        expected_spend : expected spend of each customer given a return, currency, shape (n,)
        """
        return self.value_quantiles((tau,), churn_probability, expected_spend)[0]

    def value_quantiles(
        self, taus: Sequence[float], churn_probability: Float, expected_spend: Float
    ) -> list[Float]:
        """The same of several quantiles, in their order."""
        place = self._place(churn_probability, expected_spend)
        zero_at = between(self.zero_knots, place)
        below, nothing = self._masses(churn_probability, zero_at)
        free = below + nothing
        at = between(self.knots if len(self.knots) else np.ones(1), place)
        found = []
        for tau in taus:
            level = zero_at.of(self._moved(tau))
            value = np.zeros(len(place))
            spends = np.flatnonzero(level > free)
            if len(spends):
                paid = free[spends]
                within = (level[spends] - paid) / np.maximum(1 - paid, 1e-12)
                factor = at.rows(spends).at(self.factors, within)
                value[spends] = factor * expected_spend[spends]
            refunded = np.flatnonzero(level < below)
            if len(refunded):
                refund = np.interp(level[refunded] / below[refunded], LEVELS, self.refunds)
                value[refunded] = refund * expected_spend[refunded]
            found.append(value)
        return found

    @cached_property
    def _levels(self) -> dict[float, Float]:
        """Levels at the knots by the level asked for, once they were."""
        return {}

    def _moved(self, tau: float) -> Float:
        """The level to look up for `tau` at each knot, shape (j,)."""
        if tau not in self._levels:
            grid = np.linspace(0.0, 1.0, self.ranks.shape[1])
            self._levels[tau] = np.array([np.interp(tau, grid, ranks) for ranks in self.ranks])
        return self._levels[tau]

    def masses(self, churn_probability: Float, expected_spend: Float) -> tuple[Float, Float]:
        """P(value < 0) and P(value = 0) of each customer, shape (n,) each."""
        place = self._place(churn_probability, expected_spend)
        return self._masses(churn_probability, between(self.zero_knots, place))

    def _masses(self, churn_probability: Float, zero_at: Between) -> tuple[Float, Float]:
        if not self.shares.any():
            return np.zeros(len(churn_probability)), churn_probability
        lost, back, free = zero_at.of(self.shares).T
        stays = 1 - churn_probability
        below = churn_probability * lost + stays * back
        return below, churn_probability * (1 - lost) + stays * free

    def _place(self, churn_probability: Float, expected_spend: Float) -> Float:
        return expected_spend * (1 - churn_probability) if self.by_value else expected_spend

    def to_spec(self) -> dict[str, Any]:
        """The curves as JSON values."""
        arrays = ("knots", "factors", "zero_knots", "shares", "refunds", "ranks")
        return {"by_value": self.by_value, **{a: getattr(self, a).tolist() for a in arrays}}


def spread_from_spec(spec: dict[str, Any]) -> SpendSpread:
    """The spread whose `to_spec` gave `spec`.

    Raises
    ------
    ValueError
        If an array is missing, has the wrong shape, or holds what is not a finite number.
    """
    knots, zero_knots = (_array(spec, name, 1) for name in ("knots", "zero_knots"))
    factors, shares, ranks = (_array(spec, name, 2) for name in ("factors", "shares", "ranks"))
    refunds = _array(spec, "refunds", 1)
    fits = (
        len(factors) == max(len(knots), 1)
        and len(shares) == len(ranks) == len(zero_knots) >= 1
        and factors.shape[1] == len(refunds) == len(LEVELS)
        and shares.shape[1] == 3
        and ranks.shape[1] >= 2
    )
    if not fits:
        raise ValueError(
            f"spread has {len(knots)} knots with factors of shape {factors.shape}, "
            f"{len(zero_knots)} with shares {shares.shape} and ranks {ranks.shape}; "
            "fit the bundle again"
        )
    by_value = bool(spec["by_value"])
    return SpendSpread(knots, factors, by_value, zero_knots, shares, refunds, ranks)


def _array(spec: dict[str, Any], name: str, dimensions: int) -> Float:
    array = np.asarray(spec.get(name, np.nan), float)
    if array.ndim != dimensions or not np.isfinite(array).all():
        raise ValueError(
            f"spread's {name} must be finite numbers in {dimensions} dimension(s), got shape "
            f"{array.shape}; fit the bundle again"
        )
    return array


def fit_spread(
    value: Float,
    expected_spend: Float,
    churn_probability: Float | None = None,
    returned: NDArray[np.bool_] | None = None,
    weight: Float | None = None,
) -> SpendSpread:
    """Fit on held-out customers: all of them with their churn probability, else who returned.

    Parameters
    ----------
    value : net spend of each, currency, shape (n,)
    expected_spend : what was expected of each given a return, > 0, shape (n,)
    churn_probability : calibrated P(no purchase), shape (n,); None where all rows returned
    returned : True where the customer did buy, shape (n,); None takes those with value > 0
    weight : shape (n,), >= 0; all rows alike where None
    """
    there = row_weights(weight, len(value)) > 0
    churn = np.zeros(len(value)) if churn_probability is None else churn_probability
    back = value > 0 if returned is None else returned
    if churn_probability is None:
        back = np.ones(len(value), bool)
    value, expected_spend, churn = (a[there] for a in (value, expected_spend, churn))
    back = back[there]
    w = row_weights(None if weight is None else weight[there], len(value))
    place = expected_spend * (1 - churn)
    spent = back & (value > 0)
    knots, group = knots_of(place[spent], w[spent], rows_a_knot=ROWS_A_KNOT, most=MAX_KNOTS)
    ratio = np.clip(value / np.maximum(expected_spend, TINY), -MOST_FACTOR, MOST_FACTOR)
    factor = np.maximum(ratio[spent], LEAST_FACTOR)
    factors = factor_curves(factor, w[spent], group, len(knots), STRENGTH)
    zero_knots, zero_group = knots_of(place, w, rows_a_knot=ROWS_A_KNOT, most=MAX_KNOTS)
    shares = _shares(value, back, w, zero_group, len(zero_knots))
    refunds = np.zeros(len(LEVELS))
    if (value < 0).any():
        below = value < 0
        refunds = weighted_quantiles(ratio[below], w[below])
    by_value = churn_probability is not None
    spread = SpendSpread(knots, factors, by_value, zero_knots, shares, refunds)
    spread = replace(spread, ranks=np.repeat(KEEP_LEVELS, len(zero_knots), axis=0))
    if not by_value:
        return spread
    return replace(spread, ranks=fit_ranks(spread, value, expected_spend, churn, w, zero_group))


def _shares(
    value: Float, back: NDArray[np.bool_], weight: Float, group: Groups, n_groups: int
) -> Float:
    """Shares below and at 0 by group, drawn to those of all, shape (n_groups, 3)."""

    def share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> Float:
        rows = np.bincount(group[among], weights=weight[among], minlength=n_groups)
        hits = np.bincount(group[among & of], weights=weight[among & of], minlength=n_groups)
        overall = hits.sum() / rows.sum() if rows.sum() else 0.0
        held: Float = (hits + STRENGTH * overall) / (rows + STRENGTH)
        return held

    return np.column_stack(
        [share(value < 0, ~back), share(value < 0, back), share(value == 0, back)]
    )
