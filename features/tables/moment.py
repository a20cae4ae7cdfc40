"""The moment at which a shop's day begins, by which tables are cut off."""

import pandas as pd

from features.shop_clock import ShopClock, date_of


def moment_of(day: int, clock: ShopClock) -> pd.Timestamp:
    """First moment of shop day `day` (days since 1970-01-01), naive local time of the shop."""
    return pd.Timestamp(date_of(day)) + pd.Timedelta(minutes=clock.offset_minutes)
