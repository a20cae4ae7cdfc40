"""A customer's rhythm: the days between purchase days, and today's silence against them."""

import numpy as np
from numpy.typing import NDArray

from features.families.feature import Feature, log_of_count, ratio
from features.families.rfm import days_since_last, frequency, recency, tenure
from features.running.reading import Reading

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
    return _given(at.state("last_gap"))


def median_gap(at: Reading) -> Float:
    """Median of the gaps, days; NaN with fewer than two purchase days."""
    return np.where(frequency(at) > 0, at.state("middle_gaps"), np.nan)


def longest_gap(at: Reading) -> Float:
    """Longest gap, days; NaN with fewer than two purchase days."""
    return np.where(frequency(at) > 0, at.state("longest_gap"), np.nan)


def clumpiness(at: Reading) -> Float:
    """Entropy-based clumpiness of the purchase days from the first one to the cutoff.

    Zhang, Bradlow & Small (2015), Marketing Science 34(2), 195-208, with the time since the latest
    purchase as the last gap; NaN with fewer than two purchase days.
    """
    silence, span, again = days_since_last(at), tenure(at), frequency(at)
    gaps = again + (silence > 0)
    logs = at.state("gap_logs") + silence * log_of_count(silence)
    entropy = log_of_count(span) - ratio(logs, span)
    evenness = ratio(entropy, log_of_count(gaps))
    evenness = np.where(np.isnan(evenness), 0.0, evenness)
    return np.where(again > 0, np.clip(1 - evenness, 0, 1), np.nan)


def _given(gap: Float) -> Float:
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
    Feature(
        "median_gap",
        "days",
        "gaps",
        "Median of the days between purchase days.",
        "rhythm",
        "Half of the waits between orders were shorter than {value} days.",
        median_gap,
    ),
    Feature(
        "longest_gap",
        "days",
        "gaps",
        "Longest time between purchase days.",
        "rhythm",
        "The longest wait between orders was {value} days.",
        longest_gap,
    ),
    Feature(
        "previous_gap",
        "days",
        "gaps",
        "Days between the second and third latest purchase days.",
        "rhythm",
        "The wait before the latest one was {value} days.",
        lambda at: _given(at.state("previous_gap")),
    ),
    Feature(
        "second_gap",
        "days",
        "gaps",
        "Days from the first to the second purchase day.",
        "rhythm",
        "The second order came {value} days after the first.",
        lambda at: _given(at.state("second_gap")),
    ),
    Feature(
        "silence_in_median_gaps",
        "ratio",
        "gaps",
        "Days since the latest purchase over the median gap.",
        "silence",
        "The time since the last order is {value} times the middle wait between orders.",
        lambda at: ratio(days_since_last(at), median_gap(at)),
    ),
    Feature(
        "silence_to_longest_gap",
        "ratio",
        "gaps",
        "Days since the latest purchase over the longest gap so far.",
        "silence",
        "The time since the last order is {value} times the longest wait so far.",
        lambda at: ratio(days_since_last(at), longest_gap(at)),
    ),
    Feature(
        "silence_in_deviations",
        "ratio",
        "gaps",
        "Days since the latest purchase beyond the mean gap, in standard deviations of the gaps.",
        "silence",
        "The time since the last order differs from the usual by {value} times the usual spread.",
        lambda at: ratio(days_since_last(at) - mean_gap(at), sd_gap(at)),
    ),
    Feature(
        "clumpiness",
        "0 to 1",
        "gaps",
        "How far purchase days come in bursts: 0 is even, 1 is one burst (Zhang, Bradlow & Small).",
        "rhythm",
        "On a scale from 0 (even) to 1 (all at once) the spacing of orders stands at {value}.",
        clumpiness,
    ),
)
