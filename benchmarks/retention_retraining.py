"""Retraining after a list that worked, through the training job's own path: panel, fit, heads.

Customers buy at a rate of their own until they leave. A list takes those whom the model fitted on
the days before finds worth a contact; contact brings back a share of those who would not have
bought within the horizon. Fits on the log as it would have been without the list, as it is, and as
it is with the list known, are asked of other customers of the same law whom nobody contacts.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.log.request_log import log_from_columns
from features.log.shop_log import ShopLog
from features.panel import Snapshot, labels_at, snapshot
from features.shop_clock import ShopClock, date_of, day_number
from models.btyd_columns import FittedBtyd, fit_btyd
from models.trees import TreeParameters
from retention.lists.build import build_list
from retention.lists.caps import CONTACTED
from retention.lists.contact_value import ValueAssumptions
from retention.lists.plan import ListPlan
from retention.lists.save_rate import SaveRate
from training.campaigns import Campaigns, lists_of
from training.fit import BtydAt, HorizonFit, fit_horizon
from training.results import MODEL
from training.side_by_side import one_thread_each
from training.windows import plan_windows

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
HORIZON, DAYS = 60, 420
LISTED_ON = DAYS - HORIZON
START = day_number(dt.date(2024, 1, 1))
ASSUMED = ValueAssumptions(SaveRate(0.05, 0.02), margin=0.4, contact_cost=0.2)


@dataclass(frozen=True)
class Customers:
    """Orders of a shop's customers: number of the customer and day, sorted, amounts."""

    number: NDArray[np.int64]
    day: Float
    amount: Float

    def and_more(self, number: NDArray[np.int64], day: Float, amount: Float) -> "Customers":
        """With more orders."""
        return Customers(
            np.append(self.number, number), np.append(self.day, day), np.append(self.amount, amount)
        )

    def log(self) -> ShopLog:
        """The purchase log."""
        order = np.lexsort((self.day, self.number))
        dates = [str(date_of(START + int(d))) for d in self.day[order]]
        names = [f"c{k:06d}" for k in self.number[order]]
        columns = {"customer_id": names, "ordered_at": dates, "amount": self.amount[order].tolist()}
        return ShopLog.of(log_from_columns(columns, ShopClock()))


def made_customers(count: int, rng: np.random.Generator) -> Customers:
    """Customers of one law: gamma rates, exponential lives, arrivals on any day."""
    joined = np.floor(rng.uniform(0, DAYS - HORIZON, count))
    gap, price = 1 / rng.gamma(1.5, 1 / 45, count), rng.gamma(4, 12, count)
    left = joined + rng.exponential(250, count)
    numbers, days = [np.arange(count)], [joined]
    here, day = np.arange(count), joined
    while len(here):
        day = day + np.maximum(1.0, rng.exponential(gap[here]))
        kept = (day < DAYS) & (day < left[here])
        here, day = here[kept], day[kept]
        numbers.append(here)
        days.append(np.floor(day))
    number = np.concatenate(numbers).astype(np.int64)
    amount = np.round(price[number] * rng.lognormal(0, 0.4, len(number)), 2)
    return Customers(number, np.concatenate(days), amount)


@one_thread_each
def retrained_in_full(
    seed: int,
    customers: int,
    *,
    saves: float = 0.25,
    holdout: float = 0.2,
    listed: float = 0.3,
    btyd_at: BtydAt = lambda _, features: fit_btyd(features),
) -> dict[str, float]:
    """Predicted less true risk of customers whom nobody contacts, in points.

    Parameters
    ----------
    customers : of the shop, and as many others who are asked of
    saves : share of those lost within the horizon whom contact brings back
    holdout, listed : share of the list held out, and of the customers listed
    btyd_at : fits buy-till-you-die models; `no_btyd` for a quick run without them

    Returns
    -------
    `untouched`, `plain`, `corrected` with the ending `_all` and, of those whom the model would
    list, `_listed`; and `saved`, share of the shop's customers whom the list brought back
    """
    rng = np.random.default_rng([seed, 6])
    shop, others = made_customers(customers, rng), made_customers(customers, rng)
    day, end = START + LISTED_ON, START + DAYS
    quiet = shop.log()
    before = _fitted(quiet, day, btyd_at)
    shot = snapshot(quiet, day)
    lost = labels_at(quiet, day, [HORIZON])[HORIZON]["churned"].to_numpy() == 1
    members = _list_of(before, shot, round(listed * len(lost)), holdout)
    contacted = np.isin(shot.features.index, members.loc[members["arm"] == CONTACTED].index)
    saved = contacted & lost & (rng.random(len(lost)) < saves)
    who = _numbers(shot)[saved]
    when = LISTED_ON + 1 + np.floor(rng.uniform(0, HORIZON - 1, len(who)))
    after = shop.and_more(who, when, np.full(len(who), 40.0)).log()
    told = others.log()
    seen = snapshot(told, day)
    truth = labels_at(told, day, [HORIZON])[HORIZON]["churned"].to_numpy()
    high = np.isin(seen.features.index, _list_of(before, seen, round(listed * len(truth)), 0).index)
    fits = {
        "untouched": _fitted(quiet, end, btyd_at),
        "plain": _fitted(after, end, btyd_at),
        "corrected": _fitted(after, end, btyd_at, _campaigns(members)),
    }
    found = {"saved": float(saved.mean())}
    for name, fit in fits.items():
        missed = 100 * (_risk(fit, seen) - truth)
        found |= {f"{name}_all": float(missed.mean()), f"{name}_listed": float(missed[high].mean())}
    return found


def no_btyd(_: int, __: pd.DataFrame) -> FittedBtyd:
    """No model of purchase days."""
    return FittedBtyd({}, None, ())


def _fitted(log: ShopLog, end: int, btyd_at: BtydAt, lists: Campaigns | None = None) -> HorizonFit:
    known = log.known_before(end)
    plan = plan_windows(known.first_day, end, HORIZON)
    if plan is None:
        raise ValueError(f"no window of {HORIZON} days closes before {date_of(end)}")
    fit = fit_horizon(
        known,
        plan,
        btyd_at=btyd_at,
        trees=lambda rows: TreeParameters(),
        seed=0,
        judged=False,
        campaigns=lists and lists.numbered(log.customer_ids),
    )
    if not fit.has_model:
        raise ValueError(f"no model could be fitted before {date_of(end)}; make more customers")
    return fit


def _risk(fit: HorizonFit, shot: Snapshot) -> Float:
    """Probability of no purchase within the horizon, before any choice of rule or model."""
    inputs = fit.preparation.of(shot.features)
    return fit.heads.returns[MODEL].churn_probability(inputs)


def _list_of(fit: HorizonFit, shot: Snapshot, size: int, holdout: float) -> pd.DataFrame:
    """Members of a list of the customers at most risk, by customer."""
    frame = pd.DataFrame(
        {
            "customer_id": shot.features.index.astype(str),
            "return_probability": 1 - _risk(fit, shot),
            "expected_spend": 40.0,
        }
    )
    most = round(size * (1 - holdout))
    plan = ListPlan("won back", ASSUMED, date_of(shot.cutoff), max_contacts=most, holdout=holdout)
    return build_list(frame, plan).members.set_index("customer_id")


def _campaigns(members: pd.DataFrame) -> Campaigns | None:
    """The list as training reads it."""
    stamp = pd.Timestamp(date_of(START + LISTED_ON))
    rows = members[["arm", "stratum"]].assign(list_id="won back", contacted_at=stamp)
    return lists_of(rows, None, effect_days=HORIZON, clock=ShopClock())


def _numbers(shot: Snapshot) -> NDArray[np.int64]:
    return shot.features.index.str[1:].to_numpy().astype(np.int64)
