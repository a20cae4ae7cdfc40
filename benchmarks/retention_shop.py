"""A made shop in which contact is known to save some customers and to drive others away.

Contact saves a share `saves` of those who would not return and drives away a share `repels` of
those who would; both are laws of two features, `discount_share` and `opens`, and the effect on the
return rate, (1 - p) saves - p repels, lies between -3 and +12 points. What a customer would do is
moved, beside the features, by something that no feature tells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from retention.lists.contact_value import ValueAssumptions
from retention.lists.save_rate import SaveRate

Float = NDArray[np.float64]
FEATURES = ("days_since_last", "n_orders", "aov", "discount_share", "opens", "tenure_days")
ASSUMED = ValueAssumptions(
    SaveRate(0.05, 0.02), margin=0.4, contact_cost=0.5, incentive=3.0, redemption_anyway=0.1
)
# Standard deviations of what no feature tells: of the log odds of a return, of log spend.
HIDDEN = (0.2, 0.1)
MOST_SAVED, MOST_REPELLED = 0.126, 0.033


@dataclass(frozen=True)
class Period:
    """A shop on one day: what is seen, and what is true.

    Attributes
    ----------
    features : shape (n, 6), columns `FEATURES`
    p : shape (n,), probability of a return without contact
    spend : shape (n,), currency, expected net spend given a return
    saves, repels : shape (n,), shares of the two kinds that contact moves
    told : shape (n,), probability of a return as far as the features tell it
    """

    features: Float
    p: Float
    spend: Float
    saves: Float
    repels: Float
    told: Float

    @property
    def effect(self) -> Float:
        """Effect of contact on the probability of a return, shape (n,)."""
        return (1 - self.p) * self.saves - self.p * self.repels

    @property
    def told_effect(self) -> Float:
        """E[effect | features], shape (n,)."""
        return (1 - self.told) * self.saves - self.told * self.repels

    def profit(self, assumed: ValueAssumptions = ASSUMED) -> Float:
        """Expected profit of contacting each customer, by its potential outcomes, shape (n,)."""
        margin, d = assumed.margin * self.spend, assumed.incentive
        saved = (1 - self.p) * self.saves * (margin - assumed.redemption_saved * d)
        stay = self.p * (1 - self.repels)
        lost = self.p * self.repels * margin
        return saved - lost - stay * assumed.redemption_anyway * d - assumed.contact_cost

    def at(self, which: NDArray[Any]) -> "Period":
        """Some of the customers."""
        return Period(
            self.features[which], self.p[which], self.spend[which], self.saves[which],
            self.repels[which], self.told[which],
        )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What happened, shape (n,) each: a return, its spend, profit after contact and incentive."""

    returned: Float
    revenue: Float
    profit: Float


class Shop:
    """Customers with lasting traits; each period draws their recent behaviour anew."""

    def __init__(self, seed: int, customers: int, hidden: tuple[float, float] = HIDDEN) -> None:
        self.hidden = hidden
        self.rng = np.random.default_rng(seed)
        rng = self.rng
        self.taste = rng.beta(1.6, 1.6, (customers, 2))
        self.wealth, self.habit = rng.normal(size=customers), rng.normal(size=customers)
        self.tenure = rng.uniform(60, 1500, customers)

    def period(self) -> Period:
        """The shop on a later day."""
        rng, n = self.rng, len(self.wealth)
        days = rng.gamma(1.2, 70 * np.exp(-0.4 * self.habit)) + 1
        orders = 1 + rng.poisson(np.exp(0.6 + 0.7 * self.habit))
        aov = np.exp(4.0 + 0.6 * self.wealth + 0.1 * rng.normal(size=n))
        taste = np.clip(self.taste + 0.05 * rng.normal(size=(n, 2)), 0, 1)
        hidden = rng.normal(size=(n, 2)) * self.hidden
        score = -0.6 - 0.9 * np.log(days / 60) + 0.7 * np.log(orders)
        spend = aov * orders**0.3 * np.exp(hidden[:, 1])
        responds = expit(8 * (taste[:, 0] - 0.35)) * expit(8 * (taste[:, 1] - 0.35))
        return Period(
            features=np.column_stack([days, orders, aov, taste, self.tenure]),
            p=_probability(score + hidden[:, 0]),
            spend=spend,
            saves=MOST_SAVED * responds,
            repels=MOST_REPELLED * (1 - responds) ** 3,
            told=_mean_probability(score, self.hidden[0]),
        )


def _probability(score: Float) -> Float:
    return np.asarray(0.05 + 0.85 * expit(score), float)


def _mean_probability(score: Float, sd: float) -> Float:
    """Mean over what no feature tells, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite.hermgauss(9)
    made = [
        w * _probability(score + np.sqrt(2) * sd * x) for x, w in zip(nodes, weights, strict=True)
    ]
    return np.asarray(np.sum(made, axis=0) / np.sqrt(np.pi), float)


def happens(
    period: Period,
    contacted: NDArray[np.bool_],
    rng: np.random.Generator,
    assumed: ValueAssumptions = ASSUMED,
) -> Outcome:
    """One course of events after some were contacted."""
    n = len(period.p)
    alone, moved = rng.random(n) < period.p, rng.random(n)
    saved = contacted & ~alone & (moved < period.saves)
    repelled = contacted & alone & (moved < period.repels)
    returned = (alone & ~repelled) | saved
    revenue = returned * period.spend * np.exp(0.6 * rng.normal(size=n) - 0.18)
    redeems = np.where(saved, assumed.redemption_saved, assumed.redemption_anyway)
    paid = (contacted & returned & (rng.random(n) < redeems)) * assumed.incentive
    profit = assumed.margin * revenue - paid - contacted * assumed.contact_cost
    return Outcome(returned.astype(float), revenue, profit)


def candidates(p: Float, spend: Float) -> pd.DataFrame:
    """Customers as a list is made from, named by their row."""
    names = np.char.zfill(np.arange(len(p)).astype(str), 6)
    return pd.DataFrame({"customer_id": names, "return_probability": p, "expected_spend": spend})
