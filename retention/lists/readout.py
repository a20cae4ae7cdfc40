"""What a list earned: contacted against held out, by assignment."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.lists.adjusted_effect import Effect, adjusted_effect
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.save_rate import MeasuredRate
from retention.lists.verdict import preliminary_verdict, verdict

Float = NDArray[np.float64]
PRELIMINARY, FINAL = "preliminary", "final"
MEMBERS = ("customer_id", "arm", "stratum", "return_probability", "expected_spend")
OUTCOMES = ("returned", "revenue", "profit")
NAMES = {"return_rate": "returned", "revenue": "revenue", "profit": "profit"}


@dataclass(frozen=True)
class Readout:
    """Effects of a list.

    Attributes
    ----------
    status : `preliminary` before the declared day, then `final`
    verdict : a plain sentence
    primary_outcome : declared when the list was made
    contacted, held_out : customers by assignment
    means : outcome -> (mean of the contacted, mean of the held out), plain
    effects : outcome -> Effect a customer; empty while preliminary
    net_gain : currency, (estimate, low, high) of the contacted customers' profit; None while
        preliminary or where it cannot be told
    save_rate : measured, to be weighed into the assumed one; None where it cannot be told
    """

    status: str
    verdict: str
    primary_outcome: str
    contacted: int
    held_out: int
    means: dict[str, tuple[float, float]]
    effects: dict[str, Effect]
    net_gain: tuple[float, float, float] | None
    save_rate: MeasuredRate | None


def profit_of(
    revenue: ArrayLike, *, margin: float, contact_cost: ArrayLike, incentive_paid: ArrayLike
) -> Float:
    """Profit of each customer after what the list cost, currency, shape (n,).

    Parameters
    ----------
    revenue : shape (n,), net of refunds, within the window of the readout
    contact_cost : shape (n,), of the contacts that were made; 0 for the held out
    incentive_paid : shape (n,), of incentives redeemed
    """
    costs = np.asarray(contact_cost, float) + np.asarray(incentive_paid, float)
    profit: Float = margin * np.asarray(revenue, float) - costs
    return profit


def read_out(
    members: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    primary_outcome: str,
    readout_on: dt.date,
    today: dt.date,
) -> Readout:
    """Compare the arms of a list.

    Parameters
    ----------
    members : of the frozen list, columns `MEMBERS`
    outcomes : DataFrame, one row a member: `customer_id`, `returned` (0/1), `revenue` and `profit`
        (currency, see `profit_of`), all within the window declared
    primary_outcome, readout_on : declared when the list was made
    today : the day of this readout

    Raises
    ------
    ValueError
        If a column is missing, a member has no outcome, or an arm has an unknown name.
    """
    table = _joined(members, outcomes)
    if primary_outcome not in NAMES:
        raise ValueError(
            f"primary outcome must be one of {sorted(NAMES)}, got {primary_outcome!r}; "
            "it is declared when the list is made"
        )
    contacted = (table["arm"] == CONTACTED).to_numpy(bool)
    sizes = int(contacted.sum()), int((~contacted).sum())
    means = {name: _means(table[column], contacted) for name, column in NAMES.items()}
    if today < readout_on:
        told = preliminary_verdict(readout_on, (readout_on - today).days)
        return Readout(PRELIMINARY, told, primary_outcome, *sizes, means, {}, None, None)
    effects = _effects(table, contacted)
    return Readout(
        FINAL,
        verdict(primary_outcome, effects, sizes[0]),
        primary_outcome,
        *sizes,
        means,
        effects,
        _net_gain(effects["profit"], sizes[0]),
        measured_save_rate(effects["return_rate"], min(sizes)),
    )


def measured_save_rate(effect: Effect, smaller_arm: int) -> MeasuredRate | None:
    """P(return if contacted | would not return), from the effect on the return rate.

    The effect over the share of held-out customers that did not return, with its standard error;
    below 0 where contact lowered the return rate. None where it cannot be told.

    Parameters
    ----------
    smaller_arm : customers; arms in which all did the same are no surer than one of them allows
    """
    lost = 1 - effect.held_out_mean
    if not effect.defined or not lost > 0:
        return None
    error = max(effect.error, 1 / smaller_arm)
    return MeasuredRate(effect.estimate / lost, error / lost)


def _joined(members: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    for name, frame, needed in (
        ("members", members, MEMBERS),
        ("outcomes", outcomes, ("customer_id", *OUTCOMES)),
    ):
        missing = sorted(set(needed) - set(frame.columns))
        if missing:
            raise ValueError(f"{name} lack columns {missing}; they need {list(needed)}")
    known = outcomes[["customer_id", *OUTCOMES]]
    if known["customer_id"].duplicated().any():
        raise ValueError("outcomes hold a customer twice; add up the orders of each first")
    table = members[list(MEMBERS)].merge(known, on="customer_id", how="left", indicator=True)
    lacking = int((table["_merge"] != "both").sum())
    if lacking:
        raise ValueError(
            f"{lacking} of {len(table)} members have no outcome; a member without a purchase has "
            "returned 0 and revenue 0, and an erased one is taken off the list in both arms"
        )
    arms = sorted(set(table["arm"]) - {CONTACTED, HELD_OUT})
    if arms:
        raise ValueError(f"arms must be {CONTACTED!r} or {HELD_OUT!r}, got also {arms}")
    return table


def _means(values: pd.Series, contacted: NDArray[np.bool_]) -> tuple[float, float]:
    numbers = values.to_numpy(float)
    return tuple(  # type: ignore[return-value]
        float(numbers[arm].mean()) if arm.any() else float("nan") for arm in (contacted, ~contacted)
    )


def _effects(table: pd.DataFrame, contacted: NDArray[np.bool_]) -> dict[str, Effect]:
    p, spend = (table[c].to_numpy(float) for c in ("return_probability", "expected_spend"))
    stratum = table["stratum"].to_numpy(np.int64)
    told = {"returned": np.column_stack([p, np.log1p(np.maximum(spend, 0))])}
    told["revenue"] = told["profit"] = np.column_stack([p, spend, p * spend])
    return {
        name: adjusted_effect(table[column].to_numpy(float), contacted, stratum, told[column])
        for name, column in NAMES.items()
    }


def _net_gain(profit: Effect, contacted: int) -> tuple[float, float, float] | None:
    if not profit.defined:
        return None
    return profit.estimate * contacted, profit.low * contacted, profit.high * contacted
