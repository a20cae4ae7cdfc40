"""A shop's days: time zone, hour at which a day starts, and days as whole numbers."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EPOCH = dt.date(1970, 1, 1)
DAY = 86_400_000_000  # microseconds


def day_number(day: dt.date) -> int:
    """Days from 1970-01-01 to `day`."""
    return (day - EPOCH).days


def date_of(number: int) -> dt.date:
    """Calendar day of a day number."""
    return EPOCH + dt.timedelta(days=int(number))


@dataclass(frozen=True)
class ShopClock:
    """Which calendar day of the shop a moment belongs to.

    A stamp without an offset is the shop's local time. A day runs from `day_starts_at` to the next
    `day_starts_at`, so with "04:00" an order at 01:30 belongs to the day before.
    """

    timezone: str = "UTC"
    day_starts_at: str = "00:00"

    @property
    def offset_minutes(self) -> int:
        """Minutes from midnight to the start of the shop's day."""
        hours, minutes = self.day_starts_at.split(":")
        return int(hours) * 60 + int(minutes)

    def local(self, stamps: pd.Series) -> pd.Series:
        """Stamps as naive local time of the shop; aware stamps are converted."""
        if stamps.dt.tz is None:
            return stamps
        local: pd.Series = stamps.dt.tz_convert(ZoneInfo(self.timezone)).dt.tz_localize(None)
        return local

    def days_of(self, microseconds: NDArray[np.int64]) -> NDArray[np.int32]:
        """Shop days of naive local moments, given as microseconds since 1970-01-01."""
        shifted = microseconds - self.offset_minutes * 60_000_000
        days: NDArray[np.int32] = (shifted // DAY).astype(np.int32)
        return days

    def latest(self, now: dt.datetime) -> dt.datetime:
        """Naive local moment a day after `now`; a line with a later stamp is a mistake."""
        return now.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None) + dt.timedelta(days=1)

    def today(self, now: dt.datetime) -> dt.date:
        """Shop day of an aware moment `now`."""
        local = now.astimezone(ZoneInfo(self.timezone))
        return (local - dt.timedelta(minutes=self.offset_minutes)).date()
