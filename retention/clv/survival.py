"""Years of custom: how long customers stay, from those who left and those who have not yet.

Kaplan & Meier (1958), JASA 53(282), 457-481. Nobody tells a shop that a customer left, so a
customer counts as gone on the day on which the silence passed the limit of `lapsed` (see
`retention.lifecycle`). That day was known when it came, and whoever is not lapsed is still being
watched: so the time until then is right-censored in the ordinary way.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
DAYS_A_YEAR = 365.0
MOST_YEARS = 5.0
# A curve of fewer customers says little; theirs is then the whole shop's.
LEAST_CUSTOMERS = 30


@dataclass(frozen=True)
class Curve:
    """Share of customers still there, a step function of time that begins at 1.

    Attributes
    ----------
    days : float, shape (k,), ascending, days on which someone was lost
    share : float, shape (k,), share that stays beyond each
    watched : days for which the longest known customer was watched
    customers, lost : numbers
    """

    days: Float
    share: Float
    watched: float
    customers: int
    lost: int

    def at(self, day: ArrayLike) -> Float:
        """Share still there after `day` days."""
        steps = np.concatenate([[1.0], self.share])
        return np.asarray(steps[np.searchsorted(self.days, np.asarray(day, float), side="right")])

    def mean_until(self, day: float) -> float:
        """Restricted mean: days stayed on average of the first `day`, the area under the curve."""
        inner = self.days < day
        edges = np.concatenate([[0.0], self.days[inner], [day]])
        return float(np.diff(edges) @ np.concatenate([[1.0], self.share[inner]]))


def kaplan_meier(days: ArrayLike, lost: ArrayLike) -> Curve:
    """Estimate the curve from days watched and whether the customer was lost at their end.

    Parameters
    ----------
    days : array of shape (n,), days watched, not below zero
    lost : bool, shape (n,)
    """
    t, gone = np.asarray(days, float), np.asarray(lost, bool)
    if t.shape != gone.shape or not (t >= 0).all():
        raise ValueError(
            f"days must be numbers from 0, as many as `lost` has, got {t.shape} and {gone.shape}; "
            "leave out customers without a purchase"
        )
    if not len(t):
        return Curve(np.empty(0), np.empty(0), 0.0, 0, 0)
    when, deaths = np.unique(t[gone], return_counts=True)
    at_risk = len(t) - np.searchsorted(np.sort(t), when, side="left")
    share = np.asarray(np.cumprod(1 - deaths / at_risk), np.float64)
    return Curve(when, share, float(t.max()), len(t), int(gone.sum()))


def days_watched(
    tenure: ArrayLike, silence: ArrayLike, limit: ArrayLike
) -> tuple[Float, NDArray[np.bool_]]:
    """Days from the first purchase to being lost, or to the cutoff, and whether lost.

    Parameters
    ----------
    tenure, silence : arrays of shape (n,), days from the first and the last purchase to the cutoff
    limit : days of silence beyond which a customer has lapsed, see `lifecycle.silence_limits`
    """
    t, s, m = (np.asarray(v, float) for v in (tenure, silence, limit))
    lost = s > m
    watched: Float = np.asarray(np.where(lost, t - s + m, t), np.float64)
    return watched, np.asarray(lost)


@dataclass(frozen=True)
class CustomYears:
    """Years of custom of each segment, with what limits them.

    Attributes
    ----------
    years : segment -> restricted mean of its curve, years
    cap : years to which the mean is restricted: `MOST_YEARS`, or as long as anyone was watched
    still_there : segment -> share still there at the cap; above 0 the true mean is longer
    customers : segment -> number of customers
    of_shop : segments of fewer than `LEAST_CUSTOMERS`, which have the whole shop's years
    """

    years: dict[str, float]
    cap: float
    still_there: dict[str, float]
    customers: dict[str, int]
    of_shop: tuple[str, ...]

    def of(self, segment: ArrayLike) -> Float:
        """Years of each customer's segment; NaN for a segment that was not there."""
        told = pd.Series(np.asarray(segment, object)).map(self.years)
        return np.asarray(told.to_numpy(float), np.float64)

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values, for a file of JSON."""
        return {**asdict(self), "of_shop": list(self.of_shop)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "CustomYears":
        """Take over what `as_dict` gave."""
        return cls(**{**told, "of_shop": tuple(told["of_shop"])})


def custom_years(
    days: ArrayLike,
    lost: ArrayLike,
    segment: ArrayLike,
    *,
    most_years: float = MOST_YEARS,
    least: int = LEAST_CUSTOMERS,
) -> CustomYears:
    """Years of custom by segment: restricted means of Kaplan-Meier curves.

    Parameters
    ----------
    days, lost : as of `days_watched`
    segment : text, shape (n,); something known at the first order, such as the channel or the first
        basket: grouped by orders so far, those who stayed longest would say how long one stays
    most_years : the cap
    least : customers below which a segment has the whole shop's years
    """
    t, gone, label = np.asarray(days, float), np.asarray(lost, bool), np.asarray(segment, object)
    shop = kaplan_meier(t, gone)
    cap = min(most_years * DAYS_A_YEAR, shop.watched)
    years: dict[str, float] = {}
    left: dict[str, float] = {}
    sizes: dict[str, int] = {}
    few: list[str] = []
    for name in sorted({str(s) for s in label}):
        own = label == name
        sizes[name] = int(own.sum())
        curve = kaplan_meier(t[own], gone[own])
        if curve.customers < least or (curve.watched < cap and curve.lost < curve.customers):
            # Nobody of the segment was watched up to the cap: its own curve ends before it.
            few += [name] if curve.customers < least else []
            curve = shop if curve.customers < least else _continued(curve, shop)
        years[name] = curve.mean_until(cap) / DAYS_A_YEAR
        left[name] = float(curve.at(cap))
    return CustomYears(years, cap / DAYS_A_YEAR, left, sizes, tuple(few))


def _continued(curve: Curve, shop: Curve) -> Curve:
    """A curve that ends early, going on as the shop's does from there."""
    later = shop.days > curve.watched
    start = float(shop.at(curve.watched))
    ratio = float(curve.at(curve.watched)) / start if start > 0 else 0.0
    days = np.concatenate([curve.days, shop.days[later]])
    share = np.concatenate([curve.share, shop.share[later] * ratio])
    return Curve(days, share, shop.watched, curve.customers, curve.lost)
