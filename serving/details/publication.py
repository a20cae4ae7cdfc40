"""What the facts of a batch are counted from."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from configs.settings import Settings
from features.log.shop_log import ShopLog
from features.log.store import LoadedLog
from models.bundle import Bundle
from serving.store.batch import Batch
from serving.store.closed import ClosedHead
from serving.store.past import Earlier


@dataclass(frozen=True)
class Publication:
    """A batch about to be published, with what it was made of.

    Attributes
    ----------
    settings : of the shop
    as_of : day of the snapshot
    rows : DataFrame of score rows, `risk_change` and `tier_since` filled in
    orders : DataFrame of all orders known before `as_of`: `customer_id`, `order_number`,
        `ordered_on` (YYYY-MM-DD), `amount` (currency), `items`, `lines`; oldest first a customer
    log : purchase log as known before `as_of`
    loaded : the whole log with the account of its rows, notes and figures
    bundle : the model that scored
    before : head of the previous batch; None without one
    old : DataFrame of that batch with `customer_id`, `risk_tier`, `tier_since`,
        `lifecycle_status`; None without one
    earlier : facts of that batch by subject; empty without one
    closed : earlier batches whose horizon has passed and which are not counted yet, with the
        columns of their scored customers that `serving.details.realised` needs
    week_before, week_old : the same of the newest batch at least a week older, else of the oldest
    """

    settings: Settings
    as_of: dt.date
    rows: pd.DataFrame
    orders: pd.DataFrame
    log: ShopLog
    loaded: LoadedLog
    bundle: Bundle
    before: Batch | None = None
    old: pd.DataFrame | None = None
    week_before: Earlier | None = None
    week_old: pd.DataFrame | None = None
    earlier: Mapping[str, Any] = field(default_factory=dict)
    closed: Sequence[tuple[ClosedHead, pd.DataFrame]] = ()
