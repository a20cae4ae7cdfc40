"""What a list earned: members and their outcomes, compared by assignment."""

import logging
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection

from configs.settings import Settings
from retention.lists.adjusted_effect import Effect
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.readout import FINAL, MEMBERS, Readout, read_out
from retention.lists.verdict import preliminary_verdict
from serving.errors import StoreDown
from serving.lists.counted import counted
from serving.lists.outcomes import member_outcomes
from serving.lists.plain import plain
from serving.lists.progress import Known, known_of
from serving.lists.terms import today_of
from serving.scores import ScoreStore
from serving.store.list_events import contacts_of, orders_between, outcomes_of
from serving.store.list_rows import OUTSIDE, Head, keep_readout, standing_readouts

ORDERS, IMPORTED, ASSUMED, RECORDED = "orders", "imported", "assumed", "recorded"

Float = NDArray[np.float64]

log = logging.getLogger(__name__)


def readout_of(
    connection: Connection,
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    head: Head,
    members: pd.DataFrame,
) -> dict[str, Any]:
    """Compare the arms of a list as far as its outcome is known; the first final one stands.

    Only contacts or outcomes that were imported after it was kept make it anew: whoever looks
    again every night would find another verdict some night.

    Parameters
    ----------
    members : all of them, see `serving.store.list_rows.read_members`
    """
    kept = kept_readout(connection, head)
    if kept is not None:
        return kept
    list_id = str(head["list_id"])
    begins, ends = str(head["begins_on"]), str(head["readout_on"])
    mine = members[members["stratum"] != OUTSIDE]
    there = mine[mine["customer_id"].notna()].reset_index(drop=True)
    known = known_of(connection, [head], settings, store.current(), now)[list_id]
    given = (
        outcomes_of(connection, list_id)
        if known.imported
        else orders_between(connection, list_id, begins, ends)
    )
    made = contacts_of(connection, list_id)
    assumed = head["terms"]["assumed"]
    table = member_outcomes(there, given, _costs(there, made, assumed), assumed)
    last = date.fromisoformat(ends)
    today = today_of(settings, now)
    found = read_out(
        there[list(MEMBERS)],
        table,
        primary_outcome=head["terms"]["primary_outcome"],
        readout_on=last,
        # Until refunds have come no day after the last is known.
        today=last if known.is_final else min(known.until, last - timedelta(days=1)),
    )
    arms = dict(zip(there["customer_id"], there["arm"], strict=True))
    reached = made["customer_id"].unique()
    answer = {
        "list_id": list_id,
        "status": found.status,
        "verdict": found.verdict,
        "primary_outcome": found.primary_outcome,
        "begins_on": begins,
        "readout_on": ends,
        "as_of": known.until.isoformat() if known.until > date.min else None,
        "contacted": found.contacted,
        "held_out": found.held_out,
        "means": {k: dict(zip((CONTACTED, HELD_OUT), v, strict=True)) for k, v in _means(found)},
        "effects": {name: effect_dict(effect) for name, effect in found.effects.items()},
        "net_gain": _net_gain(found),
        "save_rate": None if found.save_rate is None else asdict(found.save_rate),
        "outcomes_from": IMPORTED if known.imported else ORDERS,
        "costs_from": RECORDED if len(made) else ASSUMED,
        "contacts": {
            "recorded": len(made),
            "contacted_reached": sum(arms.get(each) == CONTACTED for each in reached),
            "held_out_reached": sum(arms.get(each) == HELD_OUT for each in reached),
        },
        "erased": _erased(mine),
    }
    if found.status != FINAL:
        # Days are counted from today, whatever the day of the scores.
        left = (last - today).days
        answer["verdict"] = preliminary_verdict(last, left) if left > 0 else _waits(known, last)
    told: dict[str, Any] = plain(answer)
    return told


def kept_readout(connection: Connection, head: Head) -> dict[str, Any] | None:
    """The final readout that was kept of a list and stands; None where there is none."""
    list_id = str(head["list_id"])
    kept = standing_readouts(connection, [list_id]).get(list_id)
    return None if kept is None else {"as_of": None, **kept}


def effect_dict(effect: Effect) -> dict[str, Any]:
    """An effect a customer: `estimate`, `low`, `high` (95 %), `error`, `detectable`, `shown`."""
    return {
        "estimate": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "error": effect.error,
        "detectable": effect.detectable,
        "shown": effect.shown,
    }


def keep(store: ScoreStore, answer: dict[str, Any], now: datetime) -> None:
    """Keep a final readout unless one stands; its save rate is weighed into the next one's."""
    if answer["status"] != FINAL:
        return
    list_id = answer["list_id"]
    with store.database.read() as connection:
        if list_id in standing_readouts(connection, [list_id]):
            return
    try:
        with store.database.write() as connection:
            keep_readout(connection, list_id, answer, now)
    except StoreDown as error:
        log.warning("the readout of a list is kept later: %s", error)


def _costs(members: pd.DataFrame, made: pd.DataFrame, assumed: dict[str, Any]) -> Float:
    """What contacting each member cost: as recorded, else as declared for who was to be contacted.

    Who has no row may have been contacted all the same: an import is seldom whole.
    """
    contacted = (members["arm"] == CONTACTED).to_numpy(bool)
    cost = np.where(contacted, members["contact_cost"].to_numpy(float), 0.0)
    if not len(made):
        return cost
    filled = made.assign(cost=made["cost"].fillna(float(assumed["contact_cost"])))
    told = members["customer_id"].map(filled.groupby("customer_id")["cost"].sum()).to_numpy(float)
    return np.where(np.isnan(told), cost, told)


def _means(found: Readout) -> Any:
    return found.means.items()


def _net_gain(found: Readout) -> dict[str, float] | None:
    if found.net_gain is None:
        return None
    return dict(zip(("estimate", "low", "high"), found.net_gain, strict=True))


def _erased(members: pd.DataFrame) -> dict[str, int]:
    gone = members.loc[members["customer_id"].isna(), "arm"]
    return {arm: int((gone == arm).sum()) for arm in (CONTACTED, HELD_OUT)}


def _waits(known: Known, last: date) -> str:
    """Why a list whose day has come has no verdict yet."""
    runs = f"the list runs until {last - timedelta(days=1)}"
    again = "import them again when they are, with `replace`"
    if known.imported:
        told = f"imported outcomes are complete before {known.until} only, and {runs}; {again}"
        return f"preliminary: {told}"
    if known.until >= last:
        ready = last + timedelta(days=known.refund_days)
        return (
            f"preliminary: refunds come for {counted(known.refund_days, 'day')} after an order; "
            f"final when orders are known before {ready}, they are before {known.until}"
        )
    nothing = known.until == date.min
    until = "no orders are known" if nothing else f"orders are known before {known.until}"
    told = f"preliminary: {until}, and {runs}; score with newer purchases, or import outcomes"
    if known.import_until is None:
        return told
    return f"{told} (those imported are complete before {known.import_until} only)"
