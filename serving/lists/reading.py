"""What a list earned: members and their outcomes, compared by assignment."""

import logging
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from configs.settings import Settings
from retention.lists.adjusted_effect import Effect
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.readout import FINAL, MEMBERS, Readout, profit_of, read_out
from serving.errors import StoreDown
from serving.lists.plain import plain
from serving.lists.progress import known_until
from serving.lists.terms import today_of
from serving.scores import ScoreStore
from serving.store.list_events import contacts_of, orders_between, outcomes_of
from serving.store.list_rows import OUTSIDE, Head, keep_readout, kept_readouts

ORDERS, IMPORTED, ASSUMED, RECORDED = "orders", "imported", "assumed", "recorded"

log = logging.getLogger(__name__)


def readout_of(
    connection: Connection,
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    head: Head,
    members: pd.DataFrame,
) -> dict[str, Any]:
    """Compare the arms of a list as far as its outcome is known.

    Parameters
    ----------
    members : all of them, see `serving.store.list_rows.read_members`
    """
    list_id = str(head["list_id"])
    begins, ends = str(head["begins_on"]), str(head["readout_on"])
    mine = members[members["stratum"] != OUTSIDE]
    there = mine[mine["customer_id"].notna()].reset_index(drop=True)
    imported = outcomes_of(connection, list_id)
    given = imported if len(imported) else orders_between(connection, list_id, begins, ends)
    made = contacts_of(connection, list_id)
    table = _outcomes(there, given, made, head["terms"]["assumed"])
    last = date.fromisoformat(ends)
    today = today_of(settings, now)
    known = known_until(store.current(), today, bool(len(imported)))
    found = read_out(
        there[list(MEMBERS)],
        table,
        primary_outcome=head["terms"]["primary_outcome"],
        readout_on=last,
        today=known,
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
        "as_of": known.isoformat() if known > date.min else None,
        "contacted": found.contacted,
        "held_out": found.held_out,
        "means": {k: dict(zip((CONTACTED, HELD_OUT), v, strict=True)) for k, v in _means(found)},
        "effects": {name: effect_dict(effect) for name, effect in found.effects.items()},
        "net_gain": _net_gain(found),
        "save_rate": None if found.save_rate is None else asdict(found.save_rate),
        "outcomes_from": IMPORTED if len(imported) else ORDERS,
        "costs_from": RECORDED if len(made) else ASSUMED,
        "contacts": {
            "recorded": len(made),
            "contacted_reached": sum(arms.get(each) == CONTACTED for each in reached),
            "held_out_reached": sum(arms.get(each) == HELD_OUT for each in reached),
        },
        "erased": _erased(mine),
    }
    if found.status != FINAL and today >= last:
        answer["verdict"] = _waits_for_orders(known, last)
    told: dict[str, Any] = plain(answer)
    return told


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
    """Keep a final readout, if it is another than the one kept; its save rate is the next one's."""
    if answer["status"] != FINAL:
        return
    list_id = answer["list_id"]
    kept = {name: value for name, value in answer.items() if name != "as_of"}
    with store.database.read() as connection:
        if kept_readouts(connection).get(list_id) == kept:
            return
    try:
        with store.database.write() as connection:
            keep_readout(connection, list_id, kept, now)
    except StoreDown as error:
        log.warning("the readout of a list is kept later: %s", error)


def _outcomes(
    members: pd.DataFrame, given: pd.DataFrame, made: pd.DataFrame, assumed: dict[str, Any]
) -> pd.DataFrame:
    """One row a member: returned, revenue, profit."""
    table = members[["customer_id", "arm"]].merge(given, on="customer_id", how="left")
    revenue = table["revenue"].fillna(0.0).to_numpy(float)
    orders = table["orders"].to_numpy(float)
    returned = np.where(np.isnan(orders), revenue > 0, orders > 0)
    contacted = (table["arm"] == CONTACTED).to_numpy(bool)
    cost = np.where(contacted, members["contact_cost"].to_numpy(float), 0.0)
    if len(made):
        filled = made.assign(cost=made["cost"].fillna(float(assumed["contact_cost"])))
        sums = filled.groupby("customer_id")["cost"].sum()
        cost = table["customer_id"].map(sums).fillna(0.0).to_numpy(float)
    profit = profit_of(
        revenue,
        margin=float(assumed["margin"]),
        contact_cost=cost,
        incentive_paid=_incentives(table, returned & contacted, assumed),
    )
    return pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "returned": returned.astype(float),
            "revenue": revenue,
            "profit": profit,
        }
    )


def _incentives(table: pd.DataFrame, back: Any, assumed: dict[str, Any]) -> Any:
    """Incentives paid; where that is not told, every contacted buyer redeems as was assumed."""
    share = max(float(assumed["redemption_saved"]), float(assumed["redemption_anyway"]))
    expected = np.where(back, float(assumed["incentive"]) * share, 0.0)
    if "incentive_paid" not in table or table["incentive_paid"].isna().all():
        return expected
    return table["incentive_paid"].fillna(0.0).to_numpy(float)


def _means(found: Readout) -> Any:
    return found.means.items()


def _net_gain(found: Readout) -> dict[str, float] | None:
    if found.net_gain is None:
        return None
    return dict(zip(("estimate", "low", "high"), found.net_gain, strict=True))


def _erased(members: pd.DataFrame) -> dict[str, int]:
    gone = members.loc[members["customer_id"].isna(), "arm"]
    return {arm: int((gone == arm).sum()) for arm in (CONTACTED, HELD_OUT)}


def _waits_for_orders(known: date, last: date) -> str:
    until = "no orders are known" if known == date.min else f"orders are known before {known}"
    return (
        f"preliminary: {until}, and the list runs until {last - timedelta(days=1)}; "
        "score with newer purchases, or import outcomes"
    )
