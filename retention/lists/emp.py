"""Expected maximum profit of a churn score, with every customer's own value.

Verbraken, Verbeke & Baesens (2013), IEEE TKDE 25(5), 961-973: the profit of contacting the riskiest
share, at the best share for each save rate, averaged over a Beta distribution of the save rate. The
individual form keeps each customer's value under the sum, as in Janssens, Bogaert, Bagué & Van den
Poel (2022), Annals of Operations Research.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

Float = NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedMaximumProfit:
    """The measure, and all that it rests on.

    Attributes
    ----------
    profit : currency per customer
    share : 0-1, of customers contacted, averaged over the save rates
    perfect : currency per customer, of a score that puts all who leave first, by value
    alpha, beta : of the save rate's distribution
    incentive : mean incentive, currency
    contact_cost : mean cost of a contact, currency
    mean_value : mean value of a customer, currency
    customers : number of them
    """

    profit: float
    share: float
    perfect: float
    alpha: float
    beta: float
    incentive: float
    contact_cost: float
    mean_value: float
    customers: int


def expected_maximum_profit(
    churned: Float,
    score: Float,
    value: Float,
    *,
    incentive: Float | float,
    contact_cost: float,
    alpha: float = 6.0,
    beta: float = 14.0,
) -> ExpectedMaximumProfit:
    """Measure a score by the money that contact in its order would earn.

    Parameters
    ----------
    churned : shape (n,), 0 or 1
    score : shape (n,), higher = contacted earlier; customers of equal score go together
    value : shape (n,), currency, what a saved customer brings
    incentive : currency, paid to the saved and to those who would have stayed; one number, or
        shape (n,) where it is a share of the value
    contact_cost : currency, paid for everybody contacted
    alpha, beta : of the save rate's Beta distribution; 6 and 14, mean 0.3, are the paper's
    """
    churned, score, value = (np.asarray(a, float) for a in (churned, score, value))
    paid = np.broadcast_to(np.asarray(incentive, float), churned.shape)
    if not (churned.shape == score.shape == value.shape) or not len(churned):
        raise ValueError(
            f"churned, score and value are of the same customers, at least one, got shapes "
            f"{churned.shape}, {score.shape} and {value.shape}"
        )
    if not np.isfinite([churned, score, value, paid]).all():
        raise ValueError("churned, score, value and incentive must be finite; leave the rest out")
    if not (alpha > 0 and beta > 0):
        raise ValueError(f"alpha and beta must be above 0, got {alpha} and {beta}")
    saved = churned * (value - paid)
    spent = (1 - churned) * paid + contact_cost
    profit, share = _maximum(score, saved, spent, alpha, beta)
    best = np.where(churned > 0, value - paid, -np.inf)
    ideal = np.where(np.isfinite(best), best, best[np.isfinite(best)].min(initial=0.0) - 1 - paid)
    perfect, _ = _maximum(ideal, saved, spent, alpha, beta)
    return ExpectedMaximumProfit(
        profit, share, perfect, alpha, beta, float(paid.mean()), float(contact_cost),
        float(value.mean()), len(churned),
    )  # fmt: skip


def _maximum(
    score: Float, saved: Float, spent: Float, alpha: float, beta: float
) -> tuple[float, float]:
    """Mean over save rates g of max over cuts k of (g A_k - B_k), and of the cut's share."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    slope = np.concatenate([[0.0], np.cumsum(saved[order])[ends]])
    cost = np.concatenate([[0.0], np.cumsum(spent[order])[ends]])
    shares = np.concatenate([[0.0], (ends + 1) / len(score)])
    kept, starts = _upper_envelope(slope, cost)
    edges = np.append(starts, 1.0)
    mass = np.diff(betainc(alpha, beta, edges))
    # The integral of g h(g) is the mean times the distribution of Beta(alpha + 1, beta).
    moment = np.diff(betainc(alpha + 1, beta, edges)) * alpha / (alpha + beta)
    profit = float((slope[kept] * moment - cost[kept] * mass).sum()) / len(score)
    return profit, float((shares[kept] * mass).sum())


def _upper_envelope(slope: Float, cost: Float) -> tuple[NDArray[np.int64], Float]:
    """Lines g * slope - cost that are highest somewhere in 0-1, and where each begins."""
    kept: list[int] = []
    starts: list[float] = []
    # By slope, the dearer first: of parallel lines the last one stands.
    for k in np.lexsort((-cost, slope)):
        begin = 0.0
        while kept:
            last = kept[-1]
            if slope[k] > slope[last]:
                begin = max(0.0, (cost[k] - cost[last]) / (slope[k] - slope[last]))
                if begin > starts[-1]:
                    break
            kept.pop()
            starts.pop()
            begin = 0.0
        if begin < 1.0:
            kept.append(int(k))
            starts.append(begin)
    return np.array(kept), np.array(starts)
