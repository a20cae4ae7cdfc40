"""What the facts of a batch are counted from."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from configs.settings import Settings
from features.log.shop_log import ShopLog
from features.log.store import LoadedLog
from features.shop_clock import day_number
from models.bundle import Bundle
from serving.details.past import Past, past_of
from serving.economics import economics_of
from serving.shop_tables import NOTHING_TOLD, Told
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
    told : what the optional tables knew by then
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
    told: Told = NOTHING_TOLD
    earlier: Mapping[str, Any] = field(default_factory=dict)
    closed: Sequence[tuple[ClosedHead, pd.DataFrame]] = ()

    @cached_property
    def past(self) -> Past:
        """What all customers did until `as_of`; the log is gone through once for it."""
        lag = self.settings.purchases.refund_lag_days
        return past_of(
            self.log,
            day_number(self.as_of),
            economics_of(self.settings),
            refund_lag_days=self.loaded.log.facts.refund_lag_days if lag == "auto" else int(lag),
        )
