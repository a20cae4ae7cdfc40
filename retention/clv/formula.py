"""The formula that people know: order value x orders a year x years, and how far off it is.

It is shown beside the model, never instead of it: with its bias, measured on the same horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.intervals import Interval, paired_bootstrap
from models.metrics import concordance
from retention.clv.survival import DAYS_A_YEAR

Float = NDArray[np.float64]
NO_PURCHASES = "no_purchases"
NO_YEARS = "no_years_of_custom"


def bare_clv(order_value: ArrayLike, orders_per_year: ArrayLike, years: ArrayLike) -> Float:
    """The product order value x orders a year x years of custom, nothing capped; currency."""
    value, rate, time = (np.asarray(v, float) for v in (order_value, orders_per_year, years))
    return np.asarray(value * rate * time)


def orders_per_year(n_orders: ArrayLike, tenure_days: ArrayLike) -> Float:
    """Orders over years since the first, which count as one at least; NaN without an order."""
    orders, tenure = np.asarray(n_orders, float), np.asarray(tenure_days, float)
    rate = orders / np.maximum(tenure / DAYS_A_YEAR, 1.0)
    return np.asarray(np.where(orders > 0, rate, np.nan))


@dataclass(frozen=True)
class SimpleClv:
    """The formula for each customer, with its three factors.

    Attributes
    ----------
    simple_clv : float, shape (n,), currency, NaN where it cannot be given
    order_value, orders_per_year, years : its factors, shape (n,)
    cap : years beyond which no curve was followed
    codes : object, shape (n,), why `simple_clv` is null, else None
    """

    simple_clv: Float
    order_value: Float
    orders_per_year: Float
    years: Float
    cap: float
    codes: NDArray[np.object_]


def simple_clv(
    net: ArrayLike, n_orders: ArrayLike, tenure_days: ArrayLike, years: ArrayLike, *, cap: float
) -> SimpleClv:
    """Average order value x orders a year x years of custom, for each customer.

    Parameters
    ----------
    net : array of shape (n,), net spend to date, currency
    n_orders : array of shape (n,), orders to date
    tenure_days : array of shape (n,), days since the first purchase
    years : array of shape (n,), years of custom of the customer's segment: `CustomYears.of`
    cap : `CustomYears.cap`, to be shown beside the value
    """
    spent, orders, time = (np.asarray(v, float) for v in (net, n_orders, years))
    value = np.divide(spent, orders, out=np.full(len(spent), np.nan), where=orders > 0)
    rate = orders_per_year(orders, tenure_days)
    product = bare_clv(value, rate, time)
    codes = np.full(len(spent), None, object)
    codes[np.isnan(time)] = NO_YEARS
    codes[~(orders > 0)] = NO_PURCHASES
    return SimpleClv(product, value, rate, time, cap, codes)


def within_horizon(formula: SimpleClv, horizon_days: float) -> Float:
    """What the formula says of the next `horizon_days`, shape (n,), currency.

    Its own claim is so much a year for so many years; a horizon that is longer than these years
    adds nothing.
    """
    time = np.minimum(formula.years, horizon_days / DAYS_A_YEAR)
    return bare_clv(formula.order_value, formula.orders_per_year, time)


@dataclass(frozen=True)
class FormulaBias:
    """Formula and model against what customers then spent, on the same customers and days.

    Attributes
    ----------
    customers : number of customers for whom the formula has a value
    horizon_days : days over which spend was counted
    true_total, formula_total, model_total : currency
    formula_bias, model_bias : total predicted over total true, less 1; None where the true total
        is not above zero
    formula_concordance, model_concordance : pairs in the right order, see `models.metrics`
    extra_error : mean absolute error of the formula less that of the model, with 95 % interval;
        above zero the model is closer
    sentence : the same in words
    """

    customers: int
    horizon_days: int
    true_total: float
    formula_total: float
    model_total: float
    formula_bias: float | None
    model_bias: float | None
    formula_concordance: float
    model_concordance: float
    extra_error: Interval
    sentence: str


def formula_bias(
    formula: ArrayLike, model: ArrayLike, truth: ArrayLike, *, horizon_days: int, seed: int = 0
) -> FormulaBias:
    """Measure the formula's bias beside the model's.

    Parameters
    ----------
    formula : array of shape (n,), `within_horizon` at a past cutoff, currency; NaN is left out
    model : array of shape (n,), `predicted_clv` at that cutoff
    truth : array of shape (n,), `future_value`: net spend in the horizon
    seed : of the resampling that makes the interval

    Raises
    ------
    ValueError
        If fewer than two customers have a value of the formula.
    """
    f, m, t = (np.asarray(v, float) for v in (formula, model, truth))
    known = ~np.isnan(f)
    f, m, t = f[known], m[known], t[known]
    total = float(t.sum())
    biases = [float(p.sum()) / total - 1 if total > 0 else None for p in (f, m)]
    extra = paired_bootstrap(np.abs(f - t), np.abs(m - t), seed=seed)
    return FormulaBias(
        customers=len(t),
        horizon_days=horizon_days,
        true_total=total,
        formula_total=float(f.sum()),
        model_total=float(m.sum()),
        formula_bias=biases[0],
        model_bias=biases[1],
        formula_concordance=concordance(t, f),
        model_concordance=concordance(t, m),
        extra_error=extra,
        sentence=_sentence(biases[0], biases[1], horizon_days),
    )


def _sentence(formula: float | None, model: float | None, days: int) -> str:
    if formula is None or model is None:
        return (
            f"In the {days} days looked at customers spent nothing on balance, so no bias can be "
            "told."
        )
    return (
        f"Over the same {days} days the formula came to {_off(formula)} customers spent, the model "
        f"to {_off(model)} they did."
    )


def _off(bias: float) -> str:
    if abs(bias) < 0.005:
        return "just what"
    return f"{abs(bias):.0%} {'more' if bias > 0 else 'less'} than"
