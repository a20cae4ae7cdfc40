"""Move the level of a quantile to the one at which held-out customers lay below in that share.

A conformal step on the zero-inflated distribution (compare Chernozhukov, Wüthrich & Zhu (2021),
Distributional conformal prediction): a customer's rank is P(value <= what came) by the fitted law;
who came out at exactly 0 has all ranks of that mass alike. Where the law is right the ranks are
even. Where they are not, level tau is looked up at the tau quantile of the ranks of customers with
a like predicted value.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
GRID = np.linspace(0.0, 1.0, 41)
# Rows at which a group's own ranks, and all ranks, weigh as much as what they are drawn to.
GROUP_STRENGTH = 200.0
ALL_STRENGTH = 100.0
# Beyond these, evenly picked rows are looked at: their shares are known to a quarter of a point.
MOST_ROWS = 40_000


class Law(Protocol):
    """A distribution of value for each customer."""

    def value_quantile(self, tau: float, churn_probability: Float, expected_spend: Float) -> Float:
        """Quantile of each customer's value."""
        ...

    def masses(self, churn_probability: Float, expected_spend: Float) -> tuple[Float, Float]:
        """P(value < 0) and P(value = 0) of each customer."""
        ...


def fit_ranks(
    law: Law,
    value: Float,
    expected_spend: Float,
    churn_probability: Float,
    weight: Float,
    group: NDArray[np.int64],
) -> Float:
    """Level to look up for each level of a grid, by group, shape (n_groups, 41).

    Groups are drawn to all customers, and they to leaving levels as they are.
    """
    n_groups = int(group.max()) + 1 if len(group) else 1
    some = slice(None, None, -(-len(value) // MOST_ROWS) or 1)
    value, expected_spend = value[some], expected_spend[some]
    churn_probability, weight, group = churn_probability[some], weight[some], group[some]
    rows = np.bincount(group, weights=weight, minlength=n_groups)
    below, nothing = law.masses(churn_probability, expected_spend)
    at_zero = value == 0
    shares = np.empty((len(GRID), n_groups))
    for i, level in enumerate(GRID):
        quantile = law.value_quantile(float(level), churn_probability, expected_spend)
        within = np.clip((level - below) / np.maximum(nothing, 1e-12), 0.0, 1.0)
        under = np.where(at_zero, within, value <= quantile)
        shares[i] = np.bincount(group, weights=weight * under, minlength=n_groups)
    everywhere = _drawn(shares.sum(axis=1), rows.sum(), GRID, ALL_STRENGTH)
    curves = [
        _inverse(_drawn(shares[:, g], rows[g], everywhere, GROUP_STRENGTH)) for g in range(n_groups)
    ]
    return np.array(curves)


def _drawn(hits: Float, rows: float, prior: Float, strength: float) -> Float:
    held: Float = (hits + strength * prior) / (rows + strength)
    return held


def _inverse(share_below: Float) -> Float:
    """The level at which the share below is each of `GRID`; 0 stays 0 and 1 stays 1."""
    curve = share_below.copy()
    curve[0], curve[-1] = 0.0, 1.0
    # Equal shares over a stretch of levels would leave the level open; a hair makes it one.
    rising = np.maximum.accumulate(curve) + 1e-9 * np.arange(len(curve))
    held: Float = np.interp(GRID, rising / rising[-1], GRID)
    return held
