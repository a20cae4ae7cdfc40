"""Silence dates: when a customer who buys nothing more becomes medium and high risk.

The bundle that scores tonight is asked of later days, with the features of a customer about whom
nothing more became known. Risk need not grow with silence, so days are gone through in order and
the first one at or above a limit counts: on a grid of days first, then by halving the interval in
which the limit was passed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from features.log.purchase_log import PurchaseLog
from features.silence import SilentCustomers

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Mask = NDArray[np.bool_]
Churn = Callable[[FeatureTable], Float]

ALREADY_ABOVE = "already_above"
NOT_WITHIN = "not_within_365_days"
SEARCHED_DAYS = 365
# Days of silence after the snapshot: risk moves most in the first weeks.
GRID = (
    *(1, 3, 5, 7, 10, 14, 18, 22, 26, 31, 38, 45, 53, 61, 76, 91, 107, 122, 137, 152, 167, 182),
    *(197, 213, 228, 243, 258, 274, 289, 305, 320, 335, 350, SEARCHED_DAYS),
)
# Days of the grid, a month apart, at which the risk foreseen is kept.
MONTHS = (0, 31, 61, 91, 122, 152, 182, 213, 243, 274, 305, 335, SEARCHED_DAYS)
_THOUSANDTHS = pa.array([str(k) for k in range(1001)], pa.large_string())


@dataclass(frozen=True)
class SilenceDates:
    """First day at or above a limit, had the customer bought nothing until then.

    Attributes
    ----------
    customer_ids : array of str, shape (n,), as the rows of a snapshot
    medium, high : shop days, NaN where there is none, shape (n,)
    medium_code, high_code : why there is none, `already_above` or `not_within_365_days`; None
        beside a day and for customers who were not asked of, shape (n,)
    ahead : risk after so many days of silence as `MONTHS` has them, shape (n, 13); NaN from where
        it was above both limits on, and where it was not looked at
    """

    customer_ids: NDArray[np.object_]
    medium: Float
    high: Float
    medium_code: NDArray[np.object_]
    high_code: NDArray[np.object_]
    ahead: Float

    def only(self, mask: Mask) -> "SilenceDates":
        """Those of some of the rows."""
        return SilenceDates(
            self.customer_ids[mask],
            self.medium[mask],
            self.high[mask],
            self.medium_code[mask],
            self.high_code[mask],
            self.ahead[mask],
        )

    @staticmethod
    def together(parts: Sequence["SilenceDates"]) -> "SilenceDates":
        """Those of several ranges of customers, one after the other."""
        return SilenceDates(
            np.concatenate([p.customer_ids for p in parts]),
            np.concatenate([p.medium for p in parts]),
            np.concatenate([p.high for p in parts]),
            np.concatenate([p.medium_code for p in parts]),
            np.concatenate([p.high_code for p in parts]),
            np.concatenate([p.ahead for p in parts]),
        )


def silence_dates(
    log: PurchaseLog,
    as_of: int,
    names: Sequence[str],
    churn_probability: Churn,
    limits: tuple[float, float],
    *,
    asked: Mask | None = None,
    grid: Sequence[int] = GRID,
) -> SilenceDates:
    """Silence dates of the customers of a log with a line known before a day.

    Parameters
    ----------
    log : PurchaseLog, a range of a shop's log or the purchases of a request
    as_of : shop day of the snapshot; lines known on or after it are not seen
    names : features to make, as for the snapshot
    churn_probability : from features to P(no purchase)
    limits : probabilities from which risk is medium, and high
    asked : customers to search for, one of each row of the snapshot; by default all
    grid : days of silence looked at first, ascending, the last one included in the search; what
        rises above a limit and falls below it again between two of them is not found
    """
    silent = SilentCustomers(log, as_of, names)
    curve = _Curve(silent, as_of, churn_probability)
    everyone = np.arange(len(silent))
    some = everyone if asked is None else np.flatnonzero(asked)
    ladder = np.array(limits, float)
    days, above = np.full((2, len(silent)), np.nan), np.zeros((2, len(silent)), bool)
    ahead = np.full((len(silent), len(MONTHS)), np.nan)
    ahead[some, 0] = now = curve.at(some, np.zeros(len(some), np.int64))
    above[:, some] = now >= ladder[:, None]
    brackets = _passed(curve, some, above, ladder, grid, ahead)
    for which, (customers, low, high) in enumerate(brackets):
        days[which, customers] = as_of + _halved(curve, customers, low, high, limits[which])
    codes = np.full((2, len(silent)), None, object)
    codes[:, some] = NOT_WITHIN
    codes[above] = ALREADY_ABOVE
    codes[~np.isnan(days)] = None
    return SilenceDates(silent.customer_ids, days[0], days[1], codes[0], codes[1], ahead)


@dataclass(frozen=True)
class _Curve:
    """P(no purchase) over the days of silence."""

    silent: SilentCustomers
    as_of: int
    churn_probability: Churn

    def at(self, customers: Int, silence: Int) -> Float:
        """Probability of each customer after so many days, shape (n,)."""
        if not len(customers):
            return np.empty(0)
        features = self.silent.features(customers, self.as_of + silence)
        return np.asarray(self.churn_probability(features), float)


def _passed(
    curve: _Curve,
    customers: Int,
    above: Mask,
    limits: Float,
    grid: Sequence[int],
    ahead: Float,
) -> list[tuple[Int, Int, Int]]:
    """Who passes each limit, and the days of the grid before and at which it was passed.

    The risk found on the way is kept in `ahead`.
    """
    waiting = ~above
    found: list[list[tuple[Int, Int, Int]]] = [[], []]
    before = 0
    for day in grid:
        still = customers[waiting[:, customers].any(axis=0)]
        if not len(still):
            break
        risk = curve.at(still, np.full(len(still), day))
        if day in MONTHS:
            ahead[still, MONTHS.index(day)] = risk
        for which, limit in enumerate(limits):
            new = still[waiting[which, still] & (risk >= limit)]
            waiting[which, new] = False
            found[which].append((new, np.full(len(new), before), np.full(len(new), day)))
        before = day
    return [_together(parts) for parts in found]


def _together(parts: list[tuple[Int, Int, Int]]) -> tuple[Int, Int, Int]:
    empty = np.empty(0, np.int64)
    customers, low, high = (
        np.concatenate(kind) for kind in zip((empty, empty, empty), *parts, strict=True)
    )
    return customers, low, high


def _halved(curve: _Curve, customers: Int, low: Int, high: Int, limit: float) -> Int:
    """First day at or above the limit between days below and above it."""
    low, high = low.copy(), high.copy()
    while len(wide := np.flatnonzero(high - low > 1)):
        middle = (low[wide] + high[wide]) // 2
        passed = curve.at(customers[wide], middle) >= limit
        high[wide[passed]] = middle[passed]
        low[wide[~passed]] = middle[~passed]
    return high


def ahead_texts(ahead: Float) -> pa.Array:
    """Risks of `MONTHS` as thousandths with blanks between, up to the last known.

    Parameters
    ----------
    ahead : shape (n, 13), as of `SilenceDates`
    """
    known = np.logical_and.accumulate(~np.isnan(ahead), axis=1)
    thousandths = np.rint(np.where(known, ahead, 0.0) * 1000).astype(np.int64)
    places = [
        _THOUSANDTHS.take(pa.array(thousandths[:, k], mask=~known[:, k]))
        for k in range(ahead.shape[1])
    ]
    # Skipping nulls would drop a row of nothing else.
    blank = pa.scalar(" ", pa.large_string())
    joined = pc.binary_join_element_wise(*places, blank, null_handling="replace")
    return pc.utf8_rtrim(joined, " ")
