"""A customer's rhythm: the days between purchase days, and today's silence against them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.families.feature import Feature, ratio
from features.families.rfm import days_since_last, frequency, recency
from features.running import Reading, RunningColumns

Float = NDArray[np.float64]


def mean_gap(at: Reading) -> Float:
    """Mean days between neighbouring purchase days; NaN with fewer than two."""
    return ratio(recency(at), frequency(at))


def sd_gap(at: Reading) -> Float:
    """Population standard deviation of the gaps, days; NaN with fewer than two purchase days."""
    variance = ratio(at.state("gap_squares"), frequency(at)) - mean_gap(at) ** 2
    return np.sqrt(np.maximum(variance, 0.0))


def last_gap(at: Reading) -> Float:
    """Days between the two latest purchase days; NaN with fewer than two."""
    gap = at.state("last_gap")
    return np.where(gap >= 0, gap, np.nan)


FEATURES = (
    Feature(
        "mean_gap",
        "days",
        "gaps",
        "Mean days between purchase days.",
        "rhythm",
        "Orders usually come every {value} days.",
        mean_gap,
    ),
    Feature(
        "sd_gap",
        "days",
        "gaps",
        "Standard deviation of the days between purchase days.",
        "rhythm",
        "The time between orders varies by {value} days.",
        sd_gap,
    ),
    Feature(
        "last_gap",
        "days",
        "gaps",
        "Days between the two latest purchase days.",
        "rhythm",
        "The two latest orders were {value} days apart.",
        last_gap,
    ),
    Feature(
        "gap_variation",
        "ratio",
        "gaps",
        "Standard deviation of the gaps over their mean: 0 is clockwork.",
        "rhythm",
        "The time between orders varies by {value} times its mean.",
        lambda at: ratio(sd_gap(at), mean_gap(at)),
    ),
    Feature(
        "silence_in_gaps",
        "ratio",
        "gaps",
        "Days since the latest purchase over the mean gap.",
        "silence",
        "The time since the last order is {value} times the usual one between orders.",
        lambda at: ratio(days_since_last(at), mean_gap(at)),
    ),
    Feature(
        "silence_share",
        "ratio",
        "gaps",
        "Days since the latest purchase over days since the first.",
        "silence",
        "The time since the last order is {value} of the time since the first.",
        lambda at: ratio(days_since_last(at), at.cutoff - at.state("first_day")),
    ),
)


@dataclass(frozen=True)
class Rhythm:
    """How customers of a shop space their purchase days.

    Attributes
    ----------
    mean_gap : mean over customers of their mean gap, days
    late, very_late : 75th and 95th percentile of a gap over the customer's own mean gap
    second_late, second_very_late : the same percentiles of the days from first to second purchase
    """

    mean_gap: float
    late: float
    very_late: float
    second_late: float
    second_very_late: float


def rhythm_of(columns: RunningColumns, fallback_days: float) -> Rhythm:
    """Rhythm of all customers of a log; from `fallback_days` where nobody came back yet."""
    log, states = columns.log, columns.states
    count = states["days"]
    before = np.concatenate([[0], count[:-1]])
    before[log.starts[:-1]] = 0
    new_gap = (count > before) & (count > 1)
    last = log.starts[1:] - 1
    spans = (states["last_day"][last] - states["first_day"][last])[count[last] > 1]
    if not new_gap.any():
        return Rhythm(fallback_days, 1.0, 2.0, fallback_days, 2 * fallback_days)
    own_mean = np.divide(
        states["last_day"][last] - states["first_day"][last],
        count[last] - 1,
        out=np.ones(log.n_customers),
        where=count[last] > 1,
    )
    gaps = states["last_gap"][new_gap]
    relative = gaps / own_mean[log.customer_of_line[new_gap]]
    second = gaps[count[new_gap] == 2]
    means = spans / (count[last][count[last] > 1] - 1)
    return Rhythm(
        mean_gap=float(means.mean()),
        late=float(max(np.quantile(relative, 0.75), 1.0)),
        very_late=float(max(np.quantile(relative, 0.95), 1.5)),
        second_late=float(np.quantile(second, 0.75)),
        second_very_late=float(np.quantile(second, 0.95)),
    )
