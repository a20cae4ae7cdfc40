"""`perennial value`: what one customer is worth, as the service tells of `/value`."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from configs.settings import Settings
from serving.answers import Answers
from serving.customer_value import card_of, customer_value
from serving.errors import UnknownCustomer
from serving.holder import ChampionHolder
from serving.lists.errors import NothingPublished
from serving.printed import print_parts, table_of
from serving.scores import ScoreStore

NOTHING = "-"
AMOUNTS = ("historic", "predicted", "total")
RATIOS = {
    "clv_to_acquisition_cost": "CLV : acquisition cost",
    "payback_months": "payback, months from the first order",
    "first_order_share": "share of the first order",
    "simple_clv": "by the formula, of the first years",
}


def value(settings: Settings, *, customer_id: str, as_json: bool) -> None:
    """Print what a customer of the current batch is worth.

    Raises
    ------
    NothingPublished
        If there is no batch.
    UnknownCustomer
        If the batch does not hold the customer.
    """
    store = ScoreStore(settings.store_url)
    holder = ChampionHolder(settings.models_dir)
    try:
        batch = store.current()
        if batch is None:
            raise NothingPublished
        holder.look()
        answers = Answers(store, stale_after_hours=settings.serve.stale_after_hours)
        card, now = card_of(holder.champion, batch), dt.datetime.now(dt.UTC)
        told = customer_value(answers, settings, card, batch, customer_id, now)
    finally:
        store.close()
    if told is None:
        raise UnknownCustomer(customer_id, batch.batch_id)
    if as_json:
        print(json.dumps(told, allow_nan=False))
        return
    print_parts(value_parts(told))


def value_parts(told: Mapping[str, Any]) -> list[Table | str]:
    """Table and sentences of an answer."""
    days = told["value_horizon_days"]
    ahead = "expected" if days is None else f"next {days} days"
    title = f"{told['customer_id']} as of {told['as_of']}, {told['score_status']}"
    columns = [("", True), ("to date", False), (ahead, False), ("together", False)]
    rows = [
        [step["step"].replace("_", " "), *(_money(step[name]) for name in AMOUNTS)]
        for step in told["steps"]
    ]
    found: list[Table | str] = [table_of(escape(title), columns, rows)]
    found += [
        f"{words}: {told[name]:,.2f}" for name, words in RATIOS.items() if told[name] is not None
    ]
    if told["formula_bias"] is not None:
        found.append(escape(told["formula_bias"]["sentence"]))
    return [*found, *(f"not given: {escape(each['sentence'])}" for each in told["because"])]


def _money(amount: float | None) -> str:
    return NOTHING if amount is None else f"{amount:,.2f}"
