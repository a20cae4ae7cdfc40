"""Who is on a list by age, sex, area and number of orders: the card that is kept beside it."""

import logging
import threading
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import Connection, insert, select

from configs.settings import Settings
from features.errors import DataError
from features.shop_clock import ShopClock, day_number
from retention.fairness import bands_of, selection_rates
from serving.errors import ServeError
from serving.lists.plain import plain
from serving.scores import ScoreStore
from serving.store.list_tables import list_cards
from serving.store.postgres import patient

ORDERS = "historic_number_of_orders"

log = logging.getLogger(__name__)


def card_of(connection: Connection, list_id: str) -> list[dict[str, Any]] | None:
    """Selection rates of a list; None until they are counted."""
    query = select(list_cards.c.fairness).where(list_cards.c.list_id == list_id)
    found = connection.scalar(query)
    return None if found is None else orjson.loads(found)


@patient()
def write_card(
    store: ScoreStore,
    settings: Settings,
    now: datetime,
    *,
    list_id: str,
    batch_id: str,
    pool: pd.Series,
    selected: pd.Series,
) -> None:
    """Count and keep the selection rates of a list.

    Parameters
    ----------
    pool : ids of all who could have been contacted, whatever the filters
    selected : ids of those on the list, in either arm
    """
    bands = _bands(store, settings, now, batch_id, pool)
    chosen = bands.index.isin(set(selected))
    rates = [plain(asdict(rate)) for rate in selection_rates(chosen, bands)]
    with store.database.write() as connection:
        connection.execute(list_cards.delete().where(list_cards.c.list_id == list_id))
        text = orjson.dumps(rates).decode()
        connection.execute(insert(list_cards).values(list_id=list_id, fairness=text))


def write_card_aside(store: ScoreStore, settings: Settings, now: datetime, **told: Any) -> None:
    """The same in a thread of its own: reading a table of customers takes its time."""

    def run() -> None:
        try:
            write_card(store, settings, now, **told)
        except (ServeError, DataError, OSError) as error:
            log.warning("the selection rates of a list are not counted: %s", error)

    threading.Thread(target=run, name="list card", daemon=True).start()


def _bands(
    store: ScoreStore, settings: Settings, now: datetime, batch_id: str, pool: pd.Series
) -> pd.DataFrame:
    """Bands of everybody in the pool, by id."""
    orders = store.rows_frame(batch_id, ("customer_id", ORDERS)).set_index("customer_id")[ORDERS]
    ids = pd.Index(pool, name="customer_id")
    ids = ids[ids.isin(orders.index)]
    attributes = _attributes(settings, now).reindex(ids)
    counts = orders.reindex(ids).fillna(0).to_numpy(float)
    return bands_of(attributes, counts, year=now.year)


def _attributes(settings: Settings, now: datetime) -> pd.DataFrame:
    """Attributes of the table of customers, as known today; no column where there is no table."""
    if settings.customers is None:
        return pd.DataFrame(index=pd.Index([], name="customer_id"))
    from features.tables.of_shop import read_tables  # brings DuckDB, which most calls do without

    purchases = settings.purchases
    clock = ShopClock(purchases.timezone, purchases.day_starts_at)
    told = settings.customers.model_dump()
    tables = read_tables(clock, customers=told, latest=clock.latest(now))
    today: date = clock.today(now)
    found = tables.customers_at(day_number(today) + 1)
    if found is None or tables.customers is None:
        return pd.DataFrame(index=pd.Index([], name="customer_id"))
    return found[list(tables.customers.attributes)]
