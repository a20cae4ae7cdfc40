"""What all contact lists together bring: the standing control group against everybody else."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, and_, case, func, select

from configs.settings import Settings
from retention.lists.adjusted_effect import Effect, adjusted_effect
from retention.lists.caps import CONTACTED
from retention.lists.holdout import global_control
from serving.lists.control import share_of
from serving.lists.errors import ListRefused, NothingPublished
from serving.lists.plain import plain
from serving.scores import ScoreStore
from serving.store.list_rows import every_list
from serving.store.list_tables import contacts, list_members, lists
from serving.store.tables import orders

OUTCOMES = {"return_rate": "returned", "revenue": "revenue"}
KNOWN_BEFORE = ("orders_before", "spent_before", "silence")


def programme(store: ScoreStore, settings: Settings) -> dict[str, Any]:
    """Compare the control group with everybody else over the last closed churn horizon.

    Everybody counts who would have been scored when the window began: with an order within
    `eligible.active_within_days`, known for `eligible.min_days`.

    Returns
    -------
    dict
        begins_on, ends_on : first day of the window, and the day after its last
        share : of all customers who are in the control group
        customers : {others, control}
        contacted : {others, control}: how many of them were contacted in the window, by assignment
            or by a recorded contact
        means, effects : of `return_rate` and `revenue` (a customer): {others, control}, and
            others less control: {estimate, low, high (95 %), error, detectable, shown}
        sentence : the same in words

    Raises
    ------
    NothingPublished
        If there is no batch.
    ListRefused
        If there is no control group.
    """
    batch = store.current()
    if batch is None:
        raise NothingPublished
    ends = date.fromisoformat(batch.data_until) + timedelta(days=1)
    begins = ends - timedelta(days=settings.horizons.churn_days)
    with store.database.read() as connection:
        asked = any(head["terms"].get("global_control") for head in every_list(connection))
        share = share_of(settings, asked=asked)
        if share is None:
            raise ListRefused(
                "there is no control group to compare with: set `lists.global_control` in the "
                "settings, e.g. to 0.02, and no list contacts these customers from then on"
            )
        table = _customers(connection, settings, begins, ends)
        reached = _contacted(connection, begins, ends)
    inside = global_control(settings.name, table["customer_id"].tolist(), share)
    was = table["customer_id"].isin(reached).to_numpy(bool)
    stratum, known = np.zeros(len(table), np.int64), table[list(KNOWN_BEFORE)].to_numpy(float)
    effects = {
        name: adjusted_effect(table[column].to_numpy(float), ~inside, stratum, known)
        for name, column in OUTCOMES.items()
    }
    answer = {
        "begins_on": begins.isoformat(),
        "ends_on": ends.isoformat(),
        "share": share,
        "customers": {"others": int((~inside).sum()), "control": int(inside.sum())},
        "contacted": {"others": int(was[~inside].sum()), "control": int(was[inside].sum())},
        "means": {
            name: {"others": effect.contacted_mean, "control": effect.held_out_mean}
            for name, effect in effects.items()
        },
        "effects": {name: _effect(effect) for name, effect in effects.items()},
    }
    told: dict[str, Any] = plain({**answer, "sentence": _sentence(answer, effects)})
    return told


def _customers(
    connection: Connection, settings: Settings, begins: date, ends: date
) -> pd.DataFrame:
    """Who was eligible when the window began: what was known of each then, and what came."""
    before = orders.c.ordered_on < begins.isoformat()
    query = (
        select(
            orders.c.customer_id,
            func.min(orders.c.ordered_on),
            func.max(case((before, orders.c.ordered_on))),
            func.sum(case((before, 1), else_=0)),
            func.sum(case((before, orders.c.amount), else_=0.0)),
            func.sum(case((before, 0), else_=1)),
            func.sum(case((before, 0.0), else_=orders.c.amount)),
        )
        .where(orders.c.ordered_on < ends.isoformat())
        .group_by(orders.c.customer_id)
        .having(func.min(orders.c.ordered_on) < begins.isoformat())
        .order_by(orders.c.customer_id)
    )
    names = ("customer_id", "first", "last", *KNOWN_BEFORE[:2], "orders", "revenue")
    found = pd.DataFrame([tuple(row) for row in connection.execute(query)], columns=list(names))
    start = pd.Timestamp(begins)
    days = {n: (start - pd.to_datetime(found[n])).dt.days for n in ("first", "last")}
    found = found.assign(
        silence=days["last"].astype(float), returned=(found["orders"] > 0).astype(float)
    )
    there = days["last"] <= settings.eligible.active_within_days
    return found[there & (days["first"] >= settings.eligible.min_days)].reset_index(drop=True)


def _contacted(connection: Connection, begins: date, ends: date) -> set[str]:
    """Who was contacted in the window, by assignment or by a recorded contact."""
    first, last = begins.isoformat(), ends.isoformat()
    assigned = (
        select(list_members.c.customer_id)
        .join(lists, lists.c.list_id == list_members.c.list_id)
        .where(
            and_(
                list_members.c.arm == CONTACTED,
                list_members.c.customer_id.is_not(None),
                lists.c.begins_on >= first,
                lists.c.begins_on < last,
            )
        )
    )
    recorded = select(contacts.c.customer_id).where(
        contacts.c.contacted_at >= first, contacts.c.contacted_at < last
    )
    return {str(c) for query in (assigned, recorded) for c in connection.scalars(query)}


def _effect(effect: Effect) -> dict[str, Any]:
    names = ("estimate", "low", "high", "error", "detectable", "shown")
    return {name: getattr(effect, name) for name in names}


def _sentence(told: dict[str, Any], effects: dict[str, Effect]) -> str:
    back, spent = effects["return_rate"], effects["revenue"]
    if not (back.defined and spent.defined):
        return (
            f"Of {told['customers']['control']} customers in the control group and "
            f"{told['customers']['others']} others nothing can be compared yet."
        )
    found = (
        f"From {told['begins_on']} until {told['ends_on']} {back.contacted_mean:.1%} of those who "
        f"may be contacted ordered, and {back.held_out_mean:.1%} of the control group: "
        f"{100 * back.estimate:+.1f} points ({100 * back.low:+.1f} to {100 * back.high:+.1f}), and "
        f"{spent.estimate:+,.2f} a customer in revenue ({spent.low:+,.2f} to {spent.high:+,.2f}). "
    )
    if back.shown or spent.shown:
        found += "That is more than chance. "
    else:
        found += f"Chance alone may do that; {100 * back.detectable:.1f} points would be shown. "
    reached = told["contacted"]
    if reached["control"]:
        found += (
            f"{reached['control']} of the control group were contacted all the same, which makes "
            "the effect look smaller than it is. "
        )
    if not reached["others"]:
        found += "Nobody was contacted in that time, so it tells of chance only. "
    return found.strip()
