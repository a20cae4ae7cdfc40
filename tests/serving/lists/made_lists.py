"""Lists on made batches, for the tests of lists."""

import numpy as np
import pandas as pd

from serving.lists import service
from serving.lists.request import ListIn, OutcomeIn
from serving.scores import ScoreStore
from serving.store.list_rows import read_members
from tests.serving.made import NOW, made_batch, made_orders, made_rows, made_settings

ASKED = {
    "contact_cost": 0.5,
    "margin": 0.4,
    "incentive": 1.0,
    "redemption_anyway": 0.1,
    "save_rate": {"mean": 0.2, "sd": 0.05},
    "holdout": 0.3,
}
WHO = "abc"


def asked(**changes):
    return ListIn.model_validate({**ASKED, **changes})


def make(store, settings, now=NOW, **changes):
    return service.create(store, settings, now, asked(**changes), WHO)


def members_of(store, list_id):
    with store.database.read() as connection:
        return read_members(connection, list_id)


def publish_with_orders(store, orders, *, data_until, batch_id="b2", customers=1500, now=NOW):
    """Publish a later batch whose orders are those of every customer and some more."""
    batch = made_batch(batch_id, customers, now, as_of=data_until, data_until=data_until)
    rows = pd.concat([made_orders(customers), orders], ignore_index=True)
    store.publish(batch, made_rows(batch), rows)
    return batch


def orders_of(members, on, *, contacted, held_out, seed=0):
    """One order on a day of so many of each arm, of 50.0 on the average."""
    draw = np.random.default_rng(seed)
    share = np.where(members["arm"] == "contacted", contacted, held_out)
    back = members[draw.uniform(size=len(members)) < share]
    return pd.DataFrame(
        {
            "customer_id": back["customer_id"],
            "order_number": 3,
            "ordered_on": on,
            "amount": draw.gamma(2, 25, len(back)).round(2),
            "items": np.nan,
            "lines": 1,
        }
    )


def outcomes_of(orders):
    pairs = zip(orders["customer_id"], orders["amount"], strict=True)
    return [OutcomeIn(customer_id=c, revenue=float(a), orders=1) for c, a in pairs]


def make_after(folder, list_id, begun):
    """Make a list of a shop in a folder, in a process of its own; a file says when it begins."""
    settings = made_settings(folder)
    store = ScoreStore(settings.store_url)
    begun.touch()
    make(store, settings, list_id=list_id, holdout=0.0)
    store.close()
