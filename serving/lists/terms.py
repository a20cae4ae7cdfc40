"""From what is asked to the terms of a list: defaults filled in, checked, ready to be frozen."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from configs.settings import Settings
from features.shop_clock import ShopClock
from retention.lists.audience import AudienceRules
from retention.lists.caps import ContactCap
from retention.lists.contact_value import ValueAssumptions
from retention.lists.frozen import MARK, WHOLE_FORMAT
from retention.lists.plan import ListPlan
from retention.lists.save_rate import SaveRate
from serving.lists.default_rate import DefaultRate
from serving.lists.errors import ListRefused
from serving.lists.request import AudienceIn, ListIn
from serving.store.batch import Batch

MARGIN = "margin"
FURTHEST_DAYS = 3660


@dataclass(frozen=True)
class Declared:
    """What is declared of a list.

    Attributes
    ----------
    plan : money, hold-out, outcome, day of the readout
    rules : the audience
    cap : of contacts, or None
    begins_on : day of the contacts
    terms : all of it as JSON values, frozen with the list
    """

    plan: ListPlan
    rules: AudienceRules
    cap: ContactCap | None
    begins_on: date
    terms: dict[str, Any]

    @property
    def readout_on(self) -> date:
        """Day of the readout."""
        return self.plan.readout_on


def today_of(settings: Settings, now: datetime) -> date:
    """Shop day of a moment."""
    purchases = settings.purchases
    return ShopClock(purchases.timezone, purchases.day_starts_at).today(now)


def declared(
    asked: ListIn,
    *,
    list_id: str,
    settings: Settings,
    batch: Batch,
    horizon_days: int,
    usual: DefaultRate,
    now: datetime,
    ranking: dict[str, Any] | None = None,
) -> Declared:
    """Fill in what was left out.

    Parameters
    ----------
    list_id : name of the list
    batch : whose scores the list is made from
    horizon_days : days after which these scores' outcome is known
    usual : save rate where none is asked for
    ranking : what is told of the effects that customers are ranked by, where uplift is in use

    Raises
    ------
    ListRefused
        If no margin is known, the save rate cannot be, or the days are in the wrong order.
    """
    begins_on = asked.begins_on or today_of(settings, now)
    _check_near("begins_on", begins_on, batch)
    readout_on = asked.readout_on or begins_on + timedelta(days=horizon_days)
    _check_days(begins_on, readout_on, batch)
    plan = ListPlan(
        list_id=list_id,
        assumed=_assumed(asked, settings, usual.rate),
        readout_on=readout_on,
        budget=asked.budget,
        max_contacts=asked.max_contacts,
        holdout=asked.holdout,
        detect=asked.detect,
        primary_outcome=asked.primary_outcome,
        seed=asked.seed,
    )
    cap = asked.contact_cap
    terms = {
        **plan.terms(),
        "save_rate_from": usual.lists if asked.save_rate is None else [],
        "begins_on": begins_on.isoformat(),
        "audience": asked.audience.model_dump(mode="json"),
        "contact_cap": None if cap is None else cap.model_dump(),
        "global_control": asked.global_control or settings.lists.global_control is not None,
        "outside_sample": asked.outside_sample,
        "batch_id": batch.batch_id,
        "model_version": batch.model_version,
        "churn_horizon_days": horizon_days,
        "ranking": ranking,
        MARK: WHOLE_FORMAT,
    }
    return Declared(
        plan,
        rules_of(asked.audience),
        None if cap is None else ContactCap(cap.contacts, cap.days),
        begins_on,
        terms,
    )


def rules_of(audience: AudienceIn) -> AudienceRules:
    """The audience as `retention.lists.audience` takes it."""
    allowed = {
        name: tuple(values)
        for name in ("risk_tier", "value_tier", "lifecycle_status", "rfm_group")
        if (values := getattr(audience, name))
    }
    at_least = {
        name: float(least)
        for name in ("value_at_risk", "churn_probability")
        if (least := getattr(audience, f"min_{name}")) is not None
    }
    # Who asks for the lapsed by name wants them.
    lapsed = audience.include_lapsed or "lapsed" in audience.lifecycle_status
    return AudienceRules(lapsed, audience.channel, allowed, at_least)


def _assumed(asked: ListIn, settings: Settings, usual: SaveRate) -> ValueAssumptions:
    margin = settings.money.margin if asked.margin is None else asked.margin
    if margin is None:
        raise ListRefused(
            "no margin is known: give `margin` (`--margin` at the command line), the share of net "
            "spend that is left after the cost of goods (40 % is 0.4), or set `money.margin` in "
            "the settings",
            MARGIN,
        )
    told = asked.save_rate
    try:
        rate = usual if told is None else SaveRate(told.mean, told.sd)
    except ValueError as error:
        raise ListRefused(str(error), "save_rate") from None
    return ValueAssumptions(
        save_rate=rate,
        margin=margin,
        contact_cost=asked.contact_cost,
        incentive=asked.incentive,
        redemption_saved=asked.redemption_saved,
        redemption_anyway=asked.redemption_anyway,
        kappa=asked.kappa,
    )


def _check_near(name: str, day: date, batch: Batch) -> None:
    if day.toordinal() - date.fromisoformat(batch.as_of).toordinal() > FURTHEST_DAYS:
        raise ListRefused(
            f"{name} {day} lies more than ten years after {batch.as_of}, the day of the scores; "
            "choose a nearer day",
            name,
        )


def _check_days(begins_on: date, readout_on: date, batch: Batch) -> None:
    _check_near("readout_on", readout_on, batch)
    if begins_on.isoformat() < batch.as_of:
        raise ListRefused(
            f"begins_on {begins_on} lies before {batch.as_of}, the day of the scores, which know "
            f"what came until then; give {batch.as_of} or a later day",
            "begins_on",
        )
    if readout_on <= begins_on:
        raise ListRefused(
            f"readout_on {readout_on} must come after begins_on {begins_on}; leave it out for the "
            "churn horizon",
            "readout_on",
        )
