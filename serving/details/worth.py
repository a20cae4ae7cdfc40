"""What customers are worth: gross to contribution, to date and ahead, by cohort and channel.

The ladder is of the scored customers; cohorts and channels are of everybody they won.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.line import AMOUNT_SCALE
from features.shop_clock import day_number
from retention.clv.ladder import (
    STEPS,
    Economics,
    historic_ladder,
    in_currency,
    predicted_ladder,
    refund_share_of,
)
from retention.clv.ratios import ratios
from retention.portfolio.cohorts import Span, cohort_of
from retention.portfolio.origin import Basis, both, value_on, worth_by
from retention.segments.value import by_tier, concentration
from serving.details.plain import plain, records
from serving.details.publication import Publication
from serving.economics import economics_of

Float = NDArray[np.float64]
SCORED, SILENT = "scored", "inactive"
BASES: tuple[Basis, ...] = ("revenue", "profit")
MONEY = ("historic_mean", "predicted_mean", "total_mean", "low", "high", "total", "mean")
# More channels are told together.
MOST_CHANNELS = 12
OTHERS = "all others"


@dataclass(frozen=True)
class Ladders:
    """The steps of every scored customer, in the order of the score rows.

    Attributes
    ----------
    rows : DataFrame of the scored customers' rows
    history : DataFrame of `retention.history.history_of`, the same customers
    historic, predicted : DataFrames of `retention.clv.ladder`
    """

    rows: pd.DataFrame
    history: pd.DataFrame
    historic: pd.DataFrame
    predicted: pd.DataFrame


@dataclass(frozen=True)
class Won:
    """All customers who ever bought, so that a cohort is not told by those alone who stayed.

    Attributes
    ----------
    historic : DataFrame of `retention.clv.ladder`
    first_day : shop day of the first purchase, shape (n,)
    scored : place of each among the scored rows, shape (n,); -1 for those who have been silent
        for too long to be scored, from whom nothing is expected
    channel : through which each was won, object, shape (n,); None without a table of customers
    """

    historic: pd.DataFrame
    first_day: Float
    scored: NDArray[np.int64]
    channel: NDArray[np.object_] | None

    def expected(self, of_scored: Float) -> Float:
        """What is expected of each, shape (n,), out of what is expected of the scored rows."""
        found = np.zeros(len(self.scored))
        there = self.scored >= 0
        found[there] = of_scored[self.scored[there]]
        return found


def facts(publication: Publication) -> dict[str, Any]:
    """Worth of the scored customers.

    Returns
    -------
    dict
        ladder : see `ladder_facts`
        revenue, profit : see `on_basis`
    """
    cutoff, economics = day_number(publication.as_of), economics_of(publication.settings)
    told = publication.told.customers
    history = publication.past.history
    ladders = ladders_of(publication.rows, history, economics, told, cutoff=cutoff)
    won = won_of(publication.rows, history, economics, told, cutoff=cutoff)
    return {
        "ladder": ladder_facts(ladders, cutoff),
        **{basis: on_basis(ladders, won, basis, publication.past.span) for basis in BASES},
    }


def ladders_of(
    rows: pd.DataFrame,
    history: pd.DataFrame,
    economics: Economics,
    told: pd.DataFrame | None,
    *,
    cutoff: int,
) -> Ladders:
    """Steps of the scored customers, to date and within the value horizon.

    Parameters
    ----------
    rows : DataFrame of score rows of everybody
    history : DataFrame of `retention.history.history_of`, everybody
    told : the table of customers by id; None without one
    cutoff : shop day of both
    """
    scored = rows[rows["score_status"] == SCORED]
    ids = pd.Index(scored["customer_id"])
    cost = _told(told, "acquisition_cost", ids, float)
    days = scored["value_horizon_days"].dropna()
    past = history.reindex(ids)
    return Ladders(
        scored,
        past,
        historic_ladder(past, economics, cutoff=cutoff, acquisition_cost=cost),
        predicted_ladder(
            scored["predicted_clv"].to_numpy(float),
            scored["predicted_number_of_orders"].to_numpy(float),
            economics,
            horizon_days=int(days.iloc[0]) if len(days) else 0,
            refund_share=refund_share_of(history),
            index=ids,
        ),
    )


def won_of(
    rows: pd.DataFrame,
    history: pd.DataFrame,
    economics: Economics,
    told: pd.DataFrame | None,
    *,
    cutoff: int,
) -> Won:
    """Everybody of whom is known what to expect, to date; parameters as of `ladders_of`.

    Left out are those who are too new to be scored, and who do not want to be.
    """
    status = rows["score_status"].to_numpy(object)
    scored = status == SCORED
    kept = scored | (status == SILENT)
    ids = pd.Index(rows["customer_id"])[kept]
    past = history.reindex(ids)
    place = np.where(scored, np.cumsum(scored) - 1, -1)[kept]
    return Won(
        historic_ladder(past, economics, cutoff=cutoff),
        past["first_day"].to_numpy(float),
        place.astype(np.int64),
        _told(told, "channel", ids, object),
    )


def _told(told: pd.DataFrame | None, name: str, ids: pd.Index, kind: type) -> NDArray[Any] | None:
    """A column of the table of customers; None where it tells nothing of any of them."""
    if told is None:
        return None
    found = told.reindex(ids)[name].to_numpy(kind)
    return None if pd.isna(found).all() else found


def ladder_facts(ladders: Ladders, cutoff: int) -> dict[str, Any]:
    """Each step summed over the scored customers; a total is the sum of its steps to the cent.

    Returns
    -------
    dict
        steps : {step, historic, predicted, total}, currency, in the order of the ladder; null
            where it is not known of every customer
        acquisition : of the customers whose acquisition cost is known: {customers, cost,
            contribution, clv_to_acquisition_cost, payback_months} (the last the median, null where
            half of them or more are not expected to pay back); None where it is known of nobody
        first_order_share : first orders over net to date and expected; None where that is not above
            zero
    """
    parts = {"historic": ladders.historic, "predicted": ladders.predicted}
    sums = {name: {step: _sum(frame[step]) for step in STEPS} for name, frame in parts.items()}
    steps = [
        {
            "step": step,
            **{name: _currency(told[step]) for name, told in sums.items()},
            "total": _currency(_added(*(told[step] for told in sums.values()))),
        }
        for step in STEPS
    ]
    net = _added(sums["historic"]["net"], sums["predicted"]["net"])
    first = int(ladders.history["first_order"].fillna(0).sum())
    return {
        "steps": steps,
        "acquisition": _acquisition(ladders, cutoff),
        "first_order_share": first / net if net is not None and net > 0 else None,
    }


def on_basis(ladders: Ladders, won: Won, basis: Basis, span: Span) -> dict[str, Any]:
    """Worth on one basis: concentration and tiers of the scored, cohorts and channels of everybody.

    Returns
    -------
    dict
        code : `no_margin` where the basis is profit and no margin is told, and all else is null or
            empty; else None
        concentration : of the expected value: {top_shares: {share: share of the value},
            customers_for_80, sentence}
        tiers : {value_tier, customers, customer_share, total, value_share, mean} of it
        period : length of a cohort
        cohorts, channels, both : {group, customers, historic_mean, predicted_mean, total_mean, low,
            high, total, total_share}, those silent for too long among them, with nothing expected;
            `channels` and `both` are empty where no channel is told
    """
    past, code = value_on(won.historic, basis)
    ahead, _ = value_on(ladders.predicted, basis)
    together = won.expected(ahead)
    found: dict[str, Any] = {"code": code, "concentration": None, "tiers": [], "period": span}
    found |= {"cohorts": [], "channels": [], "both": []}
    if code is not None or not len(ahead):
        return found
    spread = asdict(concentration(ahead))
    shares = {str(share): value for share, value in spread["top_shares"].items()}
    tiers = by_tier(ladders.rows["value_tier"].to_numpy(object), ahead).reset_index()
    cohort = cohort_of(won.first_day, span)
    found |= {
        "concentration": {
            "top_shares": shares,
            "customers_for_80": plain(spread["customers_for_80"]),
            "sentence": spread["sentence"],
        },
        "tiers": records(tiers, money=MONEY),
        "cohorts": _groups(worth_by(cohort, past, together)),
    }
    if won.channel is not None:
        channel = _few(won.channel)
        found["channels"] = _groups(worth_by(channel, past, together))
        found["both"] = _groups(worth_by(both(cohort, channel), past, together))
    return found


def _groups(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return records(frame.sort_index().reset_index(), money=MONEY)


def _few(channel: NDArray[np.object_]) -> NDArray[np.object_]:
    """The channels of most customers by name, the others together; None where not known."""
    counts = pd.Series(channel).value_counts()
    kept = set(counts.index[:MOST_CHANNELS])
    return np.array([c if c in kept or pd.isna(c) else OTHERS for c in channel], object)


def _acquisition(ladders: Ladders, cutoff: int) -> dict[str, Any] | None:
    cost = in_currency(ladders.historic["acquisition"])
    known = ~np.isnan(cost)
    if not known.any():
        return None
    past, ahead = ladders.historic[known], ladders.predicted[known]
    days = int(ladders.rows["value_horizon_days"].iloc[0])
    history = ladders.history[known]
    told = ratios(
        past,
        ahead,
        first_order=history["first_order"],
        n_orders=history["orders"],
        tenure_days=cutoff - history["first_day"].to_numpy(float),
        horizon_days=days,
    )
    left = _added(_sum(past["contribution"]), _sum(ahead["contribution"]))
    spent = _sum(past["acquisition"])
    ratio = left / spent if left is not None and spent else None
    # Who is not expected to pay back comes last.
    months = np.sort(np.where(np.isnan(told.payback_months), np.inf, told.payback_months))
    middle = float(months[(len(months) - 1) // 2]) if left is not None else np.nan
    return {
        "customers": int(known.sum()),
        "cost": _currency(spent),
        "contribution": _currency(left),
        "clv_to_acquisition_cost": plain(ratio),
        "payback_months": plain(middle, 1),
    }


def _sum(steps: "pd.Series[Any]") -> int | None:
    """Sum in ten-thousandths; None where one is not known."""
    return None if steps.isna().any() else int(steps.sum())


def _added(*amounts: int | None) -> int | None:
    told = [amount for amount in amounts if amount is not None]
    return sum(told) if len(told) == len(amounts) else None


def _currency(amount: int | None) -> float | None:
    return None if amount is None else amount / AMOUNT_SCALE
