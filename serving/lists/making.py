"""Preview and make a list from the current batch: audience, candidates, plan, members."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import Settings
from retention.lists.audience import Audience, AudienceRules, UnknownChannel, audience_in
from retention.lists.build import build_list, preview_list
from retention.lists.candidates import Pool, candidates_of, pool_of
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.outside import outside_sample
from serving.lists.barred import barred_of
from serving.lists.control import CONTROLS
from serving.lists.counted import counted
from serving.lists.default_rate import default_rate, window_days
from serving.lists.errors import ListRefused, NothingPublished
from serving.lists.nobody import nobody_to_contact
from serving.lists.plain import gain_dict, plain, sensitivity_rows
from serving.lists.request import ListIn
from serving.lists.rows import LIST_ROWS, Rows
from serving.lists.terms import Declared, declared, today_of
from serving.lists.uplifts import Ranking, ranking_in_use
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.list_rows import (
    NUMBERS,
    OUTSIDE,
    kept_readouts,
    list_names,
    newest_number,
)

CANDIDATE = ["customer_id", "churn_probability", "value_at_risk"]
OUTSIDE_SHARE, OUTSIDE_HOLDOUT = 0.05, 0.5


@dataclass(frozen=True)
class Basis:
    """All that a list is made from, read at one moment.

    Attributes
    ----------
    number : of the list made last
    told : the terms
    barred : places of those who may not be on it, by reason
    store : where the batch is
    ranking : effects by which customers are ranked; None while uplift is off
    """

    batch: Batch
    customers: Rows
    number: int
    told: Declared
    barred: Mapping[str, NDArray[np.int64]]
    store: ScoreStore
    ranking: Ranking | None


@dataclass(frozen=True)
class Made:
    """A list that can be written.

    Attributes
    ----------
    head : columns of its head
    members : with their rank
    pool : ids of all who could have been contacted, whatever the filters
    """

    head: dict[str, Any]
    members: pd.DataFrame
    pool: pd.Series

    @property
    def listed(self) -> pd.Series:
        """Ids of those on the list, in either arm, without the sample outside."""
        return self.members.loc[self.members["stratum"] != OUTSIDE, "customer_id"]


def basis_of(store: ScoreStore, settings: Settings, now: datetime, asked: ListIn) -> Basis:
    """Read what a list is made from.

    Raises
    ------
    NothingPublished
        If there is no batch.
    ListRefused
        If the terms cannot be.
    """
    batch = store.current()
    if batch is None:
        raise NothingPublished
    customers = LIST_ROWS.of(store, batch)
    ranking = ranking_in_use(settings)
    horizon_days = customers.horizon_days or settings.horizons.churn_days
    with store.database.read() as connection:
        number = newest_number(connection)
        told = declared(
            asked,
            list_id=asked.list_id or _free_name(settings, now, list_names(connection)),
            settings=settings,
            batch=batch,
            horizon_days=horizon_days,
            usual=default_rate(kept_readouts(connection), horizon_days),
            now=now,
            ranking=None if ranking is None else ranking.told,
        )
        asked_for = bool(told.terms["global_control"])
        control = CONTROLS.of(settings, batch, customers, asked=asked_for)
        barred = barred_of(connection, told, customers, control)
    return Basis(batch, customers, number, told, barred, store, ranking)


def preview_of(basis: Basis) -> dict[str, Any]:
    """Counts, outlay, gain, hold-out and sensitivity of a list that is not made.

    `refusal` says why the list could not be made as it stands; None where it could.
    """
    told = basis.told
    audience, candidates = _pool(basis)
    found = preview_list(candidates, told.plan, audience.counts)
    counts = found.counts
    refusal = nobody_to_contact(counts, told.plan, candidates)
    outside_outlay = 0.0
    if told.terms["outside_sample"]:
        # The filters come last: without them everybody whom they leave out could be contacted.
        pool = audience.counts["eligible"] + audience.counts["filtered_out"] - counts["listed"]
        drawn = round(OUTSIDE_SHARE * max(pool, 0))
        held = round(OUTSIDE_HOLDOUT * drawn)
        counts = {**counts, "outside_contacted": drawn - held, "outside_held_out": held}
        outside_outlay = (drawn - held) * told.plan.assumed.contact_cost
    told_of: dict[str, Any] = plain(
        {
            "list_id": told.plan.list_id,
            "terms": told.terms,
            "refusal": None if refusal is None else str(refusal),
            "counts": counts,
            "outlay": found.outlay,
            "outside_outlay": outside_outlay,
            "gain": gain_dict(found.gain),
            "holdout": {
                "share": found.holdout.share,
                "detectable_effect": found.holdout.detectable,
                "sufficient": found.holdout.sufficient,
                "sentence": found.holdout.sentence + _over_which_days(told.terms),
            },
            "sensitivity": sensitivity_rows(found.sensitivity),
        }
    )
    return told_of


def make(basis: Basis) -> Made:
    """Rank, cut and draw.

    Raises
    ------
    NobodyToContact
        If the list would contact nobody.
    """
    frame, told = basis.customers.frame, basis.told
    audience, candidates = _candidates(basis)
    built = build_list(candidates, told.plan, audience.counts)
    refusal = nobody_to_contact(built.counts, told.plan, candidates)
    if refusal is not None:
        raise refusal
    members, counts = built.members, dict(built.counts)
    if told.terms["outside_sample"]:
        drawn = _outside(basis, members)
        held = int((drawn["arm"] == HELD_OUT).sum())
        counts |= {"outside_contacted": len(drawn) - held, "outside_held_out": held}
        members = pd.concat([members, drawn], ignore_index=True) if len(drawn) else members
    head = {
        "list_id": told.plan.list_id,
        "number": basis.number + 1,
        "batch_id": basis.batch.batch_id,
        "as_of": basis.batch.as_of,
        "model_version": basis.batch.model_version,
        "begins_on": told.begins_on.isoformat(),
        "readout_on": told.readout_on.isoformat(),
        "terms": told.terms,
        "counts": counts,
        "outlay": built.outlay,
        "gain": plain(gain_dict(built.gain)),
        "holdout": plain(_with_days(built.holdout, told.terms)),
        "sensitivity": plain(sensitivity_rows(built.sensitivity)),
    }
    pool = frame["customer_id"].iloc[_contactable(basis).positions]
    return Made(head, members.assign(arm=members["arm"].astype(object)), pool)


def _with_days(holdout: dict[str, Any], terms: dict[str, Any]) -> dict[str, Any]:
    return {**holdout, "sentence": f"{holdout['sentence']}{_over_which_days(terms)}"}


def _over_which_days(terms: dict[str, Any]) -> str:
    """What a sentence on power says of a list that is not read after the churn horizon."""
    horizon, window = terms["churn_horizon_days"], window_days(terms)
    if window == horizon:
        return ""
    return (
        f"; that is of returns within {counted(horizon, 'day')}, as the scores look ahead, and "
        f"this list is read after {window}, when another share has returned"
    )


def _pool(basis: Basis) -> tuple[Audience, Pool]:
    """The same as `_candidates` in arrays, which take no ids where nobody asks for them."""
    if basis.ranking is not None:
        audience, candidates = _candidates(basis)
        return audience, pool_of(candidates)
    audience = _audience(basis.customers, basis.told.rules, basis.barred)
    return audience, basis.customers.pool(audience)


def _candidates(basis: Basis) -> tuple[Audience, pd.DataFrame]:
    """The audience, as candidates of the ranking in use."""
    frame, plan = basis.customers.frame, basis.told.plan
    audience = _audience(basis.customers, basis.told.rules, basis.barred)
    found = candidates_of(frame[CANDIDATE], audience)
    rate = plan.assumed.save_rate.mean
    if basis.ranking is not None and rate > 0 and len(found):
        found["response"] = basis.ranking.response(basis.store, basis.batch, found, rate)
    return audience, found


def _audience(
    customers: Rows, rules: AudienceRules, barred: Mapping[str, NDArray[np.int64]]
) -> Audience:
    try:
        return audience_in(customers.crowd, rules, barred)
    except UnknownChannel as error:
        raise ListRefused(str(error), "audience.channel") from None
    except ValueError as error:
        raise ListRefused(str(error), "audience") from None


def _contactable(basis: Basis) -> Audience:
    """Everybody who may be contacted, whatever the filters; lapsed ones where those are wanted."""
    rules = basis.told.rules
    wide = AudienceRules(lapsed=rules.lapsed, channel=rules.channel)
    return _audience(basis.customers, wide, basis.barred)


def _outside(basis: Basis, members: pd.DataFrame) -> pd.DataFrame:
    """A random sample of those not on the list, half of it held out, as members behind it."""
    frame, plan = basis.customers.frame, basis.told.plan
    pool = frame.iloc[_contactable(basis).positions]
    pool = pool[~pool["customer_id"].isin(set(members["customer_id"]))]
    ids = pool["customer_id"].tolist()
    drawn = outside_sample(plan.list_id, ids, share=OUTSIDE_SHARE, holdout=OUTSIDE_HOLDOUT)
    everyone = Audience(np.arange(len(pool)), {})
    told = candidates_of(pool, everyone).set_index("customer_id")
    found = told.reindex(drawn["customer_id"])
    rows = drawn[["customer_id", "arm"]].assign(
        rank=np.arange(len(members) + 1, len(members) + len(drawn) + 1),
        stratum=OUTSIDE,
        **dict.fromkeys(NUMBERS, np.nan),
    )
    cost = np.where(rows["arm"] == CONTACTED, plan.assumed.contact_cost, 0.0)
    return rows.assign(
        return_probability=found["return_probability"].to_numpy(float),
        expected_spend=found["expected_spend"].to_numpy(float),
        contact_cost=cost,
        expected_outlay=cost,
    )


def _free_name(settings: Settings, now: datetime, taken: set[str]) -> str:
    """A name by the day that no list has yet."""
    name = f"list-{today_of(settings, now).isoformat()}"
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
