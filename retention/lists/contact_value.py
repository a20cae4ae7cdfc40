"""What contacting a customer is expected to earn, and the save rate from which it pays.

With p = P(return uncontacted), g = save rate, V = net spend of a saved customer, m = margin,
d = incentive, rs and ra its redemption by the saved and by those who would have bought anyway,
c = cost of a contact, all over the churn horizon:

    EP = (1 - p) g (m V - rs d) - p ra d - c        g* = (c + p ra d) / ((1 - p) (m V - rs d))
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retention.lists.save_rate import SaveRate

Float = NDArray[np.float64]
SHARES = ("kappa", "margin", "redemption_saved", "redemption_anyway")
MONEY = ("incentive", "contact_cost")
MILLION = 1e6


@dataclass(frozen=True)
class ValueAssumptions:
    """What a list assumes of money and response.

    Attributes
    ----------
    save_rate : P(return if contacted | would not return), with its uncertainty
    margin : share of net spend that is left after the cost of goods, 0-1
    contact_cost : currency per contact, unless a cost per customer is given
    incentive : currency paid by the shop when it is redeemed
    redemption_saved, redemption_anyway : shares that redeem it, 0-1, of the saved and of those who
        would have bought anyway; the latter must be said where there is an incentive
    kappa : net spend of a saved customer over that of one who stays, 0-1

    Raises
    ------
    ValueError
        If a share is outside 0-1, or an amount is negative or not finite.
    """

    save_rate: SaveRate
    margin: float
    contact_cost: float
    incentive: float = 0.0
    redemption_saved: float = 1.0
    redemption_anyway: float = 1.0
    kappa: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.save_rate, SaveRate):
            raise TypeError(f"save_rate must be a SaveRate, got {self.save_rate!r}")
        for name in SHARES:
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be between 0 and 1, got {value}; 40 % is 0.4")
        for name in MONEY:
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name} must be an amount of 0 or more, got {value}")

    def with_save_rate(self, save_rate: SaveRate) -> "ValueAssumptions":
        """The same with another save rate, as after a readout."""
        return replace(self, save_rate=save_rate)

    def as_dict(self) -> dict[str, Any]:
        """JSON values, for the frozen list and its card."""
        return asdict(self)


@dataclass(frozen=True)
class ContactTerms:
    """What a contact of each customer is made of, shape (n,) each, currency.

    Attributes
    ----------
    p : probability of a return without contact
    gain : margin on a saved customer's spend less the incentive redeemed, m V - rs d
    waste : incentive expected to go to those who return anyway, p ra d
    cost : of the contact itself
    """

    p: Float
    gain: Float
    waste: Float
    cost: Float

    def at(self, which: NDArray[Any]) -> "ContactTerms":
        """The terms of some customers, by mask or by position."""
        return ContactTerms(self.p[which], self.gain[which], self.waste[which], self.cost[which])


def spend_if_stays(value_at_risk: ArrayLike, churn_probability: ArrayLike) -> Float:
    """E[net spend within the churn horizon | at least one order there], shape (n,).

    The score rows' `value_at_risk` is the churn probability times it; undefined at probability 0.
    """
    risk, chance = np.asarray(value_at_risk, float), np.asarray(churn_probability, float)
    spend: Float = np.full(chance.shape, np.nan)
    np.divide(risk, chance, out=spend, where=chance > 0)
    return spend


def contact_terms(
    p: ArrayLike, spend: ArrayLike, assumed: ValueAssumptions, cost: ArrayLike | None = None
) -> ContactTerms:
    """The parts of the expected profit of contact.

    Parameters
    ----------
    p : shape (n,), probability of a return without contact
    spend : shape (n,), currency, expected net spend of one who stays; NaN where unknown
    cost : shape (n,), currency, cost of each contact; by default `assumed.contact_cost`

    Raises
    ------
    ValueError
        If shapes differ, a probability is outside 0-1, or a cost is negative or not finite.
    """
    p, spend = np.asarray(p, float), np.asarray(spend, float)
    costs = np.full(p.shape, assumed.contact_cost) if cost is None else np.asarray(cost, float)
    if not p.shape == spend.shape == costs.shape:
        raise ValueError(
            f"p, spend and cost are of the same customers, got shapes "
            f"{p.shape}, {spend.shape} and {costs.shape}"
        )
    wrong = (p < 0) | (p > 1)
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} of {len(p)} probabilities of return are outside 0-1, "
            f"first at row {int(np.argmax(wrong))}: {p[np.argmax(wrong)]}"
        )
    wrong = ~((costs >= 0) & np.isfinite(costs))
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} of {len(p)} costs of contact are not amounts of 0 or more, "
            f"first at row {int(np.argmax(wrong))}: {costs[np.argmax(wrong)]}"
        )
    gain = assumed.margin * assumed.kappa * spend - assumed.redemption_saved * assumed.incentive
    return ContactTerms(p, gain, p * assumed.redemption_anyway * assumed.incentive, costs)


def with_response(terms: ContactTerms, response: Float | None) -> ContactTerms:
    """The terms with the gain as much greater or smaller as contact moves each customer.

    Parameters
    ----------
    response : shape (n,), effect of contact over that of the save rate; below 0 where contact
        drives away, which never earns anything; None where it is not told: the terms as they are
    """
    if response is None:
        return terms
    gain = response * np.where(response < 0, np.abs(terms.gain), terms.gain)
    return replace(terms, gain=gain)


def expected_profit(terms: ContactTerms, save_rate: float) -> Float:
    """EP of contacting each customer, currency, shape (n,); NaN where a part is unknown."""
    return (1 - terms.p) * save_rate * terms.gain - terms.waste - terms.cost


def break_even_save_rate(terms: ContactTerms) -> Float:
    """The save rate from which contact pays, shape (n,).

    Undefined (NaN) where a saved customer brings no more than the incentive costs, or where all
    return anyway. Above 1: it never pays.
    """
    saved = (1 - terms.p) * terms.gain
    lost = terms.cost + terms.waste
    rate: Float = np.full(saved.shape, np.nan)
    np.divide(lost, saved, out=rate, where=saved > 0)
    return rate


def expected_outlay(terms: ContactTerms, assumed: ValueAssumptions) -> Float:
    """What a contact is expected to cost the budget: itself and the incentive redeemed, (n,)."""
    saved = (1 - terms.p) * assumed.save_rate.mean
    return terms.cost + terms.waste + saved * assumed.redemption_saved * assumed.incentive


def contact_order(
    profit: Float, tie_break: NDArray[Any] | None, outlay: Float | None = None
) -> NDArray[np.int64]:
    """Positions of the customers worth contacting, best first.

    By expected profit per unit of cost where a budget is spent and costs differ, else by expected
    profit. Customers with EP <= 0 or unknown are left out. Equal ones go by `tie_break` (ids), so
    that the order of the rows does not matter.

    Parameters
    ----------
    profit : shape (n,), currency
    tie_break : shape (n,), sortable; None where the customers stand in its order already
    outlay : shape (n,), currency, where a budget limits the list; None where a count does
    """
    worth = np.flatnonzero(profit > 0)
    costs = profit[worth] if outlay is None else outlay[worth]
    uneven = (
        outlay is not None
        and len(costs) > 0
        and bool(np.ptp(costs) > 1e-9 * max(1.0, float(costs.max())))
    )
    # A contact that costs nothing earns without end per unit of cost: those come first, by EP.
    key = earned = profit[worth]
    if uneven:
        key = np.divide(earned, costs, out=np.full(len(costs), np.inf), where=costs > 0)
    if tie_break is None:
        return worth[_descending(key, earned)]
    return worth[np.lexsort((tie_break[worth], -earned, -key))]


def _descending(first: Float, second: Float) -> NDArray[np.int64]:
    """Places by the first key from the highest down, equal ones by the second, then as they stand.

    As `lexsort` has it, in a fifth of the time: a sort that keeps no order of equals, and then the
    equals alone, as whole numbers.
    """
    if second is first and (packed := _packed(first)) is not None:
        return packed
    order, group = _groups(first)
    size = len(order)
    if size == 0 or group[-1] == size - 1:
        return order
    begins = np.searchsorted(group, np.arange(group[-1] + 1))
    if (second[order] == second[order[begins]][group]).all():
        return np.asarray(np.sort(group * size + order) - group * size)
    among = _descending(second, second)
    rank = np.empty(size, np.int64)
    rank[among] = np.arange(size)
    return among[np.sort(group * size + rank[order]) - group * size]


def _packed(key: Float) -> NDArray[np.int64] | None:
    """Places from the highest key down, equals as they stand; None where the keys are no amounts.

    An amount in millionths and its place fit into one whole number, and those sort fastest.
    """
    whole = np.rint(key * MILLION)
    bits = len(key).bit_length()
    if not len(key) or whole.max() >= 2.0 ** (62 - bits) or (whole / MILLION != key).any():
        return None
    keys = (int(whole.max()) - whole.astype(np.int64)) << bits
    keys |= np.arange(len(key))
    keys.sort()
    return np.asarray(keys & ((1 << bits) - 1))


def _groups(key: Float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places from the highest key down, equals in any order, and which key each place has."""
    order = np.argsort(-key)
    arranged = key[order]
    new = np.concatenate([np.zeros(min(1, len(key)), bool), arranged[1:] != arranged[:-1]])
    return order, np.cumsum(new)
