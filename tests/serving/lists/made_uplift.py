"""Finished lists on a made shop, where contact works on those who ordered lately."""

from datetime import timedelta

import numpy as np

from serving.lists import service
from serving.lists.request import OutcomeIn
from tests.serving.lists.made_lists import WHO, make, members_of
from tests.serving.made import NOW, made_batch, made_rows, publish

LATER = NOW + timedelta(days=600)
DAYS = ("2024-07-01", "2024-11-01", "2025-03-01", "2025-07-01")
CUSTOMERS = 4000


def silence():
    """Days since the last order, by customer; contact works on those who were there lately."""
    rows = made_rows(made_batch(customers=CUSTOMERS))
    return rows.set_index("customer_id")["days_since_last"]


def finish(store, settings, list_id, day, *, works, seed):
    """Make a list that holds out half and import what its members bought."""
    make(store, settings, LATER, list_id=list_id, begins_on=day, holdout=0.5)
    come_in(store, list_id, works=works, seed=seed)


def come_in(store, list_id, *, works, seed):
    """Import what the members of a list bought."""
    members = members_of(store, list_id)
    draw = np.random.default_rng(seed)
    lately = members["customer_id"].map(silence()).to_numpy() < 150
    contacted = (members["arm"] == "contacted").to_numpy()
    usual = 0.25
    chance = np.where(contacted & lately, usual + works, np.where(contacted, 0.02, usual))
    if not works:
        chance = np.full(len(members), usual)
    back = draw.random(len(members)) < chance
    rows = [OutcomeIn(customer_id=c, revenue=60.0, orders=1) for c in members["customer_id"][back]]
    service.record_outcomes(store, LATER, list_id, rows, WHO, replace=False)


def two_finished_one_running(store, settings, names):
    """Lists by these names; contact does nothing on them."""
    publish(store, made_batch(customers=CUSTOMERS))
    for k, name in enumerate(names[:2]):
        finish(store, settings, name, DAYS[k], works=0.0, seed=k)
    make(store, settings, LATER, list_id=names[2], begins_on=DAYS[2], holdout=0.5)
